#include "model/tree.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace postern::model {
namespace {

bool has_keys(const Node& entry, const std::vector<std::string>& key_values) {
  if (entry.children.size() < key_values.size()) return false;
  for (std::size_t i = 0; i < key_values.size(); ++i)
    if (entry.children[i].value != key_values[i]) return false;
  return true;
}

}  // namespace

const Node* Node::child(std::string_view child_name) const {
  POSTERN_ASSERT(kind == Kind::container || kind == Kind::entry);
  for (const Node& node : children)
    if (node.name == child_name) return &node;
  return nullptr;
}

Node* Node::child(std::string_view child_name) { return const_cast<Node*>(std::as_const(*this).child(child_name)); }

std::string_view Node::leaf(std::string_view child_name, std::string_view otherwise) const {
  const Node* node = child(child_name);
  return node != nullptr && node->kind == Kind::leaf ? std::string_view(node->value) : otherwise;
}

const Node* Node::entry(const std::vector<std::string>& key_values) const {
  POSTERN_ASSERT(kind == Kind::list);
  if (key_values.size() != keys.size()) return nullptr;
  const auto found = std::find_if(children.begin(), children.end(), [&](const Node& node) { return has_keys(node, key_values); });
  return found == children.end() ? nullptr : &*found;
}

Node* Node::entry(const std::vector<std::string>& key_values) {
  return const_cast<Node*>(std::as_const(*this).entry(key_values));
}

std::vector<std::string> Node::key_values(std::size_t key_count) const {
  POSTERN_ASSERT(kind == Kind::entry && children.size() >= key_count);
  std::vector<std::string> result;
  result.reserve(key_count);
  for (std::size_t i = 0; i < key_count; ++i) result.push_back(children[i].value);
  return result;
}

const std::vector<Node>& Node::entries(std::string_view list_name) const {
  static const std::vector<Node> none;
  const Node* list = child(list_name);
  return list != nullptr && list->kind == Kind::list ? list->children : none;
}

}  // namespace postern::model
