// Memory that C++ gives back is overwritten first, so that a passphrase which has passed through a string,
// a JSON value or a queue is gone when its holder is. What C libraries free (libssh, libedit, stdio) and
// what lay on a stack is not covered. Replaces the global operator delete (C++20 [new.delete]).
#include <malloc.h>
#include <string.h>  // explicit_bzero is no std name

#include <cstdlib>
#include <new>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these replace it themselves

namespace {

void wipe_and_free(void* memory) noexcept {
  if (memory == nullptr) return;
  explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void operator delete(void* memory) noexcept { wipe_and_free(memory); }
void operator delete[](void* memory) noexcept { wipe_and_free(memory); }
void operator delete(void* memory, std::size_t) noexcept { wipe_and_free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { wipe_and_free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { wipe_and_free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { wipe_and_free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { wipe_and_free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { wipe_and_free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { wipe_and_free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { wipe_and_free(memory); }

#endif
