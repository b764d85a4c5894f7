#pragma once

#include <libyang/libyang.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// libyang's handles, owned. Every statement that another libyang would want changed is in
/// yang.cpp.
namespace postern::schema::yang {

struct FreeContext {
  void operator()(ly_ctx* context) const { ly_ctx_destroy(context); }
};
using Context = std::unique_ptr<ly_ctx, FreeContext>;

/// A whole forest: whichever node is held, all its top-level siblings go with it.
struct FreeTree {
  void operator()(lyd_node* node) const { lyd_free_all(node); }
};
using Tree = std::unique_ptr<lyd_node, FreeTree>;

/// A set of schema nodes, which it does not own.
struct FreeSet {
  void operator()(ly_set* set) const { ly_set_free(set, nullptr); }
};
using Set = std::unique_ptr<ly_set, FreeSet>;

/// Elements of one of libyang's sized arrays, which may be null.
template <class T>
struct Array {
  T* first;

  [[nodiscard]] std::uint64_t size() const { return LY_ARRAY_COUNT(first); }
  T* begin() const { return first; }
  T* end() const { return first + size(); }
};
template <class T>
Array(T*) -> Array<T>;

/// The thread's errors are kept by libyang until someone takes them: clear before a call, take
/// after it.
struct Complaint {
  std::string text;
  std::string path;  ///< libyang's own words
};
void clear_errors(const ly_ctx* context);
/// The first error since, and forgets all of them.
Complaint take_error(const ly_ctx* context);

/// Argument of the extension of postern-ext on that node: empty when it has none.
std::optional<std::string_view> extension(const lysc_node* node, std::string_view name);
/// The same as text, whatever its line breaks and indentation were.
std::string words(const char* text);

/// Checks one value against the node's type. On success its canonical form, else the type's
/// complaint.
std::optional<std::string> check_value(const lysc_node* node, std::string_view value, Complaint& complaint);

/// Whether `must` holds at `node`. False also when it cannot be evaluated.
bool holds(const lysc_must& must, const lyd_node* node);

/// Whether the leafref's target is in the forest.
bool resolves(const lysc_type_leafref* type, const lyd_node* node, const lyd_node* forest);

}  // namespace postern::schema::yang
