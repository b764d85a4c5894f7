#include "schema/build.h"
#include "schema/library.h"
#include "schema/verdicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

/// Our own checker over the compiled schema: libyang's validation stops at the first error, and
/// often names only the schema's path. libyang's has the last word when ours finds nothing wrong.
namespace postern::schema {
namespace {

using Kind = model::Node::Kind;
using model::Node;

/// Below one container or entry: the nodes of one schema node, in their order.
std::vector<const lyd_node*> instances(const lyd_node* parent, const Item& item) {
  std::vector<const lyd_node*> result;
  for (const lyd_node* node = lyd_child(parent); node != nullptr; node = node->next)
    if (node->schema == item.node) result.push_back(node);
  return result;
}

std::vector<std::string> keys_of(const Item& list, const lyd_node* entry) {
  std::vector<std::string> keys;
  const lyd_node* key = lyd_child(entry);
  for (std::size_t i = 0; i < list.keys.size() && key != nullptr; ++i, key = key->next) keys.emplace_back(lyd_get_value(key));
  return keys;
}

class Checker {
 public:
  Checker(const Library& library, const lyd_node* forest, std::vector<Problem>& problems)
      : library_(library), forest_(forest), problems_(problems) {}

  void feature(const Known& known, const lyd_node* top) {
    feature_ = &known;
    path_.clear();
    inner(known.root, top);
  }
  /// References alone.
  void references(const Known& known, const lyd_node* top) {
    only_references_ = true;
    if (known.has_references) feature(known, top);
  }

 private:
  Problem& report(std::string text, std::string value = {}) {
    Problem problem;
    problem.feature = feature_->feature.name;
    problem.path = model::to_text(path_);
    problem.value = std::move(value);
    problem.text = std::move(text);
    return problems_.emplace_back(std::move(problem));
  }

  /// A container or list entry, and all below it.
  void inner(const Item& item, const lyd_node* node) {
    musts(item, node);
    for (const Item& child : item.children) {
      path_.push_back({child.name, {}});
      const auto nodes = instances(node, child);
      if (!only_references_) count(child, nodes.size());
      if (child.kind == Kind::list && !only_references_) uniques(child, nodes);
      for (const lyd_node* one : nodes) {
        if (child.kind == Kind::list) path_.back().keys = keys_of(child, one);
        below(child, one);
      }
      path_.pop_back();
    }
  }

  void below(const Item& item, const lyd_node* node) {
    if (item.kind == Kind::list || item.kind == Kind::container) return inner(item, node);
    musts(item, node);
    if (item.reference != nullptr && !yang::resolves(item.reference, node, forest_)) dangling(item, node);
  }

  void musts(const Item& item, const lyd_node* node) {
    if (only_references_) return;
    for (const lysc_must& must : yang::Array{lysc_node_musts(item.node)})
      if (!yang::holds(must, node)) report(must.emsg != nullptr ? must.emsg : "This does not fit the other settings.");
  }

  void count(const Item& item, std::size_t found) {
    if (item.mandatory && found == 0) {
      report(fmt::format("{} is missing. {}", item.label, item.expectation));
    } else if (item.min != 0 && found < item.min) {
      report(fmt::format("{}: at least {} needed, {} there.", item.label, item.min, found));
    } else if (item.max != 0 && found > item.max) {
      report(fmt::format("{}: at most {} possible, {} there.", item.label, item.max, found));
    }
  }

  void uniques(const Item& list, const std::vector<const lyd_node*>& entries) {
    for (lysc_node_leaf** unique : yang::Array{reinterpret_cast<const lysc_node_list*>(list.node)->uniques})
      one_unique(list, entries, yang::Array{unique});
  }

  void one_unique(const Item& list, const std::vector<const lyd_node*>& entries, yang::Array<lysc_node_leaf*> leaves) {
    std::map<std::vector<std::string>, const lyd_node*> seen;
    for (const lyd_node* entry : entries) {
      std::vector<std::string> values;
      std::vector<std::string> names;
      for (const lysc_node_leaf* leaf : leaves) {
        names.emplace_back(leaf->name);
        if (const lyd_node* node = leaf_below(entry, &leaf->node)) values.emplace_back(lyd_get_value(node));
      }
      if (values.size() != names.size()) continue;  // RFC 7950 §7.8.3: only entries that have them all
      const auto [other, is_new] = seen.emplace(values, entry);
      if (is_new) continue;
      path_.back().keys = keys_of(list, entry);
      report(fmt::format("{} are the same as those of {}: choose others.", fmt::join(names, " and "),
                         model::to_text({{list.name, keys_of(list, other->second)}})),
             fmt::format("{}", fmt::join(values, ", ")));
      path_.back().keys.clear();
    }
  }

  /// A leaf below an entry, perhaps in containers of it.
  static const lyd_node* leaf_below(const lyd_node* entry, const lysc_node* leaf) {
    for (const lyd_node* node = lyd_child(entry); node != nullptr; node = node->next) {
      if (node->schema == leaf) return node;
      if (node->schema->nodetype != LYS_CONTAINER) continue;
      if (const lyd_node* found = leaf_below(node, leaf)) return found;
    }
    return nullptr;
  }

