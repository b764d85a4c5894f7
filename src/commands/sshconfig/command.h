#pragma once

#include "commands/command.h"

namespace postern::commands::sshconfig {

inline constexpr Row row{"sshconfig", Where::cluster, base::Role::administrator,
                         "Lists, adds and deletes the SSH keys with which users log in.",
                         "sshconfig userkey print [--user=NAME]\nsshconfig userkey new KEY [--user=NAME]\n"
                         "sshconfig userkey delete FINGERPRINT [--user=NAME]"};

}  // namespace postern::commands::sshconfig
