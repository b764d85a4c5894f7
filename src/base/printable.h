#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

/// The one law about text that came from outside: a person, a client, another machine, a file, the mail
/// engine. What is kept passes `check_line` on entry; what is shown passes `printable_line` or `printable_text`.
///
/// A printable character is well-formed UTF-8 (RFC 3629) and none of: C0, DEL and C1 controls, line and paragraph
/// separators (U+2028, U+2029), what changes the direction of text (UAX #9: U+061C, U+200E, U+200F, U+202A to
/// U+202E, U+2066 to U+2069), invisible marks (U+200B, U+2060, U+FEFF, U+FFF9 to U+FFFB, U+E0000 to U+E0FFF)
/// and noncharacters. A terminal, a log and a listing show such text as it is, on one line, in its order.
namespace postern::base {

/// How many bytes of well-formed UTF-8 stand at the start for one character, or 0.
std::size_t utf8_length(std::string_view text);

/// Whether it has at most `most` bytes and printable characters only. Empty text is.
bool is_printable_line(std::string_view text, std::size_t most);

/// Error invalid, `where` as given: what is wrong with `what` ("A comment"), by position, and the mend.
Result<void> check_line(std::string_view text, std::size_t most, std::string_view what, std::string_view where = {});

/// For one line of output: what is not printable becomes \xNN (a byte) or \u{NNNN} (a character); past `most`
/// bytes of result it is cut at a whole character and "…" (3 bytes, within `most`) says so.
std::string printable_line(std::string_view text, std::size_t most = 4096);

/// The same for output of many lines: line feeds and tabs stay.
std::string printable_text(std::string_view text, std::size_t most = std::size_t{1} << 20U);

}  // namespace postern::base
