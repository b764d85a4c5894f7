#include "model/align.h"
#include "model/edit.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace postern::model {
namespace {

class Comparison {
 public:
  std::vector<Difference> differences;

  /// The children of two versions of one node: removed ones stand where they stood, before what
  /// followed.
  void children(const Node& before, const Node& after) {
    const auto before_idents = idents(before);
    const auto after_idents = idents(after);
    std::map<Ident, std::size_t> place;
    for (std::size_t i = 0; i < before_idents.size(); ++i) place.emplace(before_idents[i], i);
    const std::set<Ident> kept(after_idents.begin(), after_idents.end());
    const auto moves = moves_of(before, before_idents, after_idents);
    std::size_t next = 0;
    const auto removed_until = [&](std::size_t end) {
      for (; next < end; ++next)
        if (!kept.contains(before_idents[next])) gone(step_to(before, before_idents[next]), before.children[next]);
    };
    for (std::size_t i = 0; i < after_idents.size(); ++i) {
      const PathStep step = step_to(after, after_idents[i]);
      const auto was = place.find(after_idents[i]);
      if (was == place.end()) {
        come(step, after.children[i]);
        continue;
      }
      removed_until(was->second);
      if (moves.contains(after_idents[i])) note(Difference::Kind::moved, step, {}, {});
      both(step, before.children[was->second], after.children[i]);
    }
    removed_until(before_idents.size());
  }

 private:
  static std::set<Ident> moves_of(const Node& list, const std::vector<Ident>& before, const std::vector<Ident>& after) {
    if (list.kind != Node::Kind::list || !list.user_ordered) return {};
    const auto result = moved(before, after);
    return {result.begin(), result.end()};
  }

  void note(Difference::Kind kind, const PathStep& step, std::string before, std::string after) {
    Path path = path_;
    path.push_back(step);
    differences.push_back({kind, std::move(path), std::move(before), std::move(after)});
  }

  static std::string value_of(const Node& node) {
    return node.kind == Node::Kind::leaf ? node.value : fmt::format("{}", fmt::join(node.values, ", "));
  }

  /// Goes into a node of both versions. A list is no step of its own: its entries' steps name it.
  void both(const PathStep& step, const Node& before, const Node& after) {
    switch (after.kind) {
      case Node::Kind::leaf:
      case Node::Kind::leaf_list:
        if (before.value != after.value || before.values != after.values)
          note(Difference::Kind::changed, step, value_of(before), value_of(after));
        return;
      case Node::Kind::list: return children(before, after);
      case Node::Kind::container:
      case Node::Kind::entry: break;
    }
    path_.push_back(step);
    children(before, after);
    path_.pop_back();
  }

  void gone(const PathStep& step, const Node& node) { one_side(Difference::Kind::removed, step, node); }
  void come(const PathStep& step, const Node& node) { one_side(Difference::Kind::added, step, node); }

  void one_side(Difference::Kind kind, const PathStep& step, const Node& node) {
    const bool is_value = node.kind == Node::Kind::leaf || node.kind == Node::Kind::leaf_list;
    const std::string value = is_value ? value_of(node) : std::string();
    const bool added = kind == Difference::Kind::added;
    // Containers below a feature mean nothing by themselves: only what is in them is told.
    if (is_value || node.kind == Node::Kind::entry)
      note(kind, step, added ? std::string() : value, added ? value : std::string());
    if (is_value) return;
    if (node.kind != Node::Kind::list) path_.push_back(step);
    const std::size_t keys = node.kind == Node::Kind::entry ? step.keys.size() : 0;
    const auto names = idents(node);
    for (std::size_t i = keys; i < node.children.size(); ++i) one_side(kind, step_to(node, names[i]), node.children[i]);
    if (node.kind != Node::Kind::list) path_.pop_back();
  }

  Path path_;
};

}  // namespace

std::vector<Difference> compare(const Tree& before, const Tree& after) {
  Comparison comparison;
  comparison.children(before, after);
  return std::move(comparison.differences);
}

}  // namespace postern::model
