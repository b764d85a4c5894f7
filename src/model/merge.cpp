#include "model/align.h"
#include "model/edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace postern::model {
namespace {

/// Up to three versions of one node; null where a version does not have it.
struct Versions {
  const Node* base = nullptr;
  const Node* mine = nullptr;
  const Node* theirs = nullptr;

  [[nodiscard]] const Node& any() const { return mine != nullptr ? *mine : theirs != nullptr ? *theirs : *base; }
};

bool same(const Node* a, const Node* b) { return (a == nullptr) == (b == nullptr) && (a == nullptr || *a == *b); }

std::vector<Ident> order_of(const Node* node) { return node == nullptr ? std::vector<Ident>() : idents(*node); }

std::map<Ident, const Node*> index_of(const Node* node) {
  std::map<Ident, const Node*> result;
  const auto names = order_of(node);
  for (std::size_t i = 0; i < names.size(); ++i) result.emplace(names[i], &node->children[i]);
  return result;
}

const Node* find(const std::map<Ident, const Node*>& index, const Ident& ident) {
  const auto found = index.find(ident);
  return found == index.end() ? nullptr : found->second;
}

/// `first`, with what only `second` has put behind what it stands behind there.
std::vector<Ident> woven(const std::vector<Ident>& first, const std::vector<Ident>& second) {
  const std::set<Ident> in_first(first.begin(), first.end());
  std::map<Ident, std::vector<Ident>> behind;
  std::vector<Ident> at_front;
  std::vector<Ident>* here = &at_front;
  for (const Ident& ident : second) {
    if (in_first.contains(ident)) {
      here = &behind[ident];
    } else {
      here->push_back(ident);
    }
  }
  std::vector<Ident> result = at_front;
  for (const Ident& ident : first) {
    result.push_back(ident);
    if (const auto more = behind.find(ident); more != behind.end())
      result.insert(result.end(), more->second.begin(), more->second.end());
  }
  return result;
}

class Merge {
 public:
  std::optional<base::Error> conflict;

  Node children(const Versions& nodes) {
    Node result = bare(nodes.any());
    const auto base = index_of(nodes.base);
    const auto mine = index_of(nodes.mine);
    const auto theirs = index_of(nodes.theirs);
    for (const Ident& ident : order(nodes)) {
      if (conflict) break;
      path_.push_back(step_to(nodes.any(), ident));
      auto child = one({find(base, ident), find(mine, ident), find(theirs, ident)});
      path_.pop_back();
      if (child) result.children.push_back(std::move(*child));
    }
    return result;
  }

 private:
  static Node bare(const Node& node) {
    Node result;
    result.kind = node.kind;
    result.user_ordered = node.user_ordered;
    result.name = node.name;
    result.keys = node.keys;
    return result;
  }

  std::nullopt_t refuse(std::string_view why) {
    if (!conflict)
      conflict = base::fail(base::ErrorCode::conflict, to_text(path_),
                            fmt::format("{} Keep one side's settings, or edit them by hand.", why));
    return std::nullopt;
  }

  /// Children in the order of the result: all that may be in it.
  std::vector<Ident> order(const Versions& nodes) {
    const auto base = order_of(nodes.base);
    const auto mine = order_of(nodes.mine);
    const auto theirs = order_of(nodes.theirs);
    const Node& any = nodes.any();
    if (any.kind != Node::Kind::list) return woven(mine, theirs);
    if (!any.user_ordered) {
      auto all = woven(mine, theirs);
      std::sort(all.begin(), all.end());
      return all;
    }
    if (moved(base, theirs).empty()) return woven(mine, theirs);
    if (!moved(base, mine).empty() && mine != theirs) {
      // A list is no step of the path by itself, so its entries' step is still to come.
      path_.push_back({any.name, {}});
      refuse("Both sides changed the order of these entries.");
      path_.pop_back();
    }
    return woven(theirs, mine);
  }

  std::optional<Node> one(const Versions& nodes) {
    if (same(nodes.mine, nodes.theirs) || same(nodes.base, nodes.theirs)) return copy(nodes.mine);
    if (same(nodes.base, nodes.mine)) return copy(nodes.theirs);
    switch (nodes.any().kind) {
      case Node::Kind::leaf:
      case Node::Kind::leaf_list: return refuse("Both sides changed this value.");
      case Node::Kind::entry:
        if (nodes.base != nullptr && (nodes.mine == nullptr || nodes.theirs == nullptr))
          return refuse("One side removed this entry and the other changed it.");
        return children(nodes);
      case Node::Kind::list: return list(nodes);
      case Node::Kind::container: return container(nodes);
    }
    return std::nullopt;
  }

  static std::optional<Node> copy(const Node* node) { return node == nullptr ? std::nullopt : std::optional<Node>(*node); }

  /// An entry whose key is its content is edited by taking it out and putting another in. When both sides took the same
  /// one out of a list inside an entry, and did not put in the same, each has its own idea of what becomes of it.
  static const Ident* replaced_twice(const Versions& nodes, std::map<Ident, const Node*>& base) {
    base = index_of(nodes.base);
    const auto mine = index_of(nodes.mine);
    const auto theirs = index_of(nodes.theirs);
    const auto put_in = [&](const std::map<Ident, const Node*>& side) {
      std::set<Ident> added;
      for (const auto& [ident, node] : side)
        if (!base.contains(ident)) added.insert(ident);
      return added;
    };
    if (put_in(mine) == put_in(theirs)) return nullptr;
    for (const auto& [ident, node] : base)
      if (!mine.contains(ident) && !theirs.contains(ident)) return &ident;
    return nullptr;
  }

  std::optional<Node> list(const Versions& nodes) {
    const PathStep step = path_.back();
    std::map<Ident, const Node*> base;
    const bool inside_entry = path_.size() > 1 && !path_[path_.size() - 2].keys.empty();
    if (const Ident* twice = inside_entry ? replaced_twice(nodes, base) : nullptr) {
      path_.pop_back();
      path_.push_back(step_to(nodes.any(), *twice));
      refuse("Both sides replaced this entry.");
      path_.pop_back();
      path_.push_back(step);
      return std::nullopt;
    }
    path_.pop_back();
    Node result = children(nodes);
    path_.push_back(step);
    return result.children.empty() ? std::nullopt : std::optional<Node>(std::move(result));
  }

  std::optional<Node> container(const Versions& nodes) {
    Node result = children(nodes);
    return result.children.empty() ? std::nullopt : std::optional<Node>(std::move(result));
  }

  Path path_;
};

}  // namespace

base::Result<Tree> merge3(const Tree& base, const Tree& mine, const Tree& theirs) {
  Merge merge;
  Tree result = merge.children({&base, &mine, &theirs});
  if (merge.conflict) return *merge.conflict;
  return result;
}

}  // namespace postern::model
