#pragma once

#include "commands/command.h"

namespace postern::commands::exit {

inline constexpr Row row{
    "exit", Where::any, base::Role::guest, "Ends the session. What is pending stays pending.", "exit", Asks::no, "quit", true};

}  // namespace postern::commands::exit
