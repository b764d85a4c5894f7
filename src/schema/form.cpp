#include "schema/library.h"

#include <algorithm>
#include <charconv>

namespace postern::schema {
namespace {

using Kind = model::Node::Kind;

std::string text_of(const Item& item, std::string_view name) {
  return std::string(yang::extension(item.node, name).value_or(""));
}

/// Nodes without an order stand after those with one.
int order_of(const Form& form, const Item& parent) {
  const auto text = yang::extension(parent.child(form.name)->node, "order").value_or("");
  int order = 1'000'000;
  std::from_chars(text.data(), text.data() + text.size(), order);
  return order;
}

/// The names of RFC 7950; libyang's own table is not exported.
const char* type_name(LY_DATA_TYPE type) {
  switch (type) {
    case LY_TYPE_BOOL: return "boolean";
    case LY_TYPE_ENUM: return "enumeration";
    case LY_TYPE_LEAFREF: return "leafref";
    case LY_TYPE_STRING: return "string";
    case LY_TYPE_UINT8: return "uint8";
    case LY_TYPE_UINT16: return "uint16";
    case LY_TYPE_UINT32: return "uint32";
    case LY_TYPE_UINT64: return "uint64";
    case LY_TYPE_INT8: return "int8";
    case LY_TYPE_INT16: return "int16";
    case LY_TYPE_INT32: return "int32";
    case LY_TYPE_INT64: return "int64";
    case LY_TYPE_DEC64: return "decimal64";
    case LY_TYPE_UNION: return "union";
    default: return "other";
  }
}

void describe_type(Form& form, const Item& item) {
  const bool is_leaf = item.kind == Kind::leaf;
  const lysc_type* type = is_leaf ? reinterpret_cast<const lysc_node_leaf*>(item.node)->type
                                  : reinterpret_cast<const lysc_node_leaflist*>(item.node)->type;
  const char* units = is_leaf ? reinterpret_cast<const lysc_node_leaf*>(item.node)->units
                              : reinterpret_cast<const lysc_node_leaflist*>(item.node)->units;
  form.type = type_name(type->basetype);
  if (units != nullptr) form.units = units;
  if (type->basetype == LY_TYPE_BOOL) form.choices = {"true", "false"};
  if (type->basetype == LY_TYPE_ENUM)
    for (const auto& choice : yang::Array{reinterpret_cast<const lysc_type_enum*>(type)->enums})
      form.choices.emplace_back(choice.name);
}

}  // namespace

const Form* Form::child(std::string_view child_name) const {
  for (const Form& form : children)
    if (form.name == child_name) return &form;
  return nullptr;
}

Form make_form(const Item& item) {
  Form form;
  form.kind = item.kind;
  form.name = item.name;
  form.label = item.label;
  form.description = yang::words(item.node->dsc);
  form.hint = text_of(item, "hint");
  if (form.hint.empty()) form.hint = form.description;
  form.group = text_of(item, "group");
  form.widget = text_of(item, "widget");
  form.when_hint = text_of(item, "ask-when");
  form.title = text_of(item, "title");
  form.table = text_of(item, "table");
  form.summary = text_of(item, "summary");
  form.shown_when = text_of(item, "shown-when");
  if (const auto word = yang::extension(item.node, "word")) form.word = std::string(*word);
  form.option = text_of(item, "option");
  form.secret = yang::extension(item.node, "secret").has_value();
  form.mandatory = item.mandatory;
  form.user_ordered = item.user_ordered;
  form.dangling = item.dangling;
  form.keys = item.keys;
  form.refers_to = item.refers_to;
  form.fallback = item.fallback.value_or("");
  if (item.kind == Kind::leaf || item.kind == Kind::leaf_list) describe_type(form, item);
  for (const Item& child : item.children) form.children.push_back(make_form(child));
  std::stable_sort(form.children.begin(), form.children.end(),
                   [&](const Form& a, const Form& b) { return order_of(a, item) < order_of(b, item); });
  return form;
}

}  // namespace postern::schema
