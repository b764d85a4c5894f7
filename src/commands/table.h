#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commands/command.h"
#include "schema/schema.h"

namespace postern::commands {

/// One command, wherever its row comes from.
struct Command {
  std::string name;
  Where where = Where::any;
  base::Role least = base::Role::operator_;
  std::string summary;
  std::string_view forms;  ///< of a folder's row; empty for a configuration command, whose schema has them
  Asks asks = Asks::first;
  std::string_view alias = {};
  bool before_setup = false;
  bool built = false;                        ///< in this version
  const schema::Feature* feature = nullptr;  ///< the settings that it edits, or null
};

/// The one table of commands: the folders of src/commands, the features of the schema, and what is planned.
class Table {
 public:
  /// `schema` must outlive it.
  explicit Table(const schema::Schema& schema);

  /// In alphabetical order.
  [[nodiscard]] const std::vector<Command>& all() const { return all_; }
  /// By its name or its alias, whatever the case; null when there is none.
  [[nodiscard]] const Command* find(std::string_view name) const;

 private:
  std::vector<Command> all_;
};

/// The rows of the folders, from the list that the build writes.
std::vector<const Row*> folder_rows();

}  // namespace postern::commands
