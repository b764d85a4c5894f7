#pragma once

#include "commands/command.h"

namespace postern::commands::suspendlistener {

inline constexpr Row row{"suspendlistener", Where::machine, base::Role::operator_,
                         "Has listeners take no connections until they are resumed; sessions that are open on them end.",
                         "suspendlistener all|LISTENER…"};

}  // namespace postern::commands::suspendlistener
