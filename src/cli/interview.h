#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "model/edit.h"
#include "model/tree.h"

/// Questions made from the schema: a form's leaves asked one after another, their answers as edits.
namespace postern::cli {

struct Interview {
  Session& session;
  const schema::Feature& feature;
  std::vector<model::Edit> edits;
};

/// A nested table that has a menu of its own in its entry's EDIT instead of being asked with it.
struct SubMenu {
  std::string_view feature;
  std::string_view list;
  std::string_view operation;
  std::string_view text;
};
/// Null when the list has none.
const SubMenu* submenu_of(const schema::Feature& feature, std::string_view list);

/// Names from the feature's container down to `path`, for schema::Schema::check_leaf.
std::vector<std::string> names_of(const model::Path& path);

/// One leaf's answer, canonical; empty only where the leaf may be left out. `present`: the value now, or
/// empty. nullopt: the question was left.
std::optional<std::string> ask_leaf(Interview& interview, const schema::Form& leaf,
                                    const model::Path& parent, const std::string& present);

/// Asks for everything below `form` but the keys, and collects what differs from `current` (null: a new
/// entry). False: a question was left, and nothing may be changed.
bool ask_children(Interview& interview, const schema::Form& form, const model::Path& path,
                  const model::Node* current);
enum class Asked { answered, finished, left };
/// Asks the key leaves of a new entry into `keys`. With `may_finish` an empty first answer says that there
/// is no further entry.
Asked ask_keys(Interview& interview, const schema::Form& list, const model::Path& parent,
               bool may_finish, std::vector<std::string>& keys);

}  // namespace postern::cli
