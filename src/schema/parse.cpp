#include "schema/json.h"
#include "base/printable.h"
#include "schema/library.h"

#include <fmt/format.h>

#include <algorithm>

/// libyang's own JSON parser is not used: entries with equal keys cost it time in the square of
/// their number (three minutes for 60,000), so they must be found before it sees them, and by then
/// the text has been read.
namespace postern::schema {
namespace {

using Kind = model::Node::Kind;
using model::Node;

std::string_view kind_name(JsonValue::Kind kind) {
  switch (kind) {
    case JsonValue::Kind::null: return "null";
    case JsonValue::Kind::boolean: return "true or false";
    case JsonValue::Kind::number: return "a number";
    case JsonValue::Kind::string: return "a string";
    case JsonValue::Kind::array: return "an array";
    case JsonValue::Kind::object: return "an object";
  }
  return {};
}

JsonValue::Kind kind_of(Json json) {
  switch (json) {
    case Json::number: return JsonValue::Kind::number;
    case Json::boolean: return JsonValue::Kind::boolean;
    case Json::text: break;
  }
  return JsonValue::Kind::string;
}

bool is_scalar(JsonValue::Kind kind) {
  return kind == JsonValue::Kind::boolean || kind == JsonValue::Kind::number || kind == JsonValue::Kind::string;
}

/// JSON along the schema, as plain data with the values as they came: canonical_tree checks those.
class Converter {
 public:
  explicit Converter(const Item& root) : module_(root.node->module->name) {}

  base::Result<Node> inner(const Item& item, const JsonValue& from, Kind kind) {
    if (from.kind != JsonValue::Kind::object) return other_kind(item, JsonValue::Kind::object, from);
    Node result = bare(item, kind);
    for (std::size_t i = 0; i < from.children.size(); ++i) {
      const std::string_view name = without_module(from.names[i]);
      const Item* child = item.child(name);
      if (child == nullptr) return invalid(find_item(item, {std::string(name)}).error().text);
      path_.push_back({child->name, {}});
      auto made = node(*child, from.children[i]);
      path_.pop_back();
      if (!made) return made.error();
      result.children.push_back(std::move(*made));
    }
    return result;
  }

 private:
  [[nodiscard]] base::Error invalid(std::string text) const {
    return base::fail(base::ErrorCode::invalid, base::printable_line(model::to_text(path_)), std::move(text));
  }
  [[nodiscard]] base::Error other_kind(const Item& item, JsonValue::Kind wanted, const JsonValue& found) const {
    return invalid(fmt::format("{} is {} in JSON, not {}.", item.name, kind_name(wanted), kind_name(found.kind)));
  }

  static Node bare(const Item& item, Kind kind) {
    Node result;
    result.kind = kind;
    result.name = item.name;
    if (kind == Kind::list) result.keys = item.keys;
    if (kind == Kind::list || kind == Kind::leaf_list) result.user_ordered = item.user_ordered;
    return result;
  }

  [[nodiscard]] std::string_view without_module(std::string_view name) const {
    return name.size() > module_.size() && name.starts_with(module_) && name[module_.size()] == ':'
               ? name.substr(module_.size() + 1)
               : name;
  }

  base::Result<Node> node(const Item& item, const JsonValue& from) {
    switch (item.kind) {
      case Kind::leaf: return leaf(item, from);
      case Kind::leaf_list: return leaf_list(item, from);
      case Kind::list: return list(item, from);
      case Kind::container:
      case Kind::entry: break;
    }
    return inner(item, from, Kind::container);
  }

  base::Result<std::string> scalar(const Item& item, const JsonValue& from) const {
    const JsonValue::Kind wanted = kind_of(item.json);
    if (from.kind == wanted) return from.text;
    if (!is_scalar(from.kind)) return other_kind(item, wanted, from);
    const bool is_quoted = from.kind == JsonValue::Kind::string;
    const std::string_view quotes = is_quoted                           ? " In JSON it stands without quotes."
                                    : wanted == JsonValue::Kind::string ? " In JSON it stands in quotes."
                                                                        : "";
    return value_error(item, from.text, path_, fmt::format("{}{}", item.expectation, quotes));
  }

  base::Result<Node> leaf(const Item& item, const JsonValue& from) const {
    auto value = scalar(item, from);
    if (!value) return value.error();
    Node result = bare(item, Kind::leaf);
    result.value = std::move(*value);
    return result;
  }

  base::Result<Node> leaf_list(const Item& item, const JsonValue& from) const {
    if (from.kind != JsonValue::Kind::array) return other_kind(item, JsonValue::Kind::array, from);
    Node result = bare(item, Kind::leaf_list);
    for (const JsonValue& element : from.children) {
      auto value = scalar(item, element);
      if (!value) return value.error();
      result.values.push_back(std::move(*value));
    }
    return result;
  }

  base::Result<Node> list(const Item& item, const JsonValue& from) {
    if (from.kind != JsonValue::Kind::array) return other_kind(item, JsonValue::Kind::array, from);
    Node result = bare(item, Kind::list);
    for (const JsonValue& element : from.children) {
      path_.back().keys = keys_of(item, element);
      auto made = inner(item, element, Kind::entry);
      path_.back().keys.clear();
      if (!made) return made.error();
      result.children.push_back(std::move(*made));
    }
    return result;
  }

  /// Key values to name the entry by in errors; none when one is not there.
  static std::vector<std::string> keys_of(const Item& list, const JsonValue& entry) {
    std::vector<std::string> keys;
    for (const std::string& key : list.keys) {
      const auto name = std::find(entry.names.begin(), entry.names.end(), key);
      if (name == entry.names.end()) return {};
      const JsonValue& value = entry.children[static_cast<std::size_t>(name - entry.names.begin())];
      if (!is_scalar(value.kind)) return {};
      keys.push_back(value.text);
    }
    return keys;
  }

  std::string_view module_;
  model::Path path_;
};

/// The container's value: alone, or under the feature's name with or without its module.
const JsonValue* container_value(const Known& known, const JsonValue& top) {
  const std::string qualified = fmt::format("{}:{}", known.root.node->module->name, known.root.name);
  const auto is_feature = [&](const std::string& name) { return name == qualified || name == known.root.name; };
  const bool is_wrapped = std::any_of(top.names.begin(), top.names.end(), [&](const std::string& name) {
    return is_feature(name) || name.find(':') != std::string::npos;
  });
  if (!is_wrapped) return &top;
  return top.names.size() == 1 && is_feature(top.names.front()) ? &top.children.front() : nullptr;
}

}  // namespace

base::Result<model::Tree> parse_json(const Known& known, std::string_view text, const model::Tree* like) {
  const auto json = read_json(text);
  if (!json) return json.error();
  const JsonValue* value = container_value(known, *json);
  if (value == nullptr)
    return base::fail(base::ErrorCode::invalid, fmt::format("These are not the settings of {} alone.", known.feature.title));
  auto tree = Converter(known.root).inner(known.root, *value, Kind::container);
  if (!tree) return tree.error();
  return canonical_tree(known.root, std::move(*tree), like);
}

}  // namespace postern::schema
