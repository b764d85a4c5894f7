#include "base/printable.h"

#include <gtest/gtest.h>

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
      {"\x1b[2J", "\\x1b[2J"},           {"a\nb", "a\\x0ab"},
      {"a\rb", "a\\x0db"},               {std::string("a\0b", 3), "a\\x00b"},
      {"\x7f", "\\x7f"},                 {"\xc2\x9b" "2J", "\\u{009b}2J"},
      {"\u202eabc", "\\u{202e}abc"},     {"\u2066x\u2069", "\\u{2066}x\\u{2069}"},
      {"a\u2028b", "a\\u{2028}b"},       {"\ufeffx", "\\u{feff}x"},
      {"\u200f", "\\u{200f}"},           {"\u061c", "\\u{061c}"},
      {"a\u200bb", "a\\u{200b}b"},       {"\U000e0041", "\\u{e0041}"},
      {"a\tb", "a\\x09b"},               {"\uffff", "\\u{ffff}"},
  };
  for (const auto& [text, shown] : cases) {
    EXPECT_FALSE(is_printable_line(text, plenty)) << shown;
    EXPECT_EQ(printable_line(text), shown);
    EXPECT_TRUE(is_printable_line(printable_line(text), plenty)) << shown;
    EXPECT_FALSE(check_line(text, plenty, "A comment").has_value()) << shown;
  }
}

TEST(Printable, bytes_that_are_no_utf8_are_written_out) {
  const std::pair<std::string, std::string> cases[] = {
      {"\x80", "\\x80"},                      // a rest without its start
      {"\x9b" "2J", "\\x9b2J"},               // C1 as one byte, as a Latin-1 terminal takes it
      {"\xc0\xaf", "\\xc0\\xaf"},             // too long a form of '/'
      {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},    // half a surrogate pair
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
      {"ab\xe2\x82", "ab\\xe2\\x82"},         // cut
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

TEST(Printable, many_lines_keep_their_ends_and_tabs) {
  EXPECT_EQ(printable_text("a\tb\nc\x1b\r\n"), "a\tb\nc\\x1b\\x0d\n");
}

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
