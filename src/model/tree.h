#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::model {

/// One feature's settings as plain data: what a YANG data tree says, without the schema library.
/// Made and put into canonical form by schema/ (children in schema order, system-ordered entries
/// sorted by key, canonical leaf values, no defaults that were not set); compared, edited and merged
/// here. A plain value: copies are deep, nothing points outside.
struct Node {
  enum class Kind : unsigned char {
    container,  ///< `children`
    leaf,       ///< `value`
    leaf_list,  ///< `values`
    list,       ///< `children` are entries; `keys` names their key leaves
    entry,      ///< one entry of a list; its key leaves come first among `children`
  };

  Kind kind = Kind::container;
  bool user_ordered = false;  ///< list or leaf_list whose order means something (RFC 7950 §7.7.7)
  std::string name;
  std::string value;
  std::vector<std::string> values;
  std::vector<std::string> keys;
  std::vector<Node> children;

  friend bool operator==(const Node&, const Node&) = default;

  /// The child container, leaf, list or leaf_list of that name, or null. Not for list entries.
  [[nodiscard]] const Node* child(std::string_view child_name) const;
  Node* child(std::string_view child_name);
  /// The child leaf's value, or `otherwise` when it is absent.
  [[nodiscard]] std::string_view leaf(std::string_view child_name, std::string_view otherwise = {}) const;
  /// Of a list: the entry with exactly these key values in key order, or null.
  [[nodiscard]] const Node* entry(const std::vector<std::string>& key_values) const;
  Node* entry(const std::vector<std::string>& key_values);
  /// Of an entry whose list has `key_count` keys: its key values.
  [[nodiscard]] std::vector<std::string> key_values(std::size_t key_count) const;
  /// Entries of the child list of that name; empty when the list is absent.
  [[nodiscard]] const std::vector<Node>& entries(std::string_view list_name) const;
};

/// A feature's tree: its presence container. Always Kind::container, named like the feature.
using Tree = Node;
using TreePtr = std::shared_ptr<const Tree>;

}  // namespace postern::model
