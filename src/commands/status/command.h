#pragma once

#include "commands/command.h"

namespace postern::commands::status {

inline constexpr Row row{"status", Where::machine, base::Role::guest, "Shows the state of the machine.", "status"};

}  // namespace postern::commands::status
