#pragma once

#include "commands/command.h"

namespace postern::commands::logconfig {

inline constexpr Row row{"logconfig",
                         Where::any,
                         base::Role::administrator,
                         "Shows the fingerprint of this machine's host key.",
                         "logconfig hostkeyconfig fingerprint",
                         Asks::no};

}  // namespace postern::commands::logconfig
