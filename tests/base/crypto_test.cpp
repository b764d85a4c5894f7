#include "base/crypto.h"

#include <gtest/gtest.h>

namespace postern::base {
namespace {

TEST(Crypto, a_passphrase_matches_its_hash_alone) {
  const std::string text = passphrase_hash("correct horse", {1, 2, 3});
  EXPECT_TRUE(passphrase_matches(text, "correct horse"));
  EXPECT_FALSE(passphrase_matches(text, "correct hors"));
  EXPECT_FALSE(passphrase_matches(text.substr(0, text.size() - 1), "correct horse"));
  EXPECT_FALSE(passphrase_matches("", ""));
}

/// Such a text comes in a record that another machine wrote.
TEST(Crypto, a_hash_text_does_not_choose_what_its_check_costs) {
  // Of "x", made by libsodium with costs below ours: whoever takes it takes gigabytes and hours as
  // well.
  const std::string cheap =
      "$argon2id$v=19$m=8192,t=1,p=1$Thg8xMi6Nviv/"
      "cltMuZjXw$fFYITumLXFOA7ytvI1vwl3ashDITQ76hButnQmAM6ZA";
  EXPECT_FALSE(passphrase_matches(cheap, "x"));
  std::string dear = passphrase_hash("x", {});
  dear.replace(dear.find("m=65536"), 7, "m=65537");
  EXPECT_FALSE(passphrase_matches(dear, "x"));
}

TEST(Crypto, base64_has_one_form) {
  for (const std::string& bytes : {std::string(), std::string("a"), std::string("\0\xff", 2), std::string("abc")})
    EXPECT_EQ(from_base64(to_base64(bytes)).value(), bytes);
  for (const char* text : {"H\xaaHH", "AB==", "AA=", "A", "AA==A", "AA A", "AA==\n", "AA_-"})
    EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace postern::base
