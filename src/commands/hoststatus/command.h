#pragma once

#include "commands/command.h"

namespace postern::commands::hoststatus {

inline constexpr Row row{"hoststatus", Where::machine, base::Role::guest,
                         "Shows what waits for one recipient domain, and where its mail goes.", "hoststatus DOMAIN"};

}  // namespace postern::commands::hoststatus
