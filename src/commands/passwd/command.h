#pragma once

#include "commands/command.h"

namespace postern::commands::passwd {

inline constexpr Row row{"passwd", Where::cluster, base::Role::guest, "Changes your passphrase.",
                         "passwd (asks: it needs a terminal, as of ssh -t)"};

}  // namespace postern::commands::passwd
