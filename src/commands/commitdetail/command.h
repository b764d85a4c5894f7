#pragma once

#include "commands/command.h"

namespace postern::commands::commitdetail {

inline constexpr Row row{"commitdetail",          Where::any,
                         base::Role::guest,       "Shows what a commit changed, and which machines have it.",
                         "commitdetail [COMMIT]", Asks::no};

}  // namespace postern::commands::commitdetail
