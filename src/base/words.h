#pragma once

#include <string>
#include <string_view>
#include <vector>

/// ASCII texts cut, folded and joined: what every room needs of them. Bytes beyond ASCII stay as they are.
namespace postern::base {

std::string lower(std::string_view text);
std::string upper(std::string_view text);
/// Without spaces, tabs and line ends at both ends.
std::string trimmed(std::string_view text);
/// The same as a part of `text`.
std::string_view stripped(std::string_view text);
/// Parts between any of `separators`, trimmed, without empty ones.
std::vector<std::string> split(std::string_view text, std::string_view separators);
/// The text behind a byte order mark, which some editors put before UTF-8.
std::string_view without_mark(std::string_view text);
/// The lines of a text, without their ends; an empty text has none.
std::vector<std::string> lines(std::string_view text);
/// "a route", "an interface".
std::string with_article(std::string_view word);
/// "route" -> "routes", "entry" -> "entries", "alias" -> "aliases".
std::string plural(std::string_view word);
std::string join(const std::vector<std::string>& parts, std::string_view between);

}  // namespace postern::base
