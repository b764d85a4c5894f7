#pragma once

#include "commands/command.h"

namespace postern::commands::help {

inline constexpr Row row{
    "help", Where::any, base::Role::guest, "Shows the commands, or the forms of one.", "help [COMMAND] [--all]", Asks::no,
    "?",    true};

}  // namespace postern::commands::help
