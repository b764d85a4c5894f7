#pragma once

#include "commands/command.h"

namespace postern::commands::stats {

inline constexpr Row row{"stats", Where::any, base::Role::guest, "Shows the daemon's counters.", "stats", Asks::no};

}  // namespace postern::commands::stats
