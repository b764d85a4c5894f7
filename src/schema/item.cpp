#include "base/printable.h"
#include "schema/library.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::schema {
namespace {

using Kind = model::Node::Kind;

const lysc_type* type_of(const lysc_node* node) {
  return node->nodetype == LYS_LEAF ? reinterpret_cast<const lysc_node_leaf*>(node)->type
                                    : reinterpret_cast<const lysc_node_leaflist*>(node)->type;
}

/// What the value itself must be: of a leafref, its target's type.
const lysc_type* value_type(const lysc_node* node) {
  const lysc_type* type = type_of(node);
  return type->basetype == LY_TYPE_LEAFREF ? reinterpret_cast<const lysc_type_leafref*>(type)->realtype : type;
}

Json json_of(const lysc_type* type) {
  switch (type->basetype) {
    case LY_TYPE_BOOL: return Json::boolean;
    case LY_TYPE_UINT8:
    case LY_TYPE_UINT16:
    case LY_TYPE_UINT32:
    case LY_TYPE_INT8:
    case LY_TYPE_INT16:
    case LY_TYPE_INT32: return Json::number;
    default: return Json::text;  // 64-bit and decimal numbers too (RFC 7951 §6.1)
  }
}

std::string number_expectation(const lysc_type_num* type) {
  if (type->range == nullptr) return "Enter a whole number.";
  if (type->range->emsg != nullptr) return type->range->emsg;
  const auto parts = yang::Array{type->range->parts};
  return fmt::format("Enter a whole number from {} to {}.", parts.begin()->min_u64, (parts.end() - 1)->max_u64);
}

/// "a, b or c"
std::string alternatives(const std::vector<std::string>& names) {
  std::string result;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) result += i + 1 == names.size() ? " or " : ", ";
    result += names[i];
  }
  return result;
}

std::string expectation(const lysc_type* type) {
  switch (type->basetype) {
    case LY_TYPE_BOOL: return "Enter true or false.";
    case LY_TYPE_ENUM: {
      std::vector<std::string> names;
      for (const auto& item : yang::Array{reinterpret_cast<const lysc_type_enum*>(type)->enums}) names.emplace_back(item.name);
      return fmt::format("Enter {}.", alternatives(names));
    }
    case LY_TYPE_UINT8:
    case LY_TYPE_UINT16:
    case LY_TYPE_UINT32: return number_expectation(reinterpret_cast<const lysc_type_num*>(type));
    case LY_TYPE_STRING:
      for (const lysc_pattern* pattern : yang::Array{reinterpret_cast<const lysc_type_str*>(type)->patterns})
        if (pattern->emsg != nullptr) return pattern->emsg;
      [[fallthrough]];
    default: return "Enter another value.";
  }
}

void read_canonical(Item& item) {
  std::string_view rest = yang::extension(item.node, "canonical").value_or("");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (item.form.empty()) {
      item.form = rest.substr(0, end);
    } else {
      item.words.emplace_back(rest.substr(0, end));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void read_value(Item& item) {
  const lysc_type* type = type_of(item.node);
  if (type->basetype == LY_TYPE_LEAFREF) item.reference = reinterpret_cast<const lysc_type_leafref*>(type);
  item.json = json_of(value_type(item.node));
  item.expectation = expectation(value_type(item.node));
  if (yang::extension(item.node, "dangling") == "warn") item.dangling = Dangling::warn;
  read_canonical(item);
}

void read_leaf(Item& item) {
  const auto* leaf = reinterpret_cast<const lysc_node_leaf*>(item.node);
  read_value(item);
  item.mandatory = (item.node->flags & LYS_MAND_TRUE) != 0;
  if (leaf->dflt != nullptr) item.fallback = lyd_value_get_canonical(item.node->module->ctx, leaf->dflt);
}

void read_leaf_list(Item& item) {
  const auto* list = reinterpret_cast<const lysc_node_leaflist*>(item.node);
  read_value(item);
  item.min = list->min;
  item.max = list->max == UINT32_MAX ? 0 : list->max;
}

void read_list(Item& item) {
  const auto* list = reinterpret_cast<const lysc_node_list*>(item.node);
  item.min = list->min;
  item.max = list->max == UINT32_MAX ? 0 : list->max;
  for (const lysc_node* child = list->child; child != nullptr; child = child->next)
    if (lysc_is_key(child)) item.keys.emplace_back(child->name);
}

base::Result<> read_children(Item& item) {
  for (const lysc_node* child = lysc_node_child(item.node); child != nullptr; child = child->next) {
    auto made = make_item(child);
    if (!made) return made.error();
    item.children.push_back(std::move(*made));
  }
  std::stable_partition(item.children.begin(), item.children.end(), [](const Item& child) { return lysc_is_key(child.node); });
  return {};
}

}  // namespace

const Item* Item::child(std::string_view child_name) const {
  for (const Item& item : children)
    if (item.name == child_name) return &item;
  return nullptr;
}

base::Result<Item> make_item(const lysc_node* node) {
  Item item;
  item.node = node;
  item.name = node->name;
  item.label = yang::extension(node, "label").value_or(node->name);
  item.user_ordered = (node->flags & LYS_ORDBY_USER) != 0;
  switch (node->nodetype) {
    case LYS_CONTAINER: item.kind = Kind::container; break;
    case LYS_LIST:
      item.kind = Kind::list;
      read_list(item);
      break;
    case LYS_LEAF: item.kind = Kind::leaf, read_leaf(item); return item;
    case LYS_LEAFLIST: item.kind = Kind::leaf_list, read_leaf_list(item); return item;
    default:
      return base::fail(base::ErrorCode::internal, node->name,
                        "Features' modules consist of containers, lists, leaves and leaf-lists only.");
  }
  if (auto read = read_children(item); !read) return read.error();
  return item;
}

base::Result<const Item*> find_item(const Item& root, const std::vector<std::string>& names) {
  const Item* item = &root;
  for (const std::string& name : names) {
    const Item* next = item->child(name);
    if (next == nullptr) {
      std::vector<std::string> known;
      for (const Item& child : item->children) known.push_back(child.name);
      return base::fail(base::ErrorCode::not_found, base::printable_line(fmt::format("{}", fmt::join(names, "/"))),
                        known.empty() ? fmt::format("{} has nothing below it.", item->name)
                                      : fmt::format("There is no setting \"{}\" in {}: use {}.", base::printable_line(name),
                                                    item->name, alternatives(known)));
    }
    item = next;
  }
  return item;
}

}  // namespace postern::schema
