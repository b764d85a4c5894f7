#pragma once

#include "commands/command.h"

namespace postern::commands::nslookup {

inline constexpr Row row{"nslookup", Where::machine, base::Role::guest,
                         "Asks the machine's DNS servers about a name or an address.",
                         "nslookup HOST [a|aaaa|cname|mx|ns|ptr|soa|txt]"};

}  // namespace postern::commands::nslookup
