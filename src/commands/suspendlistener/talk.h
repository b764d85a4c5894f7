#pragma once

#include "cli/shell/commands.h"

namespace postern::cli {

/// suspendlistener and resumelistener: listeners by name, "all", or a choice out of those that the machine of the mode has.
/// Exit code.
int switch_listeners(Session& session, Arguments& arguments, std::string_view command, std::string_view verb);

}  // namespace postern::cli
