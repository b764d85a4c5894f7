#include "base/limits.h"
#include "base/printable.h"
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

std::size_t nodes_in(const Node& node) {
  std::size_t count = 1 + node.values.size();
  for (const Node& child : node.children) count += nodes_in(child);
  return count;
}

// So many entries of any feature's have fewer values than the limit, whatever their defaults.
constexpr std::size_t never_too_many = base::limits::settings_nodes / 20;

/// Nodes of the tree with its defaults; `node` may be null for a container.
std::size_t filled_nodes(const Item& item, const Node* node) {
  std::size_t count = 1;
  for (const Item& child : item.children) {
    const Node* own = node == nullptr ? nullptr : node->child(child.name);
    if (child.kind == Kind::container) {
      count += filled_nodes(child, own);
    } else if (own == nullptr) {
      count += child.fallback ? 1 : 0;
    } else if (child.kind == Kind::list) {
      ++count;
      for (const Node& entry : own->children) count += filled_nodes(child, &entry);
    } else {
      count += 1 + own->values.size();
    }
  }
  return count;
}

/// Whether the entry's keys come first, as in canonical form: only then may order_of look at it.
bool has_keys_first(const Item& list, const Node& entry) {
  if (entry.children.size() < list.keys.size()) return false;
  for (std::size_t i = 0; i < list.keys.size(); ++i)
    if (entry.children[i].name != list.keys[i]) return false;
  return true;
}

/// Rebuilds a tree along the schema, so that what comes out has the schema's order, whatever went
/// in. Takes over entries that are in `like`, a tree in canonical form: what is equal to it is canonical too.
class Canonical {
 public:
  /// What is shown is the whole with its defaults, which must fit as well.
  base::Result<Node> whole(const Item& root, Node& from, const Node* like) {
    auto made = inner(root, from, Kind::container, like);
    if (made && nodes_ > never_too_many && outer_nodes + filled_nodes(root, &*made) > base::limits::settings_nodes)
      return too_many();
    return made;
  }

 private:
  base::Result<Node> inner(const Item& item, Node& from, Kind kind, const Node* like) {
    if (auto known = check_names(item, from); !known) return known.error();
    Node result = make_node(item, kind);
    for (const Item& child : item.children) {
      Node* node = from.child(child.name);
      if (node == nullptr || says_nothing(*node)) continue;
      path_.push_back({child.name, {}});
      auto made = make(child, *node, like != nullptr ? like->child(child.name) : nullptr);
      path_.pop_back();
      if (!made) return made.error();
      // Containers below a feature have no presence: an empty one says nothing.
      if (made->kind != Kind::container || !made->children.empty()) result.children.push_back(std::move(*made));
    }
    return result;
  }

  [[nodiscard]] base::Error invalid(std::string text) const {
    return base::fail(base::ErrorCode::invalid, base::printable_line(model::to_text(path_)), std::move(text));
  }

  static bool says_nothing(const Node& node) {
    return (node.kind == Kind::list && node.children.empty()) || (node.kind == Kind::leaf_list && node.values.empty());
  }

  base::Result<> check_names(const Item& item, const Node& from) const {
    for (const Node& child : from.children) {
      const Item* known = item.child(child.name);
      if (known == nullptr) {
        const auto error = find_item(item, {child.name}).error();
        return invalid(error.text);
      }
      if (known->kind != child.kind) return invalid(fmt::format("{} has another shape in the schema.", child.name));
      if (from.child(child.name) != &child) return invalid(fmt::format("{} is given twice.", child.name));
    }
    return {};
  }

