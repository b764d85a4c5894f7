#pragma once

#include <string>

#include "base/result.h"

namespace postern::daemon {

/// Runs the machine in DIR until SIGTERM or SIGINT. Its files: DIR/posternd.db, DIR/run/{desk,hands}.sock, DIR/mta.
/// Where there is no machine yet only the desk opens, for systemsetup at the console, and the machine goes on from
/// there; `host_name` is then proposed, and may be empty. Errors: what kept it from starting.
base::Result<void> run(const std::string& directory, const std::string& host_name);

}  // namespace postern::daemon
