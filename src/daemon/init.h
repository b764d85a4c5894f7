#pragma once

#include <string>

#include "base/result.h"
#include "desk/setup/new_machine.h"

namespace postern::daemon {

/// DIR/posternd.db: a machine is set up when it is there.
std::string store_path(const std::string& directory);

/// `posternd init` and systemsetup alike: checks what was told, draws keys, makes DIR/posternd.db with a standalone
/// machine in it, all of it or nothing. Errors: exists (never overwritten), busy (somebody else is setting it up),
/// invalid, io.
base::Result<void> init(const std::string& directory, const desk::NewMachine& told, const std::string& passphrase);

}  // namespace postern::daemon
