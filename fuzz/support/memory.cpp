// Counts the heap. Under a sanitizer its hooks see every malloc; elsewhere the C++ operators are
// ours, and what C libraries take is not seen.
#include "fuzz/support/fuzz.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POSTERN_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POSTERN_SANITIZER 1
#endif

namespace {

std::atomic<std::size_t> held{0};
std::atomic<std::size_t> most{0};

void took(std::size_t size) {
  const std::size_t now = held.fetch_add(size, std::memory_order_relaxed) + size;
  if (now > most.load(std::memory_order_relaxed)) most.store(now, std::memory_order_relaxed);
}
void gave(std::size_t size) {
  // What was taken before the count began may be given back in it.
  const std::size_t now = held.load(std::memory_order_relaxed);
  held.fetch_sub(std::min(now, size), std::memory_order_relaxed);
}

}  // namespace

#ifdef POSTERN_SANITIZER

extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
extern "C" std::size_t __sanitizer_get_allocated_size(const volatile void*);

namespace {
[[maybe_unused]] const int installed =
    __sanitizer_install_malloc_and_free_hooks([](const volatile void*, std::size_t size) { took(size); },
                                              [](const volatile void* at) {
                                                if (at != nullptr) gave(__sanitizer_get_allocated_size(at));
                                              });
}  // namespace

#else

void* operator new(std::size_t size) {
  void* const at = std::malloc(size);
  if (at == nullptr) throw std::bad_alloc();
  took(malloc_usable_size(at));
  return at;
}
void operator delete(void* at) noexcept {
  if (at != nullptr) gave(malloc_usable_size(at));
  std::free(at);
}
void operator delete(void* at, std::size_t) noexcept { operator delete(at); }

#endif

namespace postern::fuzz {

Peak::Peak() : before_(held) { most = before_; }
std::size_t Peak::bytes() const { return most - before_; }

}  // namespace postern::fuzz
