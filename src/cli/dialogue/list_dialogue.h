#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/dialogue/questions.h"
#include "cli/session/session.h"
#include "model/edit.h"

namespace postern::cli {

/// A keyed list of a feature, wherever it stands: the top list, or a table inside one of its entries.
struct Place {
  const schema::Feature& feature;
  const schema::Form& list;
  model::Path parent;  ///< empty: the feature's container
};

/// NEW, EDIT, DELETE and (in an ordered list) MOVE, as far as there are entries.
std::vector<Operation> list_operations(const Place& place, std::size_t entries);
/// Runs one of them. True if `operation` was one of a list's.
bool list_operation(Session& session, const Place& place, std::string_view operation);
/// A menu of its own for a nested table, until it is left.
void table_menu(Session& session, const Place& place);
/// Entries of the list as the desk shows them now, numbered, at most 20; returns how many there are.
std::size_t print_entries(Session& session, const Place& place);

}  // namespace postern::cli
