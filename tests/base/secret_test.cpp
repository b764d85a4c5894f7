#include "base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace postern::base {
namespace {

TEST(Secret, a_wiped_one_leaves_nothing_in_its_memory_also_of_what_was_longer_once) {
  std::string secret;
  secret.reserve(secret_bytes);
  const char* memory = secret.data();
  secret.assign(900, 'p');
  secret.resize(7);  // as a line that was edited
  wipe(secret);
  ASSERT_EQ(secret.data(), memory) << "it was not moved";
  EXPECT_TRUE(secret.empty());
  EXPECT_TRUE(std::all_of(memory, memory + secret_bytes, [](char c) { return c == '\0'; }));
  std::string empty;
  wipe(empty);
  EXPECT_TRUE(empty.empty());
}

}  // namespace
}  // namespace postern::base
