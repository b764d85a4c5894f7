#include "base/assert.h"
#include "model/edit.h"

#include "base/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace postern::model {
namespace {

/// As a person says it: "destination 192.0.2.1 25 of route example.com".
std::string in_words(const Path& path) {
  std::string out;
  for (auto step = path.rbegin(); step != path.rend(); ++step) {
    if (!out.empty()) out += " of ";
    out += step->name;
    for (const std::string& key : step->keys) out += " " + key;
  }
  return out;
}

using base::ErrorCode;
using base::Result;

constexpr std::array<std::pair<Edit::Op, const char*>, 7> ops{{{Edit::Op::create, "create"},
                                                               {Edit::Op::set, "set"},
                                                               {Edit::Op::remove, "remove"},
                                                               {Edit::Op::clear, "clear"},
                                                               {Edit::Op::insert, "insert"},
                                                               {Edit::Op::erase, "erase"},
                                                               {Edit::Op::move, "move"}}};

Node make_leaf(const std::string& name, const std::string& value) {
  Node leaf;
  leaf.kind = Node::Kind::leaf;
  leaf.name = name;
  leaf.value = value;
  return leaf;
}

Node make_entry(const Node& list, const std::vector<std::string>& key_values) {
  Node entry;
  entry.kind = Node::Kind::entry;
  entry.name = list.name;
  for (std::size_t i = 0; i < list.keys.size(); ++i) entry.children.push_back(make_leaf(list.keys[i], key_values[i]));
  return entry;
}

/// One edit at work on one tree. On error the tree may be half changed: `apply` throws it away.
class Editor {
 public:
  Editor(Tree& tree, const Edit& edit, const Shapes& shapes) : tree_(tree), edit_(edit), shapes_(shapes) {}

  Result<> run() {
    switch (edit_.op) {
      case Edit::Op::create: return create();
      case Edit::Op::set: return set();
      case Edit::Op::remove: return remove(true);
      case Edit::Op::clear: return remove(false);
      case Edit::Op::insert: return insert();
      case Edit::Op::erase: return erase();
      case Edit::Op::move: return move();
    }
    POSTERN_ASSERT(false);
    return {};
  }

 private:
  [[nodiscard]] base::Error fail(ErrorCode code, std::string text) const {
    return base::fail(code, to_text(edit_.path), std::move(text));
  }
  [[nodiscard]] base::Error missing(std::size_t steps) const {
    const Path until(edit_.path.begin(), edit_.path.begin() + static_cast<std::ptrdiff_t>(steps));
    return fail(ErrorCode::not_found, fmt::format("There is no {}.", in_words(until)));
  }

