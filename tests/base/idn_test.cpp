// One domain in two spellings: what is entered, and what DNS has.
#include "base/idn.h"

#include <gtest/gtest.h>

namespace postern::base {
namespace {

TEST(Idn, WhatIsEnteredBecomesWhatDnsHas) {
  const std::pair<const char*, const char*> pairs[] = {
      {"bücher.example", "xn--bcher-kva.example"},
      {"BÜCHER.Example", "xn--bcher-kva.example"},
      {"bu\xcc\x88"
       "cher.example",
       "xn--bcher-kva.example"},  // u and a combining diaeresis
      {"bücher\xe3\x80\x82"
       "example",
       "xn--bcher-kva.example"},  // the ideographic full stop
      {".bücher.example", ".xn--bcher-kva.example"},
      {"@bücher.example", "@xn--bcher-kva.example"},
      {"Ann.B@bücher.example", "Ann.B@xn--bcher-kva.example"},
      {"straße.example", "xn--strae-oqa.example"},
      {"例え.テスト", "xn--r8jz45g.xn--zckzah"},
  };
  for (const auto& [entered, ascii] : pairs) EXPECT_EQ(ascii_domain(entered).value(), ascii) << entered;
}

TEST(Idn, WhatIsAsciiStays) {
  for (const char* text :
       {"", "ALL", "Example.COM", "_dmarc.example.com", "xn--bcher-kva.example", "xn--.example", "user@", "[::1]"})
    EXPECT_EQ(ascii_domain(text).value(), text);
  EXPECT_EQ(ascii_domain("jürgen@example.com").value(), "jürgen@example.com") << "no address of ours: its type refuses it";
  const std::string nul("b\xc3\xbc\0x", 5);
  EXPECT_EQ(ascii_domain(nul).value(), nul);
}

TEST(Idn, WhatCannotBeADomainIsRefused) {
  for (const char* text : {"a\xe2\x80\xae"
                           "b.example",
                           "\xff.example",
                           "☃☃.\xf0\x9f\x98\x80"
                           "a\xd7\x90.example"}) {
    const auto ascii = ascii_domain(text);
    ASSERT_FALSE(ascii) << text;
    EXPECT_NE(ascii.error().text.find("cannot be a domain"), std::string::npos) << ascii.error().text;
    EXPECT_EQ(ascii.error().text.find('\xff'), std::string::npos);
  }
  EXPECT_FALSE(ascii_domain(std::string(300, 'x') + "ü.example"));
}

TEST(Idn, WhatIsShownLeadsBack) {
  EXPECT_EQ(readable_domain("xn--bcher-kva.example"), "bücher.example");
  EXPECT_EQ(readable_domain("ann@xn--bcher-kva.example"), "ann@bücher.example");
  EXPECT_EQ(readable_domain(".xn--bcher-kva.example"), ".bücher.example");
  EXPECT_EQ(readable_domain("XN--BCHER-KVA.example"), "XN--BCHER-KVA.example") << "it does not lead back to capitals";
  EXPECT_EQ(readable_domain("xn--BCHER-KVA.example"), "xn--BCHER-KVA.example") << "nor does part of it";
  EXPECT_EQ(readable_domain("xn--mi7c.example"), "xn--mi7c.example") << "a wide a leads to a.example, which is somebody else's";
  EXPECT_EQ(readable_domain("xn--e-xbb.example"), "xn--e-xbb.example") << "an e and its accent lead to the one letter";
  for (const char* text : {"xn--.example", "xn--a.example", "xn--zzzzzzzzzz99999.example", "example.com", "xn--ls8h.example\xff"})
    EXPECT_EQ(readable_domain(text), text);
  EXPECT_EQ(readable_domains("1. xn--bcher-kva.example: [xn--r8jz45g.xn--zckzah]:25, a@b.example"),
            "1. bücher.example: [例え.テスト]:25, a@b.example");
  EXPECT_EQ(readable_domains(""), "");
}

// Postfix folds case before it looks: "straße" becomes "strasse", which is somebody else's domain.
TEST(Idn, WhatFoldingChangesKeepsOneSpelling) {
  EXPECT_EQ(folded_domain("xn--bcher-kva.example"), "bücher.example");
  EXPECT_EQ(folded_domain("xn--strae-oqa.example"), "xn--strae-oqa.example");
  EXPECT_EQ(folded_domain("example.com"), "example.com");
}

}  // namespace
}  // namespace postern::base
