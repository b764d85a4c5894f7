#include "base/crypto.h"
#include "schema/library.h"
#include "schema/modules.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::schema {
namespace {

const Module* module_named(std::string_view name) {
  const Module* end = modules + module_count;
  const Module* found = std::find_if(modules, end, [&](const Module& m) { return m.name == name; });
  return found == end ? nullptr : found;
}

/// libyang's way to ask for the text of a module.
LY_ERR give_module(const char* name, const char*, const char* submodule, const char*, void*, LYS_INFORMAT* format,
                   const char** text, ly_module_imp_data_free_clb* free_text) {
  const Module* module = submodule == nullptr ? module_named(name) : nullptr;
  if (module == nullptr) return LY_ENOTFOUND;
  *format = LYS_IN_YANG;
  *text = module->text;
  *free_text = nullptr;
  return LY_SUCCESS;
}

base::Error broken(const ly_ctx* context, std::string_view what) {
  const auto complaint = yang::take_error(context);
  return base::fail(base::ErrorCode::internal, std::string(what),
                    fmt::format("The settings' schema does not load: {} ({})", complaint.text, complaint.path));
}

base::Result<yang::Context> make_context() {
  ly_log_options(LY_LOSTORE);
  ly_ctx* raw = nullptr;
  constexpr std::uint16_t options = LY_CTX_EXPLICIT_COMPILE | LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIR_CWD;
  if (ly_ctx_new(nullptr, options, &raw) != LY_SUCCESS)
    return base::fail(base::ErrorCode::internal, "libyang cannot make a context.");
  yang::Context context(raw);
  ly_ctx_set_module_imp_clb(raw, give_module, nullptr);
  for (std::size_t i = 0; i < module_count; ++i)
    if (ly_ctx_load_module(raw, modules[i].name, nullptr, nullptr) == nullptr) return broken(raw, modules[i].name);
  if (ly_ctx_compile(raw) != LY_SUCCESS) return broken(raw, "all modules");
  yang::clear_errors(raw);
  return context;
}

base::Result<Scope> scope_of(const lysc_node* node) {
  const auto text = yang::extension(node, "scope");
  if (text == "any") return Scope::any;
  if (text == "machine") return Scope::machine;
  if (text == "cluster") return Scope::cluster;
  return base::fail(base::ErrorCode::internal, node->name, "A feature's scope is any, machine or cluster.");
}

base::Result<base::Role> role_of(const lysc_node* node) {
  const auto text = yang::extension(node, "role");
  if (!text || text == "operator") return base::Role::operator_;
  if (text == "administrator") return base::Role::administrator;
  return base::fail(base::ErrorCode::internal, node->name, "A feature's role is operator or administrator.");
}

base::Result<Known> make_known(const lysc_node* node) {
  const auto scope = scope_of(node);
  if (!scope) return scope.error();
  const auto role = role_of(node);
  if (!role) return role.error();
  auto root = make_item(node);
  if (!root) return root.error();
  Known known;
  known.feature.name = node->name;
  known.feature.title = yang::extension(node, "feature").value_or(node->name);
  known.feature.command = yang::extension(node, "command").value_or("");
  known.feature.does = yang::extension(node, "does").value_or("");
  known.feature.scope = *scope;
  known.feature.role = *role;
  known.feature.choose = yang::extension(node, "choose").value_or("");
  known.feature.has_factory_default = yang::extension(node, "factory").has_value();
  known.root = std::move(*root);
  return known;
}

base::Result<> read_features(Library& library) {
  for (std::size_t i = 0; i < module_count; ++i) {
    const lys_module* module = ly_ctx_get_module_implemented(library.context.get(), modules[i].name);
    if (module == nullptr || module->compiled == nullptr) continue;
    for (const lysc_node* node = module->compiled->data; node != nullptr; node = node->next) {
      auto known = make_known(node);
      if (!known) return known.error();
      library.known.push_back(std::move(*known));
    }
  }
  std::sort(library.known.begin(), library.known.end(),
            [](const Known& a, const Known& b) { return a.feature.command < b.feature.command; });
  return {};
}

base::Result<> read_factory(Known& known) {
  const auto text = yang::extension(known.root.node, "factory").value_or("{}");
  auto tree = parse_json(known, text, nullptr);
  if (!tree) return tree.error();
  known.factory = std::move(*tree);
  known.feature.factory =
      fmt::format("{{\"{}:{}\":{}}}", known.root.node->module->name, known.root.name, print_json(known.root, known.factory));
  return {};
}

base::Hash version() {
  std::string all;
  for (std::size_t i = 0; i < module_count; ++i)
    all += fmt::format("{} {}\n{}", modules[i].name, std::string_view(modules[i].text).size(), modules[i].text);
  return base::hash_bytes(all);
}

}  // namespace

const Known* Library::find(std::string_view feature) const {
  const auto found = std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.feature.name == feature; });
  return found == known.end() ? nullptr : &*found;
}

base::Result<Library> load_library() {
  auto context = make_context();
  if (!context) return context.error();
  Library library;
  library.context = std::move(*context);
  if (auto read = read_features(library); !read) return read.error();
  find_references(library);
  for (Known& known : library.known) {
    known.form = make_form(known.root);
    if (auto read = read_factory(known); !read) return read.error();
    library.features.push_back(known.feature);
  }
  base::crypto_start();
  library.version = version();
  return library;
}

}  // namespace postern::schema
