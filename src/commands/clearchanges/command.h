#pragma once

#include "commands/command.h"

namespace postern::commands::clearchanges {

inline constexpr Row row{
    "clearchanges", Where::any, base::Role::operator_, "Drops all your pending changes, of all modes.", "clearchanges (or clear)",
    Asks::no,       "clear"};

}  // namespace postern::commands::clearchanges
