#include "base/limits.h"
#include "schema/library.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::schema {
namespace {

using Kind = model::Node::Kind;
using model::Node;

Node make_node(const Item& item, Kind kind) {
  Node node;
  node.kind = kind;
  node.name = item.name;
  if (kind == Kind::list || kind == Kind::leaf_list) node.user_ordered = item.user_ordered;
  if (kind == Kind::list) node.keys = item.keys;
  return node;
}

/// Rebuilds a tree along the schema, so that what comes out has the schema's order, whatever went
/// in.
class Canonical {
 public:
  base::Result<Node> inner(const Item& item, const Node& from, Kind kind) {
    if (auto known = check_names(item, from); !known) return known.error();
    Node result = make_node(item, kind);
    for (const Item& child : item.children) {
      const Node* node = from.child(child.name);
      if (node == nullptr || says_nothing(*node)) continue;
      path_.push_back({child.name, {}});
      auto made = make(child, *node);
      path_.pop_back();
      if (!made) return made.error();
      // Containers below a feature have no presence: an empty one says nothing.
      if (made->kind != Kind::container || !made->children.empty())
        result.children.push_back(std::move(*made));
    }
    return result;
  }

 private:
  [[nodiscard]] base::Error invalid(std::string text) const {
    return base::fail(base::ErrorCode::invalid, printable(model::to_text(path_)), std::move(text));
  }

  static bool says_nothing(const Node& node) {
    return (node.kind == Kind::list && node.children.empty()) ||
           (node.kind == Kind::leaf_list && node.values.empty());
  }

  base::Result<> check_names(const Item& item, const Node& from) const {
    for (const Node& child : from.children) {
      const Item* known = item.child(child.name);
      if (known == nullptr) {
        const auto error = find_item(item, {child.name}).error();
        return invalid(error.text);
      }
      if (known->kind != child.kind)
        return invalid(fmt::format("{} has another shape in the schema.", child.name));
      if (from.child(child.name) != &child)
        return invalid(fmt::format("{} is given twice.", child.name));
    }
    return {};
  }

  base::Result<Node> make(const Item& item, const Node& from) {
    if (++nodes_ > base::limits::settings_nodes)
      return invalid(fmt::format("One feature's settings have at most {} nodes.",
                                 base::limits::settings_nodes));
    switch (item.kind) {
      case Kind::leaf:
        return leaf(item, from);
      case Kind::leaf_list:
        return leaf_list(item, from);
      case Kind::list:
        return list(item, from);
      case Kind::container:
      case Kind::entry:
        break;
    }
    return inner(item, from, Kind::container);
  }

  base::Result<Node> leaf(const Item& item, const Node& from) {
    auto value = canonical_value(item, from.value, path_);
    if (!value) return value.error();
    Node result = make_node(item, Kind::leaf);
    result.value = std::move(*value);
    return result;
  }

  base::Result<Node> leaf_list(const Item& item, const Node& from) {
    Node result = make_node(item, Kind::leaf_list);
    nodes_ += from.values.size();
    for (const std::string& text : from.values) {
      auto value = canonical_value(item, text, path_);
      if (!value) return value.error();
      result.values.push_back(std::move(*value));
    }
    std::vector<std::string> sorted = result.values;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) return invalid(fmt::format("\"{}\" is there twice.", *twice));
    if (!item.user_ordered) result.values = std::move(sorted);
    return result;
  }

  base::Result<Node> list(const Item& item, const Node& from) {
    Node result = make_node(item, Kind::list);
    const model::PathStep step = path_.back();
    for (const Node& entry : from.children) {
      auto keys = keys_of(item, entry);
      if (!keys) return keys.error();
      path_.back().keys = std::move(*keys);
      auto made = inner(item, entry, Kind::entry);
      path_.back() = step;
      if (!made) return made.error();
      result.children.push_back(std::move(*made));
    }
    return in_order(item, std::move(result));
  }

  /// The entry's keys as given: they name it in errors about itself.
  [[nodiscard]] base::Result<std::vector<std::string>> keys_of(const Item& item,
                                                               const Node& entry) const {
    std::vector<std::string> keys;
    for (const std::string& key : item.keys) {
      const Node* leaf = entry.child(key);
      if (leaf == nullptr || leaf->kind != Kind::leaf)
        return invalid(fmt::format("An entry of {} lacks its {}.", item.name, key));
      keys.push_back(leaf->value);
    }
    return keys;
  }

  base::Result<Node> in_order(const Item& item, Node list) {
    const std::size_t count = item.keys.size();
    std::vector<std::pair<std::vector<std::string>, std::size_t>> order;
    for (std::size_t i = 0; i < list.children.size(); ++i)
      order.emplace_back(list.children[i].key_values(count), i);
    std::sort(order.begin(), order.end());
    for (std::size_t i = 1; i < order.size(); ++i)
      if (order[i].first == order[i - 1].first)
        return invalid(fmt::format("There are two entries {}.",
                                   model::to_text({{item.name, order[i].first}})));
    if (item.user_ordered) return list;
    std::vector<Node> sorted;
    sorted.reserve(order.size());
    for (const auto& [keys, at] : order) sorted.push_back(std::move(list.children[at]));
    list.children = std::move(sorted);
    return list;
  }

  std::size_t nodes_ = 0;
  model::Path path_;
};

}  // namespace

base::Result<model::Tree> canonical_tree(const Item& root, const model::Tree& tree) {
  if (tree.kind != Kind::container || tree.name != root.name)
    return base::fail(
        base::ErrorCode::invalid,
        fmt::format("These are settings of \"{}\", not of \"{}\".", tree.name, root.name));
  return Canonical().inner(root, tree, Kind::container);
}

model::Tree fill_defaults(const Item& item, const model::Tree& tree) {
  model::Tree result = make_node(item, tree.kind);
  for (const Item& child : item.children) {
    const Node* node = tree.child(child.name);
    if (child.kind == Kind::container) {
      result.children.push_back(
          fill_defaults(child, node != nullptr ? *node : make_node(child, Kind::container)));
    } else if (node == nullptr && child.fallback) {
      result.children.push_back(make_node(child, Kind::leaf));
      result.children.back().value = *child.fallback;
    } else if (node != nullptr && child.kind == Kind::list) {
      Node list = make_node(child, Kind::list);
      for (const Node& entry : node->children) list.children.push_back(fill_defaults(child, entry));
      result.children.push_back(std::move(list));
    } else if (node != nullptr) {
      result.children.push_back(*node);
    }
  }
  return result;
}

}  // namespace postern::schema
