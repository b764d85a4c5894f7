#pragma once

#include "commands/command.h"

namespace postern::commands::resumelistener {

inline constexpr Row row{"resumelistener", Where::machine, base::Role::operator_,
                         "Has suspended listeners take connections again.", "resumelistener all|LISTENER…"};

}  // namespace postern::commands::resumelistener
