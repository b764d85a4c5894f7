#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "line/line.h"

/// The one-line forms that the schema gives: words and options, to edits.
///
///   COMMAND new|edit KEY WORDS --OPTION=VALUE        the feature's first list
///   COMMAND delete KEY
///   COMMAND TABLE [KEY] new|edit|delete|print ...    its other lists, and lists inside the first one's entries
///   COMMAND [TABLE [KEY]] import|export              a list that files of other systems hold (line/table_file.h)
///   COMMAND CHOICE WORDS                             where the container chooses (postern-ext choose)
///   COMMAND set --OPTION=VALUE                       leaves of the container itself
namespace postern::line {

/// The list that new, edit and delete without a table's name are about; null when the container chooses, or has none.
const schema::Form* main_list(const schema::Feature& feature, const schema::Form& form);
/// The operations, in the order of help. `own`: the feature's own line, or null.
std::vector<std::string> operations(const schema::Feature& feature, const schema::Form& form, const Line* own);
/// The forms for help, one a line.
std::vector<std::string> usage(const schema::Feature& feature, const schema::Form& form, const Line* own);
/// Errors: usage for words that are missing or wrong, not_found for an entry to edit that is not there.
base::Result<Edits> make_edits(const Subject& subject, const Line* own, std::string_view operation, Arguments& arguments);

/// A table as a whole, and what is to be done with it.
struct WholeTable {
  const schema::Form* list = nullptr;
  model::Path parent;  ///< of the entry that holds it; empty: the container
  std::string verb;    ///< "print", "import" or "export"
};
/// `TABLE [KEY] print|import|export`, and import and export of the first list; nullopt for anything else, and then nothing
/// is taken.
std::optional<WholeTable> whole_table(const Subject& subject, std::string_view operation, Arguments& arguments);

}  // namespace postern::line