  void dangling(const Item& item, const lyd_node* node) {
    const std::string value = lyd_get_value(node);
    const std::string target = item.refers_to.substr(0, item.refers_to.find('/'));
    const Known* known = library_.find(target);
    const bool elsewhere = known != nullptr && known != feature_;
    Problem& problem =
        report(elsewhere ? fmt::format("There is no \"{}\" in {}. Add it with {}, or choose another.", value,
                                       known->feature.title, known->feature.command)
                         : fmt::format("There is no \"{}\" in {}. Add it there, or choose another.", value, item.refers_to),
               value);
    problem.is_reference = true;
    problem.dangling = item.dangling;
    problem.refers_to = item.refers_to;
  }

  const Library& library_;
  const lyd_node* forest_;
  std::vector<Problem>& problems_;
  const Known* feature_ = nullptr;
  bool only_references_ = false;
  model::Path path_;
};

/// libyang's word on a forest in which we found nothing wrong: on one module's data, or on all. It may destroy values
/// of what it refuses, so it comes last.
void arbitrate(const Library& library, const Known* only, yang::Tree& forest, std::vector<Problem>& problems) {
  const ly_ctx* context = library.context.get();
  yang::clear_errors(context);
  lyd_node* raw = forest.release();
  const LY_ERR got = only == nullptr ? lyd_validate_all(&raw, context, LYD_VALIDATE_NO_STATE, nullptr)
                                     : lyd_validate_module(&raw, only->root.node->module, LYD_VALIDATE_NO_STATE, nullptr);
  forest.reset(raw);
  const auto complaint = yang::take_error(context);
  if (got == LY_SUCCESS) return;
  Problem problem;
  for (const Known& known : library.known)
    if (complaint.path.find(fmt::format("/{}:{}", known.root.node->module->name, known.root.name)) != std::string::npos)
      problem.feature = known.feature.name;
  problem.path = complaint.path;
  problem.text = complaint.text;
  problems.push_back(std::move(problem));
}

/// One feature with what it refers to.
std::vector<Problem> check_whole(const Library& library, const Known& known, const Effective& effective) {
  std::vector<const Known*> trees{&known};
  for (const std::string& name : known.refers_to)
    if (name != known.feature.name) trees.push_back(library.find(name));
  std::vector<Problem> problems;
  const auto build = [&] {
    problems.clear();
    yang::Tree forest = build_forest(library, trees, effective, problems);
    std::erase_if(problems, [&](const Problem& problem) { return problem.feature != known.feature.name; });
    return forest;
  };
  // Mostly nothing is wrong. libyang, which has the last word anyway, says so, and only references that may dangle are
  // left to look at; our own checker is for finding all that is wrong, and where.
  yang::Tree forest = build();
  if (problems.empty()) arbitrate(library, &known, forest, problems);
  const bool clean = problems.empty();
  if (!clean) forest = build();
  Checker checker(library, forest.get(), problems);
  for (const lyd_node* top = forest.get(); top != nullptr; top = top->next)
    if (top->schema == known.root.node) clean ? checker.references(known, top) : checker.feature(known, top);
  if (!clean && std::none_of(problems.begin(), problems.end(), is_error)) arbitrate(library, &known, forest, problems);
  return problems;
}

/// The tree but for entries of lists that stand alone, as far as `sound` has the same.
model::Tree without_known(const Item& root, const model::Tree& tree, const model::Tree& sound) {
  model::Tree fresh;
  fresh.name = tree.name;
  for (const Node& child : tree.children) {
    const Item* item = root.child(child.name);
    const Node* old = sound.child(child.name);
    if (item == nullptr || old == nullptr || !item->stands_alone) {
      fresh.children.push_back(child);
      continue;
    }
    Node list;
    list.kind = child.kind;
    list.name = child.name;
    list.keys = child.keys;
    std::size_t at = 0;
    for (const Node& entry : child.children) {
      while (at < old->children.size() && order_of(old->children[at], entry, item->keys.size()) < 0) ++at;
      if (at == old->children.size() || old->children[at] != entry) list.children.push_back(entry);
    }
    if (!list.children.empty()) fresh.children.push_back(std::move(list));
  }
  return fresh;
}

}  // namespace

std::vector<Problem> check_effective(const Library& library, const Effective& effective) {
  std::vector<Problem> problems;
  std::vector<const Known*> all;
  for (const Known& known : library.known) all.push_back(&known);
  yang::Tree forest = build_forest(library, all, effective, problems);
  Checker checker(library, forest.get(), problems);
  for (const Known& known : library.known)
    for (const lyd_node* top = forest.get(); top != nullptr; top = top->next)
      if (top->schema == known.root.node) checker.feature(known, top);
  if (std::none_of(problems.begin(), problems.end(), is_error)) arbitrate(library, nullptr, forest, problems);
  return problems;
}

std::vector<Problem> check_one(const Library& library, const Known& known, const Effective& effective, const model::Tree* sound) {
  const auto own = effective.find(known.feature.name);
  if (sound != nullptr && own != effective.end() && own->second != nullptr) {
    Effective fresh = effective;
    fresh[known.feature.name] = std::make_shared<const model::Tree>(without_known(known.root, *own->second, *sound));
    if (check_whole(library, known, fresh).empty()) return {};
  }
  return check_whole(library, known, effective);
}

}  // namespace postern::schema
