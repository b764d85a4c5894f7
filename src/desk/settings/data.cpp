#include "base/limits.h"
#include "desk/settings/view.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace postern::desk {
namespace {

json::value parse_deep(const std::string& text) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 2 * base::limits::settings_depth;
  json::value out = json::parse(text, failed, {}, options);
  return failed ? json::value(nullptr) : out;
}

/// "route 'example.com'" for one step.
std::string step_text(const model::PathStep& step) {
  std::string out = step.name;
  for (const std::string& key : step.keys) out += fmt::format(" '{}'", key);
  return out;
}

std::string path_text(const model::Path& path, std::size_t steps) {
  std::string out;
  for (std::size_t i = 0; i < steps; ++i) {
    if (i > 0) out += ", ";
    out += step_text(path[i]);
  }
  return out;
}

bool is_secret(const schema::Form& form, const model::Path& path) {
  const schema::Form* at = &form;
  for (const model::PathStep& step : path) {
    at = at->child(step.name);
    if (at == nullptr) return false;
  }
  return at->secret;
}

/// Collects lines; a leaf's line stands indented under one that names its parent.
class Lines {
 public:
  explicit Lines(const schema::Form& form) : form_(form) {}

  void add(const model::Difference& difference) {
    using Kind = model::Difference::Kind;
    const model::Path& path = difference.path;
    const bool whole = path.empty() || !path.back().keys.empty() || (difference.before.empty() && difference.after.empty());
    if (difference.kind == Kind::moved) return out_.push_back("  moved: " + all(path));
    if (whole) {
      out_.push_back((difference.kind == Kind::removed ? "- " : "+ ") + all(path));
      under_ = path;
      return;
    }
    model::Path parent(path.begin(), path.end() - 1);
    const std::string indent = parent.empty() ? "" : "  ";
    if (parent != under_ && !parent.empty()) out_.push_back("  " + all(parent));
    under_ = parent;
    const bool secret = is_secret(form_, path);
    const auto leaf = [&](char sign, const std::string& value) {
      out_.push_back(fmt::format("{} {}{}: {}", sign, indent, path.back().name, secret ? "(secret)" : value));
    };
    if (difference.kind != Kind::added) leaf('-', difference.before);
    if (difference.kind != Kind::removed) leaf('+', difference.after);
  }
  void add_line(std::string line) { out_.push_back(std::move(line)); }
  std::vector<std::string> take() { return std::move(out_); }

 private:
  static std::string all(const model::Path& path) { return path_text(path, path.size()); }

  const schema::Form& form_;
  model::Path under_;
  std::vector<std::string> out_;
};

model::Tree tree_or_empty(const schema::Schema& schema, const schema::Feature& feature, const model::Text& text) {
  if (text)
    if (auto tree = tree_of(schema, feature, *text)) return std::move(*tree);
  return schema.empty(feature.name);
}

}  // namespace

json::value data_of(const model::Text& canonical) {
  if (!canonical) return nullptr;
  json::value whole = parse_deep(*canonical);
  if (!whole.is_object() || whole.get_object().empty()) return nullptr;
  return whole.get_object().begin()->value();
}

json::value without_secrets(const schema::Form& form, json::value data) {
  if (data.is_array())
    for (json::value& entry : data.get_array()) entry = without_secrets(form, std::move(entry));
  if (!data.is_object()) return data;
  json::object kept;
  for (auto& member : data.get_object()) {
    const schema::Form* child = form.child(member.key());
    if (child != nullptr && !child->secret) kept[member.key()] = without_secrets(*child, std::move(member.value()));
  }
  return kept;
}

base::Result<model::Text> text_of(const schema::Schema& schema, const schema::Feature& feature, const json::value& data) {
  json::object whole;
  whole[feature.name] = data;
  auto tree = schema.parse(feature.name, json::serialize(whole));
  if (!tree) return tree.error();
  return std::make_shared<const std::string>(schema.print(feature.name, *tree));
}

base::Result<model::Tree> tree_of(const schema::Schema& schema, const schema::Feature& feature, const std::string& canonical) {
  return schema.parse(feature.name, canonical);
}

model::Text factory_text(const schema::Feature& feature) { return std::make_shared<const std::string>(feature.factory); }

base::Result<const schema::Feature*> find_feature(const State& state, std::string_view name) {
  if (const schema::Feature* feature = state.schema.feature(name)) return feature;
  std::vector<std::string> names;
  for (const schema::Feature& feature : state.schema.features()) names.push_back(feature.name);
  return base::fail(base::ErrorCode::not_found,
                    fmt::format("There is no feature \"{}\". The features are {}.", name, join_words(names)));
}

std::vector<std::string> difference_lines(const schema::Schema& schema, const schema::Feature& feature, const model::Text& before,
                                          const model::Text& after) {
  Lines lines(schema.form(feature.name));
  if (!before && after) lines.add_line("+ settings are defined here");
  if (before && !after) lines.add_line("- settings are no longer defined here");
  for (const model::Difference& difference :
       model::compare(tree_or_empty(schema, feature, before), tree_or_empty(schema, feature, after)))
    lines.add(difference);
  return lines.take();
}

json::array lines_json(const std::vector<std::string>& lines) {
  json::array out;
  for (const std::string& line : lines) out.emplace_back(line);
  return out;
}

}  // namespace postern::desk
