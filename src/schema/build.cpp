#include "schema/build.h"

#include <algorithm>

namespace postern::schema {
namespace {

using Kind = model::Node::Kind;
using model::Node;

class Builder {
 public:
  explicit Builder(std::vector<Problem>& problems) : problems_(problems) {}

  yang::Tree feature(const Known& known, const Node& tree) {
    lyd_node* raw = nullptr;
    if (lyd_new_inner(nullptr, known.root.node->module, known.root.name.c_str(), 0, &raw) != LY_SUCCESS) return nullptr;
    yang::Tree top(raw);
    fill(known.root, tree, raw, 0);
    return top;
  }

 private:
  void refuse(const Item& item, const std::string& value) {
    Problem problem;
    problem.feature = feature_of(item.node);
    problem.path = model::to_text(path_);
    problem.value = value;
    problem.text = value_error(item, value, path_, item.expectation).text;
    problems_.push_back(std::move(problem));
    yang::clear_errors(item.node->module->ctx);
  }

  /// Children from the given one on: an entry's keys, which come first, are made with it.
  void fill(const Item& item, const Node& from, lyd_node* into, std::size_t first) {
    for (std::size_t i = first; i < from.children.size(); ++i) {
      const Item* child = item.child(from.children[i].name);
      if (child == nullptr) continue;  // not from parse or canonical; they refuse these
      path_.push_back({child->name, {}});
      put(*child, from.children[i], into);
      path_.pop_back();
    }
  }

  void put(const Item& item, const Node& node, lyd_node* into) {
    switch (node.kind) {
      case Kind::leaf: return term(item, node.value, into);
      case Kind::leaf_list:
        for (const std::string& value : node.values) term(item, value, into);
        return;
      case Kind::list:
        for (const Node& child : node.children) entry(item, child, into);
        return;
      case Kind::container:
      case Kind::entry: break;
    }
    lyd_node* made = nullptr;
    if (lyd_new_inner(into, nullptr, item.name.c_str(), 0, &made) == LY_SUCCESS) fill(item, node, made, 0);
  }

  void term(const Item& item, const std::string& value, lyd_node* into) {
    if (lyd_new_term(into, nullptr, item.name.c_str(), value.c_str(), 0, nullptr) != LY_SUCCESS) refuse(item, value);
  }

  void entry(const Item& item, const Node& from, lyd_node* into) {
    path_.back().keys = from.key_values(item.keys.size());
    lyd_node* made = nullptr;
    if (lyd_new_list2(into, nullptr, item.name.c_str(), predicates(item, path_.back().keys).c_str(), 0, &made) == LY_SUCCESS) {
      fill(item, from, made, item.keys.size());
    } else {
      refuse(item.children.front(), path_.back().keys.front());
    }
  }

  /// No type of a key takes both kinds of quote; one that did would be refused here, not misread.
  static std::string predicates(const Item& item, const std::vector<std::string>& keys) {
    std::string result;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const char quote = keys[i].find('\'') == std::string::npos ? '\'' : '"';
      result += '[' + item.keys[i] + '=' + quote + keys[i] + quote + ']';
    }
    return result;
  }

  std::vector<Problem>& problems_;
  model::Path path_;
};

}  // namespace

yang::Tree build_forest(const Library& library, const std::vector<const Known*>& features, const Effective& effective,
                        std::vector<Problem>& problems) {
  lyd_node* forest = nullptr;
  Builder builder(problems);
  for (const Known* known : features) {
    const auto found = effective.find(known->feature.name);
    const bool defined = found != effective.end() && found->second != nullptr;
    yang::Tree top = builder.feature(*known, defined ? *found->second : known->factory);
    if (top != nullptr && lyd_insert_sibling(forest, top.get(), &forest) == LY_SUCCESS) top.release();
  }
  lyd_new_implicit_all(&forest, library.context.get(), LYD_IMPLICIT_NO_STATE, nullptr);
  yang::clear_errors(library.context.get());
  return yang::Tree(forest);
}

}  // namespace postern::schema
