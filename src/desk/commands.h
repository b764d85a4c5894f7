#pragma once

#include "cluster/fleet.h"

#include <string>
#include <string_view>
#include <vector>

/// The table of commands: where each may run, who may run it, whether this version has it (spec
/// C9-C13).
namespace postern::desk {

enum class Where {
  any,         ///< every mode (spec C12)
  cluster,     ///< cluster mode (C9)
  machine,     ///< machine mode, on the machine of the mode (C10)
  login_host,  ///< machine mode of the login host: needs its own files (C11)
};

struct Command {
  std::string_view name;
  Where where = Where::any;
  cluster::Role least = cluster::Role::operator_;
  bool needs_commit = false;
  bool built = false;        ///< in this version
  std::string_view feature;  ///< schema name of the settings it edits, or empty
  std::string_view help;     ///< one line
};

/// In alphabetical order.
const std::vector<Command>& command_table();
/// Case-insensitive, exact; null when there is none.
const Command* find_command(std::string_view name);

}  // namespace postern::desk
