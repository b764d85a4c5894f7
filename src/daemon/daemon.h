#pragma once

#include <string>

#include "base/result.h"

namespace postern::daemon {

/// "0.1.0".
std::string version_text();

/// Runs the machine in DIR until SIGTERM or SIGINT. Its files: DIR/posternd.db, DIR/run/{desk,hands}.sock, DIR/mta.
/// Errors: what kept it from starting.
base::Result<void> run(const std::string& directory);

}  // namespace postern::daemon
