#include "base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace postern::base {
namespace {

constexpr std::string_view cut_mark = "…";

/// First and last of each range that is not printable, in order.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 13> hidden{{
    {0x0000, 0x001f},     // C0
    {0x007f, 0x009f},     // DEL, C1
    {0x061c, 0x061c},     // Arabic letter mark
    {0x200b, 0x200b},     // zero width space
    {0x200e, 0x200f},     // marks of direction
    {0x2028, 0x202e},     // separators, embeddings and overrides
    {0x2060, 0x2060},     // word joiner
    {0x2066, 0x2069},     // isolates
    {0xfdd0, 0xfdef},     // noncharacters
    {0xfeff, 0xfeff},     // byte order mark
    {0xfff9, 0xfffb},     // interlinear annotations
    {0xe0000, 0xe0fff},   // tags
    {0xf0000, 0x10ffff},  // private planes: no two terminals agree
}};

bool is_hidden(std::uint32_t code) {
  if ((code & 0xfffeU) == 0xfffeU) return true;
  return std::any_of(hidden.begin(), hidden.end(),
                     [code](const auto& range) { return range.first <= code && code <= range.second; });
}

/// The character that stands at the start in `length` bytes.
std::uint32_t code_of(std::string_view text, std::size_t length) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  if (length == 1) return byte(0);
  std::uint32_t code = byte(0) & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = code << 6U | (byte(i) & 0x3fU);
  return code;
}

/// What stands at the start: how long it is, and how it is written where it may not be shown as it is.
struct Next {
  std::size_t length = 1;
  std::string written;  ///< empty: printable
};
Next next_of(std::string_view text) {
  const std::size_t length = utf8_length(text);
  if (length == 0) return {1, fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]))};
  const std::uint32_t code = code_of(text, length);
  if (!is_hidden(code)) return {length, {}};
  return {length, length == 1 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{{{:04x}}}", code)};
}

std::string shown(std::string_view text, std::size_t most, std::string_view also) {
  std::string out;
  std::size_t fits = 0;  // bytes of `out` that leave room for the mark
  for (std::size_t at = 0; at < text.size();) {
    const bool kept = also.find(text[at]) != std::string_view::npos;
    const Next next = kept ? Next{} : next_of(text.substr(at));
    const std::string_view piece = next.written.empty() ? text.substr(at, next.length) : next.written;
    if (out.size() + piece.size() > most) {
      out.resize(fits);
      if (most >= cut_mark.size()) out += cut_mark;
      return out;
    }
    out += piece;
    if (out.size() + cut_mark.size() <= most) fits = out.size();
    at += next.length;
  }
  return out;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if (text.empty()) return 0;
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  const unsigned second = byte(1);
  const bool too_long = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool no_character = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return too_long || no_character ? 0 : length;
}

bool is_printable_line(std::string_view text, std::size_t most) {
  if (text.size() > most) return false;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0 || is_hidden(code_of(text, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

Result<void> check_line(std::string_view text, std::size_t most, std::string_view what, std::string_view where) {
  if (text.size() > most)
    return fail(ErrorCode::invalid, std::string(where),
                fmt::format("{} may have {} bytes at most; this one has {}.", what, most, text.size()));
  for (std::size_t at = 0; at < text.size();) {
    const Next next = next_of(text.substr(at));
    if (!next.written.empty())
      return fail(ErrorCode::invalid, std::string(where),
                  fmt::format("{} is one line of UTF-8 text without control characters and marks of direction; "
                              "take {} (byte {}) out.",
                              what, next.written, at + 1));
    at += next.length;
  }
  return {};
}

std::string printable_line(std::string_view text, std::size_t most) { return shown(text, most, {}); }

std::string printable_text(std::string_view text, std::size_t most) { return shown(text, most, "\n\t"); }

}  // namespace postern::base
