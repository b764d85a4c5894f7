#pragma once

#include "model/edit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

/// Trees written as text, and a schema that needs no YANG, for the tests of this room.
namespace postern::model {

inline Node leaf(std::string name, std::string value) {
  Node node;
  node.kind = Node::Kind::leaf;
  node.name = std::move(name);
  node.value = std::move(value);
  return node;
}

inline Node container(std::string name, std::vector<Node> children = {}) {
  Node node;
  node.name = std::move(name);
  node.children = std::move(children);
  return node;
}

inline Node values(std::string name, std::vector<std::string> texts, bool user_ordered = false) {
  Node node;
  node.kind = Node::Kind::leaf_list;
  node.name = std::move(name);
  node.values = std::move(texts);
  node.user_ordered = user_ordered;
  return node;
}

inline Node list(std::string name, std::vector<std::string> keys, std::vector<Node> entries, bool user_ordered = false) {
  Node node;
  node.kind = Node::Kind::list;
  node.name = name;
  node.keys = std::move(keys);
  node.user_ordered = user_ordered;
  for (Node& entry : entries) {
    entry.kind = Node::Kind::entry;
    entry.name = name;
  }
  node.children = std::move(entries);
  return node;
}

/// The tests' schema: LDAP queries (system order, with a limit and servers), rules (user order,
/// with tags below), an outer container and a mode.
///   query[name] { name, server, limit, tls { mode } }, rule[a b] user-ordered { a, b, action },
///   tag*, server* user-ordered, mode
inline base::Result<NodeShape> ask_test_shape(const void*, const std::vector<std::string>& names) {
  using Kind = Node::Kind;
  std::string path;
  for (const auto& name : names) path += (path.empty() ? "" : "/") + name;
  if (path == "query") return NodeShape{Kind::list, false, {"name"}};
  if (path == "rule") return NodeShape{Kind::list, true, {"a", "b"}};
  if (path == "query/tls") return NodeShape{Kind::container, false, {}};
  if (path == "tag") return NodeShape{Kind::leaf_list, false, {}};
  if (path == "server") return NodeShape{Kind::leaf_list, true, {}};
  for (const char* known :
       {"mode", "query/name", "query/server", "query/limit", "query/tls/mode", "rule/a", "rule/b", "rule/action"})
    if (path == known) return NodeShape{Kind::leaf, false, {}};
  return base::fail(base::ErrorCode::not_found, path, "There is no such setting.");
}
inline const Shapes test_shapes{ask_test_shape, nullptr};

inline Node query(const std::string& name, std::vector<Node> more = {}) {
  std::vector<Node> children{leaf("name", name)};
  for (Node& node : more) children.push_back(std::move(node));
  return container("query", std::move(children));
}
inline Node rule(const std::string& a, const std::string& b, const std::string& action) {
  return container("rule", {leaf("a", a), leaf("b", b), leaf("action", action)});
}
inline Tree ldap(std::vector<Node> children) { return container("ldap", std::move(children)); }

inline Path path(std::string_view text) {
  auto result = parse_path(text);
  if (!result) ADD_FAILURE() << base::to_text(result.error());
  return result ? *result : Path{};
}
inline Edit edit(Edit::Op op, std::string_view where, std::string value = {}, std::vector<std::string> anchor = {}) {
  return {op, path(where), std::move(value), std::move(anchor)};
}

/// A canonical tree of the tests' schema, small enough that three of them often touch the same
/// places.
inline Tree random_tree(std::mt19937& random) {
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  const auto number = [&](unsigned limit) { return std::to_string(below(limit)); };
  std::vector<Node> queries;
  for (const char* name : {"a", "b", "c", "d"}) {
    if (below(2) == 0) continue;
    Node entry = query(name);
    if (below(2) == 0) entry.children.push_back(leaf("server", "s" + number(3)));
    if (below(2) == 0) entry.children.push_back(leaf("limit", number(3)));
    if (below(3) == 0) entry.children.push_back(container("tls", {leaf("mode", number(2))}));
    queries.push_back(std::move(entry));
  }
  std::vector<Node> rules;
  for (const char* a : {"x", "y"})
    for (const char* b : {"1", "2", "3"})
      if (below(2) == 0) rules.push_back(rule(a, b, below(2) == 0 ? "accept" : "reject"));
  std::shuffle(rules.begin(), rules.end(), random);
  std::vector<Node> children;
  if (!queries.empty()) children.push_back(list("query", {"name"}, std::move(queries)));
  if (!rules.empty()) children.push_back(list("rule", {"a", "b"}, std::move(rules), true));
  std::vector<std::string> tags;
  for (const char* tag : {"p", "q", "r"})
    if (below(2) == 0) tags.emplace_back(tag);
  if (!tags.empty()) children.push_back(values("tag", tags));
  std::shuffle(tags.begin(), tags.end(), random);
  if (!tags.empty()) children.push_back(values("server", tags, true));
  if (below(2) == 0) children.push_back(leaf("mode", number(3)));
  return ldap(std::move(children));
}

}  // namespace postern::model
