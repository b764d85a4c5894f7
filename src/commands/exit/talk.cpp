#include "cli/shell/commands.h"

namespace postern::cli {

/// A shell and a script end before they run it (cli/shell/shell.cpp); a single line ends by itself.
int run_exit(Session& session, Arguments& arguments) {
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  return exit_ok;
}

}  // namespace postern::cli
