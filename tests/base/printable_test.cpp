#include "base/printable.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <ios>
#include <string>

namespace postern::base {
namespace {

constexpr std::size_t plenty = 1000;

TEST(Printable, text_of_people_is_kept_as_it_is) {
  for (const std::string text : {"", "plain", "Zürich – №5", "日本語の設定", "עברית", "emoji 👩‍💻", "a\\x1b"}) {
    EXPECT_TRUE(is_printable_line(text, plenty)) << text;
    EXPECT_EQ(printable_line(text), text);
    EXPECT_TRUE(check_line(text, plenty, "A comment").has_value());
  }
}

TEST(Printable, what_moves_a_cursor_or_forges_a_line_is_written_out) {
  const std::pair<std::string, std::string> cases[] = {
      {"\x1b[2J", "\\x1b[2J"},
      {"a\nb", "a\\x0ab"},
      {"a\rb", "a\\x0db"},
      {std::string("a\0b", 3), "a\\x00b"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b"
       "2J",
       "\\u{009b}2J"},
      {"\u202eabc", "\\u{202e}abc"},
      {"\u2066x\u2069", "\\u{2066}x\\u{2069}"},
      {"a\u2028b", "a\\u{2028}b"},
      {"\ufeffx", "\\u{feff}x"},
      {"\u200f", "\\u{200f}"},
      {"\u061c", "\\u{061c}"},
      {"a\u200bb", "a\\u{200b}b"},
      {"\U000e0041", "\\u{e0041}"},
      {"a\tb", "a\\x09b"},
      {"\uffff", "\\u{ffff}"},
  };
  for (const auto& [text, shown] : cases) {
    EXPECT_FALSE(is_printable_line(text, plenty)) << shown;
    EXPECT_EQ(printable_line(text), shown);
    EXPECT_TRUE(is_printable_line(printable_line(text), plenty)) << shown;
    EXPECT_FALSE(check_line(text, plenty, "A comment").has_value()) << shown;
  }
}

/// Both ends of each range that the law names, and what stands beside them and is text.
TEST(Printable, each_range_ends_where_the_law_says) {
  const auto utf8 = [](std::uint32_t code) {
    std::string out;
    const auto more = [&](unsigned shift) { out += static_cast<char>(0x80U | (code >> shift & 0x3fU)); };
    if (code < 0x80) return std::string(1, static_cast<char>(code));
    if (code < 0x800)
      out += static_cast<char>(0xc0U | code >> 6U);
    else if (code < 0x10000)
      out += static_cast<char>(0xe0U | code >> 12U), more(6);
    else
      out += static_cast<char>(0xf0U | code >> 18U), more(12), more(6);
    more(0);
    return out;
  };
  for (const std::uint32_t code : {0x0U,    0x1fU,   0x7fU,   0x9fU,    0x61cU,   0x200bU,  0x200eU,  0x200fU,  0x2028U,  0x2029U,
                                   0x202aU, 0x202eU, 0x2060U, 0x2066U,  0x2069U,  0xfdd0U,  0xfdefU,  0xfeffU,  0xfff9U,  0xfffaU,
                                   0xfffbU, 0xfffeU, 0xffffU, 0x1fffeU, 0x8ffffU, 0xe0000U, 0xe0fffU, 0xf0000U, 0x10ffffU})
    EXPECT_FALSE(is_printable_line(utf8(code), 8)) << std::hex << code;
  for (const std::uint32_t code : {0x20U, 0x7eU, 0xa0U, 0x61bU, 0x61dU, 0x200aU, 0x2010U, 0x2027U, 0x202fU, 0x205fU, 0x2070U,
                                   0xfdcfU, 0xfdf0U, 0xfff8U, 0xfffcU, 0x10000U, 0x1f600U, 0xe1000U})
    EXPECT_TRUE(is_printable_line(utf8(code), 8)) << std::hex << code;
}

TEST(Printable, bytes_that_are_no_utf8_are_written_out) {
  const std::pair<std::string, std::string> cases[] = {
      {"\x80", "\\x80"},  // a rest without its start
      {"\x9b"
       "2J",
       "\\x9b2J"},                 // C1 as one byte, as a Latin-1 terminal takes it
      {"\xc0\xaf", "\\xc0\\xaf"},  // too long a form of '/'
      {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},  // half a surrogate pair
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
      {"ab\xe2\x82", "ab\\xe2\\x82"},  // cut
  };
  for (const auto& [text, shown] : cases) {
    EXPECT_FALSE(is_printable_line(text, plenty)) << shown;
    EXPECT_EQ(printable_line(text), shown);
  }
}

TEST(Printable, a_long_line_is_cut_at_a_whole_character) {
  EXPECT_EQ(printable_line("abcdef", 6), "abcdef");
  EXPECT_EQ(printable_line("abcdefg", 6), "abc…");
  EXPECT_EQ(printable_line("ab\xc3\xbc\xc3\xbc\xc3\xbc", 7), "abü…");
  EXPECT_EQ(printable_line("ab\n\n\n", 8), "ab…");
  EXPECT_EQ(printable_line("abc", 2), "");
  EXPECT_FALSE(is_printable_line("abc", 2));
  for (std::size_t most = 0; most < 40; ++most) {
    const std::string cut = printable_line("a\u202e\n\xff– and so on, and so on", most);
    EXPECT_LE(cut.size(), most);
    EXPECT_TRUE(is_printable_line(cut, plenty));
  }
}

TEST(Printable, many_lines_keep_their_ends_and_tabs) { EXPECT_EQ(printable_text("a\tb\nc\x1b\r\n"), "a\tb\nc\\x1b\\x0d\n"); }

TEST(Printable, the_error_names_what_where_and_the_mend) {
  const auto wrong = check_line("why\x1b[2J", plenty, "A comment", "comment");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, ErrorCode::invalid);
  EXPECT_EQ(wrong.error().where, "comment");
  EXPECT_EQ(wrong.error().text,
            "A comment is one line of UTF-8 text without control characters and marks of direction; take \\x1b "
            "(byte 4) out.");
  const auto long_one = check_line("abcd", 3, "A name");
  ASSERT_FALSE(long_one.has_value());
  EXPECT_EQ(long_one.error().text, "A name may have 3 bytes at most; this one has 4.");
}

}  // namespace
}  // namespace postern::base
