#pragma once

#include <string_view>

#include "base/role.h"

/// One command's row: its folder's command.h defines `row` in a namespace of the command's name. Help, docs/COMMANDS.md,
/// completion, roles and modes are made from it, at the desk and in the CLI alike. Configuration commands have no
/// folder here: their rows are made from the schema (src/features/NAME/NAME.yang).
namespace postern::commands {

/// The modes in which a command may run.
enum class Where {
  any,         ///< every mode (spec C12)
  cluster,     ///< cluster mode (C9)
  machine,     ///< machine mode, on the machine of the mode (C10)
  login_host,  ///< machine mode of the login host: it needs that machine's own files (C11)
};

/// Whether the CLI asks the desk before it runs the command: in a shell the person is offered another mode then.
enum class Asks { first, no };

struct Row {
  std::string_view name;
  Where where = Where::any;
  base::Role least = base::Role::operator_;
  std::string_view summary;     ///< what it does, a sentence
  std::string_view forms = {};  ///< the one-line forms, one a line
  Asks asks = Asks::first;
  std::string_view alias = {};
  bool before_setup = false;  ///< also on a machine that is not set up
};

}  // namespace postern::commands
