#include "cli/json.h"

#include <boost/json/serialize.hpp>
#include <cstdint>
#include <ctime>

namespace postern::cli {

Json member_of(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const Json* found = object.get_object().if_contains(name);
  return found == nullptr ? Json(nullptr) : *found;
}

std::string text_of(const Json& object, std::string_view name) {
  const Json value = member_of(object, name);
  if (value.is_string()) return std::string(value.get_string());
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
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

std::string to_line(const Json& value) { return boost::json::serialize(value); }

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

}  // namespace postern::cli
