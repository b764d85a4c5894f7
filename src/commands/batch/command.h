#pragma once

#include "commands/command.h"

namespace postern::commands::batch {

inline constexpr Row row{"batch",
                         Where::any,
                         base::Role::guest,
                         "Runs the commands of a script on standard input, until the first that fails.",
                         "batch [--continue] (then a command a line; # begins a comment)",
                         Asks::no};

}  // namespace postern::commands::batch
