#include "line/subject.h"

#include <fmt/format.h>

#include "base/words.h"

namespace postern::line {
namespace {

using base::ErrorCode;
using base::fail;
using Kind = model::Node::Kind;
using Op = model::Edit::Op;

/// The node at the path, or null.
const model::Node* node_at(const model::Tree& tree, const model::Path& path) {
  const model::Node* node = &tree;
  for (const auto& step : path) {
    node = node->child(step.name);
    if (node != nullptr && !step.keys.empty()) node = node->entry(step.keys);
    if (node == nullptr) return nullptr;
  }
  return node;
}

base::Error missing_entry(const Subject& subject, const model::Path& entry) {
  const std::string keys = base::join(entry.back().keys, " ");
  if (entry.size() > 1)
    return fail(ErrorCode::not_found, fmt::format("{} has no {} {} in {}.", subject.label, entry.back().name, keys,
                                                  base::join(entry[entry.size() - 2].keys, " ")));
  return fail(ErrorCode::not_found, fmt::format("{} at {} have no {} {}; \"{} new\" makes one.", subject.feature.title,
                                                subject.label, entry.back().name, keys, subject.feature.command));
}

std::string given_placeholder(const schema::Form& leaf) {
  const auto equals = leaf.option.find('=');
  if (equals != std::string::npos) return leaf.option.substr(equals + 1);
  return leaf.word.value_or("");
}

}  // namespace

model::Path below(model::Path path, std::string_view name, std::vector<std::string> keys) {
  path.push_back({std::string(name), std::move(keys)});
  return path;
}

std::vector<std::string> names_of(const model::Path& path) {
  std::vector<std::string> names;
  for (const auto& step : path) names.push_back(step.name);
  return names;
}

base::Result<std::string> canonical_leaf(const Subject& subject, const std::vector<std::string>& names, std::string_view value) {
  auto canonical = subject.schema.check_leaf(subject.feature.name, names, value);
  if (!canonical) return fail(ErrorCode::usage, canonical.error().text);
  return canonical;
}

base::Result<std::string> take_leaf(const Subject& subject, const std::vector<std::string>& names, Arguments& arguments,
                                    std::string_view what) {
  const auto word = arguments.take();
  if (!word) return fail(ErrorCode::usage, fmt::format("{} is missing.", what));
  return canonical_leaf(subject, names, *word);
}

base::Result<Edits> option_edits(const Subject& subject, const schema::Form& form, const model::Path& entry,
                                 Arguments& arguments) {
  Edits edits;
  for (const auto& child : form.children) {
    const model::Path path = below(entry, child.name);
    if (child.kind == Kind::container) {
      auto more = option_edits(subject, child, path, arguments);
      if (!more) return more;
      edits.insert(edits.end(), more->begin(), more->end());
      continue;
    }
    if (child.kind != Kind::leaf || child.option.empty()) continue;
    const std::string name = option_name(child);
    if (arguments.is_bare(name))
      return fail(ErrorCode::usage, fmt::format("The option --{0} needs a value: --{0}={1}.", name, placeholder(child)));
    auto value = arguments.option(name);
    if (!value) continue;
    if (child.type == "boolean") {
      if (*value != "on" && *value != "off" && *value != "true" && *value != "false")
        return fail(ErrorCode::invalid, fmt::format("--{}: \"{}\" is neither on nor off.", name, *value));
      *value = *value == "on" || *value == "true" ? "true" : "false";
    }
    auto canonical = canonical_leaf(subject, names_of(path), *value);
    if (!canonical) return fail(ErrorCode::invalid, fmt::format("--{}: {}", name, canonical.error().text));
    edits.push_back({Op::set, path, std::move(*canonical), {}});
  }
  return edits;
}

base::Result<> expect_entry(const Subject& subject, const model::Path& entry, const Arguments& arguments) {
  const auto standing = subject.standing();
  if (!standing) return standing.error();
  if (!standing->defined && (standing->must_start || arguments.has("start"))) return {};
  if (node_at(standing->tree, entry) != nullptr) return {};
  return missing_entry(subject, entry);
}

base::Result<model::Node> entry_at(const Subject& subject, const model::Path& entry) {
  const auto standing = subject.standing();
  if (!standing) return standing.error();
  const model::Node* node = node_at(standing->tree, entry);
  if (node == nullptr) return missing_entry(subject, entry);
  return *node;
}

std::string option_name(const schema::Form& leaf) { return leaf.option.substr(0, leaf.option.find('=')); }

std::string placeholder(const schema::Form& leaf) {
  if (std::string given = given_placeholder(leaf); !given.empty()) return given;
  if (leaf.type == "boolean") return "on|off";
  if (leaf.type == "enumeration") return base::join(leaf.choices, "|");
  if (leaf.type.starts_with("uint") || leaf.type.starts_with("int")) return "N";
  return base::upper(leaf.name);
}

}  // namespace postern::line
