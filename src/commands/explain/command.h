#pragma once

#include "commands/command.h"

namespace postern::commands::explain {

inline constexpr Row row{"explain",         Where::any, base::Role::guest, "Shows which mode supplies a feature's settings here.",
                         "explain FEATURE", Asks::no};

}  // namespace postern::commands::explain
