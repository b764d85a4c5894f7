#include "base/printable.h"
#include "schema/library.h"

#include <fmt/format.h>

namespace postern::schema {
namespace {

using Kind = model::Node::Kind;
using model::Edit;

base::Result<> fold_keys(const Item& list, std::vector<std::string>& keys, const model::Path& path, Entered how) {
  if (keys.empty()) return {};
  if (list.kind != Kind::list || keys.size() != list.keys.size())
    return base::fail(base::ErrorCode::invalid, base::printable_line(model::to_text(path)),
                      list.kind != Kind::list ? fmt::format("{} is not a list.", list.name)
                                              : fmt::format("An entry of {} is named by {} key value(s): {}.", list.name,
                                                            list.keys.size(), fmt::join(list.keys, ", ")));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto key = entered_value(list.children[i], keys[i], path, how);
    if (!key) return key.error();
    keys[i] = std::move(*key);
  }
  return {};
}

bool carries_value(Edit::Op op, Kind kind) {
  return op == Edit::Op::set || op == Edit::Op::insert || op == Edit::Op::erase ||
         (op == Edit::Op::move && kind == Kind::leaf_list);
}

base::Result<> fold(const Item& root, Edit& edit) {
  const bool goes = edit.op == Edit::Op::remove || edit.op == Edit::Op::clear || edit.op == Edit::Op::erase;
  const Entered how = goes ? Entered::to_go : Entered::to_stay;
  const model::Path given = edit.path;
  const Item* item = &root;
  for (model::PathStep& step : edit.path) {
    const auto next = find_item(*item, {step.name});
    if (!next) return base::fail(next.error().code, base::printable_line(model::to_text(given)), next.error().text);
    item = *next;
    if (auto keys = fold_keys(*item, step.keys, given, how); !keys) return keys;
  }
  const bool is_value = item->kind == Kind::leaf || item->kind == Kind::leaf_list;
  if (is_value && carries_value(edit.op, item->kind)) {
    auto value = entered_value(*item, edit.value, given, how);
    if (!value) return value.error();
    edit.value = std::move(*value);
  }
  if (item->kind == Kind::list) return fold_keys(*item, edit.anchor, given, how);
  for (std::string& anchor : edit.anchor)
    if (item->kind == Kind::leaf_list) {
      auto value = entered_value(*item, anchor, given);
      if (!value) return value.error();
      anchor = std::move(*value);
    }
  return {};
}

}  // namespace

base::Result<> fold_edits(const Item& root, std::vector<Edit>& edits) {
  for (Edit& edit : edits)
    if (auto folded = fold(root, edit); !folded) return folded;
  return {};
}

}  // namespace postern::schema
