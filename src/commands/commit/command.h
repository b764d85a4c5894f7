#pragma once

#include "commands/command.h"

namespace postern::commands::commit {

inline constexpr Row row{"commit",
                         Where::any,
                         base::Role::operator_,
                         "Commits all your pending changes, of all modes.",
                         "commit [COMMENT] [--force] [--wait[=SECONDS]]\ncommit check\ncommit resolve merge|mine|discard",
                         Asks::no};

}  // namespace postern::commands::commit
