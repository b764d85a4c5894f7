#pragma once

#include "commands/command.h"

namespace postern::commands::systemsetup {

inline constexpr Row row{"systemsetup",
                         Where::any,
                         base::Role::administrator,
                         "Sets up a machine that is not set up yet, at its console.",
                         "systemsetup (asks)\n"
                         "systemsetup --host-name=HOST --address=ADDRESS/LEN [--interface=NAME] [--ssh-port=N] [--https-port=N]\n"
                         "    [--public-port=N|0] [--private-port=N|0] [--relay=HOSTS] [--dns=IP,IP] [--bind=ADDRESS]\n"
                         "    (then the passphrase)",
                         Asks::no,
                         {},
                         true};

}  // namespace postern::commands::systemsetup
