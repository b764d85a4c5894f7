#include "base/assert.h"
#include "schema/library.h"

#include <fmt/format.h>

namespace postern::schema {
namespace {

using Kind = model::Node::Kind;
using model::Node;

/// RFC 8259 §7: only what must be escaped is.
void put_string(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void put_value(std::string& out, const Item& item, const std::string& value) {
  if (item.json == Json::text) return put_string(out, value);
  out += value;
}

void put_members(std::string& out, const Item& item, const Node& node);

void put_node(std::string& out, const Item& item, const Node& node) {
  switch (node.kind) {
    case Kind::leaf: return put_value(out, item, node.value);
    case Kind::container:
    case Kind::entry: return put_members(out, item, node);
    case Kind::leaf_list:
    case Kind::list: break;
  }
  out += '[';
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    if (i != 0) out += ',';
    put_value(out, item, node.values[i]);
  }
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i != 0) out += ',';
    put_members(out, item, node.children[i]);
  }
  out += ']';
}

void put_members(std::string& out, const Item& item, const Node& node) {
  out += '{';
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i != 0) out += ',';
    const Node& child = node.children[i];
    const Item* known = item.child(child.name);
    POSTERN_ASSERT(known != nullptr);  // trees come from parse or canonical
    put_string(out, child.name);
    out += ':';
    put_node(out, *known, child);
  }
  out += '}';
}

}  // namespace

std::string print_json(const Item& root, const model::Tree& tree) {
  std::string out;
  put_members(out, root, tree);
  return out;
}

}  // namespace postern::schema
