#include "protocol/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <ctime>

#include "base/printable.h"

namespace postern::protocol {
namespace {

/// A field of an answer is one line, whoever wrote it: a line break in it would be a line of somebody's own.
std::string shown(std::string_view text) { return base::printable_line(text, std::string::npos); }

/// One character of JSON as \uXXXX, past the first plane as a pair (RFC 8259 §7). Only strings hold such.
void put_escaped(std::string& out, std::string_view character) {
  std::uint32_t code = static_cast<unsigned char>(character.front());
  if (character.size() > 1) code &= 0xffU >> (character.size() + 1);
  for (const char c : character.substr(1)) code = code << 6U | (static_cast<unsigned char>(c) & 0x3fU);
  if (code < 0x10000) {
    out += fmt::format("\\u{:04x}", code);
  } else {
    code -= 0x10000;
    out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (code >> 10U), 0xdc00 + (code & 0x3ffU));
  }
}

}  // namespace

Json member_of(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const Json* found = object.get_object().if_contains(name);
  return found == nullptr ? Json(nullptr) : *found;
}

std::string text_of(const Json& object, std::string_view name) {
  const Json value = member_of(object, name);
  if (value.is_string()) return shown(value.get_string());
  return value.is_null() ? std::string() : to_line(value);
}

bool flag_of(const Json& object, std::string_view name) {
  const Json value = member_of(object, name);
  return value.is_bool() && value.get_bool();
}

long number_of(const Json& object, std::string_view name) {
  const Json value = member_of(object, name);
  if (value.is_int64()) return value.get_int64();
  return value.is_uint64() ? static_cast<long>(value.get_uint64()) : 0;
}

std::vector<Json> items_of(const Json& object, std::string_view name) {
  const Json value = member_of(object, name);
  if (!value.is_array()) return {};
  return {value.get_array().begin(), value.get_array().end()};
}

std::vector<std::string> texts_of(const Json& object, std::string_view name) {
  std::vector<std::string> texts;
  for (const auto& item : items_of(object, name)) {
    if (item.is_string()) texts.push_back(shown(item.get_string()));
  }
  return texts;
}

std::string to_line(const Json& value) {
  const std::string text = boost::json::serialize(value);
  if (base::is_printable_line(text, text.size())) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::max<std::size_t>(base::utf8_length(std::string_view(text).substr(at)), 1);
    const std::string_view piece = std::string_view(text).substr(at, length);
    if (base::is_printable_line(piece, piece.size()))
      out += piece;
    else
      put_escaped(out, piece);
    at += length;
  }
  return out;
}

std::string time_of(const Json& object, std::string_view name) {
  const Json value = member_of(object, name);
  if (!value.is_int64() && !value.is_uint64()) return text_of(object, name);
  const auto seconds = static_cast<std::time_t>(number_of(object, name) / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[64];
  const auto length = std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y %Z", &parts);
  return {text, length};
}

}  // namespace postern::protocol