  base::Result<Node> make(const Item& item, Node& from, const Node* like) {
    if (++nodes_ > base::limits::settings_nodes) return too_many();
    switch (item.kind) {
      case Kind::leaf: return leaf(item, from);
      case Kind::leaf_list: return leaf_list(item, from);
      case Kind::list: return list(item, from, like);
      case Kind::container:
      case Kind::entry: break;
    }
    return inner(item, from, Kind::container, like);
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

  base::Result<Node> list(const Item& item, Node& from, const Node* like) {
    Node result = make_node(item, Kind::list);
    result.children.reserve(from.children.size());
    const model::PathStep step = path_.back();
    Known known(item, like);
    for (Node& entry : from.children) {
      const Node* same_keys = known.find(entry);
      if (same_keys != nullptr && *same_keys == entry) {
        nodes_ += nodes_in(entry);
        result.children.push_back(std::move(entry));
        continue;
      }
      auto keys = keys_of(item, entry);
      if (!keys) return keys.error();
      path_.back().keys = std::move(*keys);
      ++nodes_;
      auto made = inner(item, entry, Kind::entry, same_keys);
      path_.back() = step;
      if (!made) return made.error();
      result.children.push_back(std::move(*made));
    }
    if (nodes_ > base::limits::settings_nodes) return too_many();
    return in_order(item, std::move(result));
  }

  /// The entries of `like`, asked for in about their order.
  class Known {
   public:
    Known(const Item& list, const Node* like) : list_(list), like_(list.user_ordered ? nullptr : like) {}

    const Node* find(const Node& entry) {
      if (like_ == nullptr || !has_keys_first(list_, entry)) return nullptr;
      const auto& all = like_->children;
      while (at_ < all.size() && order_of(all[at_], entry, list_.keys.size()) < 0) ++at_;
      return at_ < all.size() && order_of(all[at_], entry, list_.keys.size()) == 0 ? &all[at_] : nullptr;
    }

   private:
    const Item& list_;
    const Node* like_;
    std::size_t at_ = 0;
  };

  [[nodiscard]] base::Error too_many() const {
    return invalid(
        fmt::format("One feature's settings have at most {} values, those that nobody has set included. Take entries out.",
                    base::limits::settings_nodes));
  }

  /// The entry's keys as given: they name it in errors about itself.
  [[nodiscard]] base::Result<std::vector<std::string>> keys_of(const Item& item, const Node& entry) const {
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
    const auto& entries = list.children;
    const auto in_their_order = [count](const Node& a, const Node& b) { return order_of(a, b, count) >= 0; };
    if (std::adjacent_find(entries.begin(), entries.end(), in_their_order) == entries.end()) return list;
    std::vector<std::pair<std::vector<std::string>, std::size_t>> order;
    for (std::size_t i = 0; i < list.children.size(); ++i) order.emplace_back(list.children[i].key_values(count), i);
    std::sort(order.begin(), order.end());
    for (std::size_t i = 1; i < order.size(); ++i)
      if (order[i].first == order[i - 1].first)
        return invalid(fmt::format("There are two entries {}.", model::to_text({{item.name, order[i].first}})));
    if (item.user_ordered) return list;
    std::vector<Node> sorted;
    sorted.reserve(order.size());
    for (const auto& [keys, at] : order) sorted.push_back(std::move(list.children[at]));
    list.children = std::move(sorted);
    return list;
  }

  static constexpr std::size_t outer_nodes = 1;  ///< the object that names the feature, around all
  std::size_t nodes_ = outer_nodes + 1;
  model::Path path_;
};

}  // namespace

std::strong_ordering order_of(const Node& a, const Node& b, std::size_t keys) {
  for (std::size_t i = 0; i < keys; ++i)
    if (const auto order = a.children[i].value <=> b.children[i].value; order != 0) return order;
  return std::strong_ordering::equal;
}

base::Result<model::Tree> canonical_tree(const Item& root, model::Tree tree, const model::Tree* like) {
  if (tree.kind != Kind::container || tree.name != root.name)
    return base::fail(base::ErrorCode::invalid,
                      fmt::format("These are settings of \"{}\", not of \"{}\".", tree.name, root.name));
  return Canonical().whole(root, tree, like);
}

model::Tree fill_defaults(const Item& item, const model::Tree& tree) {
  model::Tree result = make_node(item, tree.kind);
  for (const Item& child : item.children) {
    const Node* node = tree.child(child.name);
    if (child.kind == Kind::container) {
      result.children.push_back(fill_defaults(child, node != nullptr ? *node : make_node(child, Kind::container)));
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
