// Memory that is given back holds nothing of what it held (src/programs/wipe_freed.cpp, linked into this program as
// into posternd and postern).
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace postern::daemon {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool wipes = false;  // a sanitizer has operators of its own
#else
constexpr bool wipes = true;
#endif

constexpr std::size_t block_bytes = 1008;  // aligned or not, of one kind for the allocator
constexpr std::size_t links_bytes = 32;    // where the allocator keeps what it needs in a free block

/// Bytes of a block that still hold what was there, after `give_back`; the allocator gives the same block again.
std::size_t left_of(const std::function<void*()>& take, const std::function<void(void*)>& give_back) {
  void* block = take();
  std::memset(block, 'p', block_bytes);
  give_back(block);
  void* again = std::malloc(block_bytes);
  EXPECT_EQ(again, block) << "another block: this test sees nothing";
  std::string bytes(static_cast<const char*>(again), block_bytes);
  std::free(again);
  std::size_t left = 0;
  for (std::size_t i = links_bytes; i < bytes.size(); ++i) left += bytes[i] == 'p';
  return left;
}

TEST(Wiped, EveryFormOfDeleteOverwritesFirst) {
  if (!wipes) GTEST_SKIP() << "A sanitizer has operators of its own.";
  const auto take = [] { return ::operator new(block_bytes); };
  const auto take_many = [] { return ::operator new[](block_bytes); };
  constexpr std::align_val_t align{16};
  const auto take_aligned = [] { return ::operator new(block_bytes, align); };
  const std::vector<std::pair<std::string, std::size_t>> left{
      {"delete", left_of(take, [](void* block) { ::operator delete(block); })},
      {"sized", left_of(take, [](void* block) { ::operator delete(block, block_bytes); })},
      {"array", left_of(take_many, [](void* block) { ::operator delete[](block); })},
      {"sized array", left_of(take_many, [](void* block) { ::operator delete[](block, block_bytes); })},
      {"aligned", left_of(take_aligned, [](void* block) { ::operator delete(block, align); })},
      {"sized aligned", left_of(take_aligned, [](void* block) { ::operator delete(block, block_bytes, align); })},
      {"aligned array", left_of(take_aligned, [](void* block) { ::operator delete[](block, align); })},
      {"sized aligned array", left_of(take_aligned, [](void* block) { ::operator delete[](block, block_bytes, align); })},
      {"nothrow", left_of(take, [](void* block) { ::operator delete(block, std::nothrow); })},
      {"nothrow array", left_of(take_many, [](void* block) { ::operator delete[](block, std::nothrow); })}};
  for (const auto& [form, bytes] : left) EXPECT_EQ(bytes, 0U) << form;
  ::operator delete(nullptr);
}

TEST(Wiped, ATextThatWentThroughAStringAndAQueueIsGone) {
  if (!wipes) GTEST_SKIP() << "A sanitizer has operators of its own.";
  auto text = std::make_unique<std::string>(block_bytes - 1, 'p');
  const void* block = text->data();
  text.reset();
  void* again = std::malloc(block_bytes);
  ASSERT_EQ(again, block);
  EXPECT_EQ(static_cast<const char*>(again)[500], '\0');
  std::free(again);
}

}  // namespace
}  // namespace postern::daemon
