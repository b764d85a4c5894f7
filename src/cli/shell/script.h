#pragma once

#include "cli/session/session.h"
#include "cli/shell/shell.h"

namespace postern::cli {

/// Runs the lines that the session's console gives without being asked, until the first that fails; with `go_on` until
/// the end. The first exit code that is not 0.
int run_lines(Session& session, const Options& options, bool go_on);

}  // namespace postern::cli
