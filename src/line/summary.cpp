#include "line/summary.h"

#include <fmt/format.h>

#include "base/idn.h"
#include "base/words.h"

namespace postern::line {
namespace {

using Kind = model::Node::Kind;

constexpr std::size_t everything = ~std::size_t{0};

std::string fill(std::string_view text, const schema::Form& form, const model::Node& node);

/// Of a container that has a summary, while it is shown; empty otherwise.
std::string container_text(const schema::Form& container, const model::Node& holder) {
  const model::Node none;
  const model::Node* node = holder.child(container.name);
  if (node == nullptr) node = &none;
  const auto equals = container.shown_when.find('=');
  if (equals != std::string::npos) {
    const std::string leaf = container.shown_when.substr(0, equals);
    const schema::Form* form = container.child(leaf);
    const std::string_view fallback = form == nullptr ? std::string_view() : std::string_view(form->fallback);
    if (node->leaf(leaf, fallback) != container.shown_when.substr(equals + 1)) return {};
  }
  return fill(container.summary, container, *node);
}

/// A leaf's value as people see it, its default where it is not set.
std::string value_text(const schema::Form& leaf, const model::Node& holder) {
  if (leaf.kind == Kind::leaf_list) {
    const model::Node* values = holder.child(leaf.name);
    return values == nullptr ? std::string() : base::join(values->values, ", ");
  }
  std::string value(holder.leaf(leaf.name, leaf.fallback));
  return leaf.secret && !value.empty() ? "(hidden)" : value;
}

/// What stands between braces: "leaf", or "a, b|otherwise".
std::string field_text(std::string_view field, const schema::Form& form, const model::Node& node) {
  const auto bar = field.find('|');
  std::vector<std::string> parts;
  for (const auto& name : base::split(field.substr(0, bar), ",")) {
    const schema::Form* child = form.child(name);
    if (child == nullptr) continue;
    std::string text = child->kind == Kind::container ? container_text(*child, node) : value_text(*child, node);
    if (!text.empty()) parts.push_back(std::move(text));
  }
  if (parts.empty() && bar != field.npos) return std::string(field.substr(bar + 1));
  return base::join(parts, ", ");
}

std::string fill(std::string_view text, const schema::Form& form, const model::Node& node) {
  std::string filled;
  while (!text.empty()) {
    const auto open = text.find('{');
    filled += text.substr(0, open);
    if (open == text.npos) break;
    const auto close = text.find('}', open);
    if (close == text.npos) break;
    filled += field_text(text.substr(open + 1, close - open - 1), form, node);
    text.remove_prefix(close + 1);
  }
  return filled;
}

/// Any entry: its keys, then what is set, "name value" each.
std::string plain_line(const schema::Form& list, const model::Node& entry) {
  std::string text = base::join(entry.key_values(list.keys.size()), " ");
  std::vector<std::string> parts;
  for (std::size_t i = list.keys.size(); i < entry.children.size(); ++i) {
    const model::Node& child = entry.children[i];
    const schema::Form* form = list.child(child.name);
    const bool secret = form != nullptr && form->secret;
    if (child.kind == Kind::leaf) {
      parts.push_back(fmt::format("{} {}", child.name, secret ? "(hidden)" : child.value));
    } else if (child.kind == Kind::leaf_list) {
      parts.push_back(fmt::format("{} {}", child.name, base::join(child.values, " ")));
    }
  }
  return parts.empty() ? text : text + ": " + base::join(parts, ", ");
}

std::string leaves_text(const schema::Form& form, const model::Node& tree) {
  std::string text;
  for (const auto& child : form.children) {
    if (child.kind == Kind::leaf) text += fmt::format("{}: {}\n", child.name, value_text(child, tree));
    if (child.kind == Kind::leaf_list && tree.child(child.name) != nullptr)
      text += fmt::format("{}: {}\n", child.name, value_text(child, tree));
  }
  return text;
}

}  // namespace

std::string entry_line(const schema::Form& list, const Line* own, const model::Node& entry) {
  const auto text = own != nullptr && own->summary != nullptr ? own->summary(list, entry) : std::nullopt;
  if (text) return base::readable_domains(*text);
  return base::readable_domains(list.summary.empty() ? plain_line(list, entry) : fill(list.summary, list, entry));
}

std::string list_text(const schema::Form& list, const Line* own, const model::Node& parent, std::size_t indent,
                      std::size_t most) {
  const auto& entries = parent.entries(list.name);
  std::string text;
  for (std::size_t i = 0; i < entries.size() && i < most; ++i) {
    text += fmt::format("{:{}}{}. {}\n", "", indent, i + 1, entry_line(list, own, entries[i]));
    for (const auto& nested : list.children) {
      if (nested.kind != Kind::list || most != everything || whole_of(own, list) != nullptr) continue;
      if (entries[i].entries(nested.name).empty()) continue;
      text += fmt::format("{:{}}{}:\n", "", indent + 4, base::plural(nested.label));
      text += list_text(nested, own, entries[i], indent + 8, most);
    }
  }
  if (entries.size() > most) {
    text += fmt::format("{:{}}... and {} more; PRINT shows all.\n", "", indent, entries.size() - most);
  }
  return text;
}

std::string feature_text(const schema::Form& form, const Line* own, const model::Node& tree) {
  std::string text = leaves_text(form, tree);
  for (const auto& child : form.children) {
    if (child.kind != Kind::list) continue;
    const std::string entries = list_text(child, own, tree, 0, everything);
    text += entries.empty() && text.empty() ? fmt::format("There are no {}.\n", base::plural(child.label)) : entries;
  }
  return text;
}

}  // namespace postern::line