  Result<NodeShape> shape(std::size_t steps) const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < steps; ++i) names.push_back(edit_.path[i].name);
    return shapes_.ask(shapes_.context, names);
  }

  /// The node after the first `steps` steps. A missing container is made (it means nothing by
  /// itself), and a missing list; a missing entry only when `make_entries`.
  Result<Node*> reach(std::size_t steps, bool make_entries) {
    Node* node = &tree_;
    for (std::size_t i = 0; i < steps; ++i) {
      auto next = step_into(*node, i, make_entries);
      if (!next) return next.error();
      node = *next;
    }
    return node;
  }

  Result<Node*> step_into(Node& parent, std::size_t i, bool make_entries) {
    const PathStep& step = edit_.path[i];
    const auto known = shape(i + 1);
    if (!known) return known.error();
    if (known->kind != Node::Kind::list && known->kind != Node::Kind::container)
      return fail(ErrorCode::invalid, fmt::format("{} has nothing below it.", step.name));
    Node& child = child_of(parent, step.name, *known);
    if (known->kind == Node::Kind::container) return &child;
    if (auto keys = check_keys(step, *known); !keys) return keys.error();
    if (Node* entry = child.entry(step.keys)) return entry;
    if (!make_entries) return missing(i + 1);
    child.children.push_back(make_entry(child, step.keys));
    return &child.children.back();
  }

  Node& child_of(Node& parent, const std::string& name, const NodeShape& known) {
    if (Node* child = parent.child(name)) return *child;
    Node made;
    made.kind = known.kind;
    made.user_ordered = known.user_ordered;
    made.name = name;
    made.keys = known.keys;
    return parent.children.emplace_back(std::move(made));
  }

  Result<> check_keys(const PathStep& step, const NodeShape& known) const {
    if (step.keys.size() == known.keys.size()) return {};
    return fail(ErrorCode::invalid, fmt::format("An entry of {} is named by {} key value(s): {}.", step.name, known.keys.size(),
                                                fmt::join(known.keys, ", ")));
  }

  /// Shape of what the whole path names, which must be of `kind`.
  Result<NodeShape> target(Node::Kind kind, std::string_view what) const {
    if (edit_.path.empty()) return fail(ErrorCode::invalid, fmt::format("\"{}\" needs the path of {}.", op_name(edit_.op), what));
    auto known = shape(edit_.path.size());
    if (known && known->kind != kind)
      return fail(ErrorCode::invalid,
                  fmt::format("{} is not {}, so \"{}\" does not apply to it.", edit_.path.back().name, what, op_name(edit_.op)));
    return known;
  }

  Result<> create() {
    const auto known = target(Node::Kind::list, "a list entry");
    if (!known) return known.error();
    const PathStep& last = edit_.path.back();
    if (auto keys = check_keys(last, *known); !keys) return keys;
    auto parent = reach(edit_.path.size() - 1, false);
    if (!parent) return parent.error();
    Node& list = child_of(**parent, last.name, *known);
    if (list.entry(last.keys) != nullptr)
      return fail(ErrorCode::exists, fmt::format("There is {} already.", base::with_article(in_words(edit_.path))));
    return place(list, make_entry(list, last.keys));
  }

  /// Puts an entry before the anchor, or last.
  Result<> place(Node& list, Node entry) const {
    auto at = list.children.end();
    if (!edit_.anchor.empty()) {
      if (!list.user_ordered) return fail(ErrorCode::invalid, fmt::format("The entries of {} have no order.", list.name));
      const Node* anchor = list.entry(edit_.anchor);
      if (anchor == nullptr)
        return fail(ErrorCode::not_found, fmt::format("There is no {} to go before.", in_words({{list.name, edit_.anchor}})));
      at = list.children.begin() + (anchor - list.children.data());
    }
    list.children.insert(at, std::move(entry));
    return {};
  }

  Result<> set() {
    const auto known = target(Node::Kind::leaf, "a single value");
    if (!known) return known.error();
    auto parent = reach(edit_.path.size() - 1, true);
    if (!parent) return parent.error();
    const std::string& name = edit_.path.back().name;
    Node& leaf = child_of(**parent, name, *known);
    if (is_key(name) && leaf.value != edit_.value)
      return fail(ErrorCode::invalid, fmt::format("{} names this entry and cannot be changed. Create an entry with the new {}, "
                                                  "then remove this one.",
                                                  name, name));
    leaf.value = edit_.value;
    return {};
  }

  /// Whether the path's last step is a key of the list entry that it stands in.
  [[nodiscard]] bool is_key(const std::string& name) const {
    if (edit_.path.size() < 2) return false;
    const auto around = shape(edit_.path.size() - 1);
    return around && around->kind == Node::Kind::list &&
           std::find(around->keys.begin(), around->keys.end(), name) != around->keys.end();
  }

  Result<> remove(bool must_exist) {
    if (edit_.path.empty()) {
      tree_.children.clear();
      return {};
    }
    const auto known = shape(edit_.path.size());
    if (!known) return known.error();
    const PathStep& last = edit_.path.back();
    if (is_key(last.name)) return fail(ErrorCode::invalid, fmt::format("{} names this entry: remove the entry.", last.name));
    auto parent = reach(edit_.path.size() - 1, false);
    if (!parent) {
      if (parent.error().code == ErrorCode::not_found && !must_exist) return {};
      return parent.error();
    }
    const bool gone =
        last.keys.empty() ? remove_child(**parent, last.name) : remove_entry((*parent)->child(last.name), last.keys);
    if (!gone && must_exist) return missing(edit_.path.size());
    return {};
  }

  static bool remove_child(Node& parent, const std::string& name) {
    return std::erase_if(parent.children, [&](const Node& n) { return n.name == name; }) != 0;
  }
  static bool remove_entry(Node* list, const std::vector<std::string>& keys) {
    Node* entry = list != nullptr && list->kind == Node::Kind::list ? list->entry(keys) : nullptr;
    if (entry == nullptr) return false;
    list->children.erase(list->children.begin() + (entry - list->children.data()));
    return true;
  }

  Result<> insert() {
    const auto known = target(Node::Kind::leaf_list, "a list of values");
    if (!known) return known.error();
    auto parent = reach(edit_.path.size() - 1, false);
    if (!parent) return parent.error();
    std::vector<std::string>& values = child_of(**parent, edit_.path.back().name, *known).values;
    if (std::find(values.begin(), values.end(), edit_.value) != values.end())
      return fail(ErrorCode::exists, fmt::format("\"{}\" is there already.", edit_.value));
    return place_value(values, known->user_ordered);
  }

  Result<> place_value(std::vector<std::string>& values, bool user_ordered) const {
    auto at = values.end();
    if (!edit_.anchor.empty()) {
      if (!user_ordered) return fail(ErrorCode::invalid, fmt::format("The values of {} have no order.", edit_.path.back().name));
      at = std::find(values.begin(), values.end(), edit_.anchor.front());
      if (at == values.end())
        return fail(ErrorCode::not_found, fmt::format("There is no \"{}\" to go before.", edit_.anchor.front()));
    }
    values.insert(at, edit_.value);
    return {};
  }

  Result<> erase() {
    const auto known = target(Node::Kind::leaf_list, "a list of values");
    if (!known) return known.error();
    auto parent = reach(edit_.path.size() - 1, false);
    if (!parent) return parent.error();
    Node* list = (*parent)->child(edit_.path.back().name);
    if (list == nullptr || std::erase(list->values, edit_.value) == 0)
      return fail(ErrorCode::not_found, fmt::format("There is no \"{}\" here.", edit_.value));
    return {};
  }

  Result<> move() {
    if (!edit_.path.empty()) {
      const auto known = shape(edit_.path.size());
      if (known && known->kind == Node::Kind::leaf_list && known->user_ordered) return move_value(*known);
    }
    const auto known = target(Node::Kind::list, "a list entry");
    if (!known) return known.error();
    if (!known->user_ordered)
      return fail(ErrorCode::invalid, fmt::format("The entries of {} have no order.", edit_.path.back().name));
    auto parent = reach(edit_.path.size() - 1, false);
    if (!parent) return parent.error();
    const PathStep& last = edit_.path.back();
    Node* list = (*parent)->child(last.name);
    const Node* entry = list != nullptr ? list->entry(last.keys) : nullptr;
    if (entry == nullptr) return missing(edit_.path.size());
    if (edit_.anchor == last.keys) return {};
    Node moved = *entry;
    list->children.erase(list->children.begin() + (entry - list->children.data()));
    return place(*list, std::move(moved));
  }

  Result<> move_value(const NodeShape& known) {
    if (edit_.anchor.size() == 1 && edit_.anchor.front() == edit_.value) return {};
    if (auto gone = erase(); !gone) return gone;
    auto parent = reach(edit_.path.size() - 1, false);
    if (!parent) return parent.error();
    return place_value(child_of(**parent, edit_.path.back().name, known).values, true);
  }

  Tree& tree_;
  const Edit& edit_;
  const Shapes& shapes_;
};

/// Lists without entries say nothing; edits leave them behind.
void drop_empty_lists(Node& node) {
  for (Node& child : node.children) drop_empty_lists(child);
  std::erase_if(node.children, [](const Node& child) {
    return (child.kind == Node::Kind::list && child.children.empty()) ||
           (child.kind == Node::Kind::leaf_list && child.values.empty());
  });
}

}  // namespace

const char* op_name(Edit::Op op) {
  for (const auto& [value, name] : ops)
    if (value == op) return name;
  POSTERN_ASSERT(false);
  return "";
}

base::Result<Edit::Op> parse_op(std::string_view name) {
  for (const auto& [value, text] : ops)
    if (name == text) return value;
  return base::fail(ErrorCode::usage, fmt::format("\"{}\" is not an edit. Edits are create, set, remove, clear, insert, erase "
                                                  "and move.",
                                                  name));
}

base::Result<Tree> apply(const Tree& before, const std::vector<Edit>& edits, const Shapes& shapes) {
  Tree after = before;
  for (const Edit& edit : edits)
    if (auto done = Editor(after, edit, shapes).run(); !done) return done.error();
  drop_empty_lists(after);
  return after;
}

}  // namespace postern::model
