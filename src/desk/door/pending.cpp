#include "desk/door/pending.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace postern::desk {
namespace {

namespace json = boost::json;

json::value text_value(const model::Text& text) { return text ? json::value(*text) : json::value(nullptr); }

base::Error damaged(std::string_view what) {
  return base::fail(base::ErrorCode::damaged, fmt::format("Stored pending changes could not be read: {}.", what));
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// Inverse of cluster::to_text(Dot), but with decimal numbers made here: the text form is for
/// people.
json::value dot_value(const cluster::Dot& dot) {
  json::array parts{base::to_text(dot.member), std::to_string(dot.incarnation), std::to_string(dot.seq)};
  if (!dot.branch.is_nil()) parts.push_back(json::value(base::to_text(dot.branch)));
  return parts;
}

std::optional<cluster::Dot> dot_from(const json::value& value) {
  if (!value.is_array() || value.get_array().size() < 3 || value.get_array().size() > 4) return std::nullopt;
  const json::array& parts = value.get_array();
  for (const json::value& part : parts)
    if (!part.is_string()) return std::nullopt;
  auto member = base::parse_uuid(parts[0].get_string());
  const auto incarnation = whole_number(parts[1].get_string());
  const auto seq = whole_number(parts[2].get_string());
  if (!member || !incarnation || !seq) return std::nullopt;
  cluster::Dot dot{{*member}, *incarnation, *seq};
  if (parts.size() == 3) return dot;
  const auto branch = base::parse_hash(parts[3].get_string());
  if (!branch) return std::nullopt;
  dot.branch = *branch;
  return dot;
}

std::optional<model::Text> text_from(const json::object& edit, std::string_view name) {
  const json::value* found = edit.if_contains(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_null()) return model::Text();
  if (!found->is_string()) return std::nullopt;
  return std::make_shared<const std::string>(found->get_string());
}

std::optional<Pending::Key> key_from(const json::object& edit) {
  const json::value* level = edit.if_contains("level");
  const json::value* id = edit.if_contains("id");
  const json::value* feature = edit.if_contains("feature");
  for (const json::value* part : {level, id, feature})
    if (part == nullptr || !part->is_string()) return std::nullopt;
  auto parsed_level = base::parse_level(level->get_string());
  auto parsed_id = base::parse_uuid(id->get_string());
  if (!parsed_level || !parsed_id) return std::nullopt;
  return Pending::Key{{*parsed_level, *parsed_id}, std::string(feature->get_string())};
}

std::optional<PendingEdit> edit_from(const json::object& from) {
  PendingEdit out;
  auto base_text = text_from(from, "base_text");
  auto text = text_from(from, "text");
  const json::value* dots = from.if_contains("base");
  if (!base_text || !text || dots == nullptr || !dots->is_array()) return std::nullopt;
  for (const json::value& item : dots->get_array()) {
    auto dot = dot_from(item);
    if (!dot) return std::nullopt;
    out.base.push_back(*dot);
  }
  out.base_text = *base_text;
  out.text = *text;
  return out;
}

}  // namespace

std::string encode_pending(const Pending& pending) {
  json::array edits;
  for (const auto& [key, edit] : pending.edits) {
    json::array base;
    for (const cluster::Dot& dot : edit.base) base.push_back(dot_value(dot));
    edits.push_back(json::object{{"level", base::level_name(key.first.level)},
                                 {"id", base::to_text(key.first.id)},
                                 {"feature", key.second},
                                 {"base", std::move(base)},
                                 {"base_text", text_value(edit.base_text)},
                                 {"text", text_value(edit.text)}});
  }
  return json::serialize(json::object{{"pending", 1}, {"edits", std::move(edits)}});
}

base::Result<Pending> decode_pending(std::string_view bytes) {
  boost::system::error_code failed;
  const json::value whole = json::parse(bytes, failed);
  if (failed || !whole.is_object()) return damaged("they are not JSON");
  const json::value* format = whole.get_object().if_contains("pending");
  if (format == nullptr || *format != json::value(1)) return damaged("their format is not known");
  const json::value* edits = whole.get_object().if_contains("edits");
  if (edits == nullptr || !edits->is_array()) return damaged("they have no edits");
  Pending out;
  for (const json::value& item : edits->get_array()) {
    if (!item.is_object()) return damaged("an edit is not an object");
    auto key = key_from(item.get_object());
    auto edit = edit_from(item.get_object());
    if (!key || !edit) return damaged("an edit is not complete");
    out.edits.emplace(std::move(*key), std::move(*edit));
  }
  return out;
}

void overlay(model::Settings& settings, const Pending& pending) {
  for (const auto& [key, edit] : pending.edits) {
    if (edit.text)
      settings.set(key.first, key.second, edit.text);
    else
      settings.clear(key.first, key.second);
  }
}

}  // namespace postern::desk
