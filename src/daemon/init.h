#pragma once

#include <string>

#include "base/result.h"
#include "machine/birth.h"

namespace postern::daemon {

/// `posternd init`: draws keys, makes DIR/posternd.db with a standalone machine in it. Errors: exists (the file is
/// there already: never overwritten), invalid, io.
base::Result<void> init(const std::string& directory, machine::Birth birth, const std::string& passphrase);

}  // namespace postern::daemon
