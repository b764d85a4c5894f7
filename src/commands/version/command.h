#pragma once

#include "commands/command.h"

namespace postern::commands::version {

inline constexpr Row row{"version", Where::machine, base::Role::guest, "Shows the version and the machine's serial number.",
                         "version"};

}  // namespace postern::commands::version
