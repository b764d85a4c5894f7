#include "schema/yang.h"

#include <libyang/plugins_types.h>

#include <cstdlib>

namespace postern::schema::yang {
namespace {

/// libyang keeps errors beside a context that is const otherwise, per thread.
ly_ctx* writable(const ly_ctx* context) { return const_cast<ly_ctx*>(context); }

}  // namespace

void clear_errors(const ly_ctx* context) { ly_err_clean(writable(context), nullptr); }

Complaint take_error(const ly_ctx* context) {
  Complaint result{"libyang gives no reason.", {}};
  for (const ly_err_item* item = ly_err_first(context); item != nullptr; item = item->next) {
    if (item->level != LY_LLERR) continue;
    result.text = item->msg != nullptr ? item->msg : "";
    result.path = item->path != nullptr ? item->path : "";
    break;
  }
  clear_errors(context);
  return result;
}

std::optional<std::string_view> extension(const lysc_node* node, std::string_view name) {
  for (const lysc_ext_instance& ext : Array{node->exts})
    if (ext.def->name == name && std::string_view(ext.def->module->name) == "postern-ext")
      return ext.argument != nullptr ? std::string_view(ext.argument) : std::string_view();
  return std::nullopt;
}

std::string words(const char* text) {
  std::string result;
  bool space = false;
  for (const char* c = text; c != nullptr && *c != '\0'; ++c) {
    if (*c == ' ' || *c == '\n' || *c == '\t' || *c == '\r') {
      space = !result.empty();
      continue;
    }
    if (space) result += ' ';
    space = false;
    result += *c;
  }
  return result;
}

std::optional<std::string> check_value(const lysc_node* node, std::string_view value, Complaint& complaint) {
  const ly_ctx* context = node->module->ctx;
  clear_errors(context);
  const char* canonical = nullptr;
  const LY_ERR got = lyd_value_validate(context, node, value.data(), value.size(), nullptr, nullptr, &canonical);
  if (got != LY_SUCCESS && got != LY_EINCOMPLETE) {
    complaint = take_error(context);
    return std::nullopt;
  }
  std::string result = canonical != nullptr ? std::string(canonical) : std::string(value);
  if (canonical != nullptr) lydict_remove(context, canonical);
  return result;
}

bool holds(const lysc_must& must, const lyd_node* node) {
  const ly_ctx* context = LYD_CTX(node);
  clear_errors(context);
  ly_bool result = 0;
  const LY_ERR got = lyd_eval_xpath3(node, node->schema->module, lyxp_get_expr(must.cond), LY_VALUE_SCHEMA_RESOLVED,
                                     must.prefixes, nullptr, &result);
  clear_errors(context);
  return got == LY_SUCCESS && result != 0;
}

bool resolves(const lysc_type_leafref* type, const lyd_node* node, const lyd_node* forest) {
  auto* term = reinterpret_cast<lyd_node_term*>(const_cast<lyd_node*>(node));
  char* message = nullptr;
  const LY_ERR got = lyplg_type_resolve_leafref(type, node, &term->value, forest, nullptr, &message);
  std::free(message);
  clear_errors(LYD_CTX(node));
  return got == LY_SUCCESS;
}

}  // namespace postern::schema::yang
