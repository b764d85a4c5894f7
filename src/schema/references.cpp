#include "base/assert.h"
#include "schema/library.h"

#include <algorithm>
#include <set>

namespace postern::schema {
namespace {

void add_once(std::vector<std::string>& names, const std::string& name) {
  const auto at = std::lower_bound(names.begin(), names.end(), name);
  if (at == names.end() || *at != name) names.insert(at, name);
}

/// "FEATURE/path" of names.
std::string path_of(const lysc_node* node) {
  std::string path = node->name;
  for (const lysc_node* up = node->parent; up != nullptr; up = up->parent) path = std::string(up->name) + "/" + path;
  return path;
}

yang::Set atoms(const lysc_node* node, const lyxp_expr* expression, const lysc_prefix* prefixes) {
  ly_set* set = nullptr;
  const LY_ERR got = lys_find_expr_atoms(node, node->module, expression, prefixes, 0, &set);
  POSTERN_ASSERT(got == LY_SUCCESS);  // it was compiled
  return yang::Set(set);
}

class References {
 public:
  explicit References(Known& known) : refers_to_(known.refers_to), any_(known.has_references) {}

  void walk(Item& item) {
    if (item.reference != nullptr) {
      any_ = true;
      const auto set = atoms(item.node, item.reference->path, item.reference->prefixes);
      note(item, *set);
      for (std::uint32_t i = 0; i < set->count; ++i)
        if (set->snodes[i]->nodetype == LYS_LEAF) item.refers_to = path_of(set->snodes[i]);
    }
    for (const lysc_must& must : yang::Array{lysc_node_musts(item.node)}) note(item, *atoms(item.node, must.cond, must.prefixes));
    for (Item& child : item.children) walk(child);
  }

 private:
  void note(const Item& item, const ly_set& set) {
    for (std::uint32_t i = 0; i < set.count; ++i)
      if (const std::string feature = feature_of(set.snodes[i]); feature != feature_of(item.node)) add_once(refers_to_, feature);
  }

  std::vector<std::string>& refers_to_;
  bool& any_;
};

/// Finds lists whose entries stand alone: everybody who reads another's entry, or what stands beside the list, joins
/// the lists concerned.
class Alone {
 public:
  explicit Alone(Item& root) : root_(root) {}

  void find() {
    for (Item& child : root_.children) look(child);
    look_at(root_);
    for (Item& child : root_.children)
      child.stands_alone = child.kind == model::Node::Kind::list && !child.user_ordered && child.min == 0 && child.max == 0 &&
                           !joined_.contains(child.node);
  }

 private:
  void look(const Item& item) {
    look_at(item);
    for (const Item& child : item.children) look(child);
  }

  void look_at(const Item& item) {
    const lysc_node* own = list_of(item.node);
    if (lysc_node_when(item.node) != nullptr) join(own);
    if (item.node->nodetype == LYS_LIST && item.node == own &&
        reinterpret_cast<const lysc_node_list*>(item.node)->uniques != nullptr)
      join(own);
    for (const lysc_must& must : yang::Array{lysc_node_musts(item.node)})
      for_each(*atoms(item.node, must.cond, must.prefixes), own, false);
    if (item.reference != nullptr) for_each(*atoms(item.node, item.reference->path, item.reference->prefixes), own, true);
  }

  /// A reference into the same list would look for its target among all entries.
  void for_each(const ly_set& set, const lysc_node* own, bool reference) {
    for (std::uint32_t i = 0; i < set.count; ++i) {
      if (feature_of(set.snodes[i]) != root_.name) continue;
      const lysc_node* other = list_of(set.snodes[i]);
      if (own == other && own != nullptr && !reference) continue;
      join(own);
      join(other);
    }
  }

  void join(const lysc_node* list) {
    if (list != nullptr) joined_.insert(list);
  }

  /// The list of the feature's container in which the node is, or which it is; null: none.
  const lysc_node* list_of(const lysc_node* node) const {
    while (node != nullptr && node->parent != root_.node) node = node->parent;
    return node != nullptr && node->nodetype == LYS_LIST ? node : nullptr;
  }

  Item& root_;
  std::set<const lysc_node*> joined_;
};

}  // namespace

std::string feature_of(const lysc_node* node) {
  while (node->parent != nullptr) node = node->parent;
  return node->name;
}

void find_references(Library& library) {
  for (Known& known : library.known) {
    References(known).walk(known.root);
    Alone(known.root).find();
  }
  for (const Known& known : library.known)
    for (Known& target : library.known)
      if (std::binary_search(known.refers_to.begin(), known.refers_to.end(), target.feature.name))
        add_once(target.referred_by, known.feature.name);
}

}  // namespace postern::schema
