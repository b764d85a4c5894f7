#pragma once

#include <string>
#include <vector>

#include "cli/session/session.h"
#include "model/edit.h"
#include "model/tree.h"

/// Questions made from the schema: a form's leaves asked one after another, their answers as edits.
namespace postern::cli {

struct Interview {
  Session& session;
  const schema::Feature& feature;
  std::vector<model::Edit> edits;
};

/// A table inside a list's entries: the entry's EDIT has an operation with a menu of its own for it.
struct Table {
  const schema::Form* list = nullptr;
  std::string operation;
  std::string text;
};
/// In the form's order. What one question for the whole entry covers (a route's destinations) is not among them.
std::vector<Table> tables_of(const schema::Feature& feature, const schema::Form& entries);

/// One leaf's answer, canonical; empty only where the leaf may be left out. `present`: the value now, or
/// empty. nullopt: the question was left.
std::optional<std::string> ask_leaf(Interview& interview, const schema::Form& leaf, const model::Path& parent,
                                    const std::string& present);

/// Asks for everything below `form` but the keys, and collects what differs from `current` (null: a new
/// entry). False: a question was left, and nothing may be changed.
bool ask_children(Interview& interview, const schema::Form& form, const model::Path& path, const model::Node* current);
/// Asks the key leaves of a new entry into `keys`. False when left; an empty first answer leaves too.
bool ask_keys(Interview& interview, const schema::Form& list, const model::Path& parent, std::vector<std::string>& keys);
}  // namespace postern::cli
