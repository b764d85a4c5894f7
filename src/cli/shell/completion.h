#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/session/session.h"

namespace postern::cli {

/// What could stand at the end of a command line that begins with `before`: names of commands; the words of the command's
/// forms; where a form says HOST, GROUP, MODE, FEATURE or COMMAND their names, and the keys of entries that are edited or
/// deleted. The desk is asked for names; when it does not answer, there are none.
std::vector<std::string> completions(Session& session, std::string_view before);

}  // namespace postern::cli
