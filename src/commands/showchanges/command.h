#pragma once

#include "commands/command.h"

namespace postern::commands::showchanges {

inline constexpr Row row{"showchanges", Where::any, base::Role::guest, "Shows your pending changes.", "showchanges", Asks::no};

}  // namespace postern::commands::showchanges
