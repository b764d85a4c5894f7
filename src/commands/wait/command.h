#pragma once

#include "commands/command.h"

namespace postern::commands::wait {

inline constexpr Row row{"wait",
                         Where::any,
                         base::Role::guest,
                         "Waits until every machine that is linked has applied a commit.",
                         "wait COMMIT [--seconds=N]",
                         Asks::no};

}  // namespace postern::commands::wait
