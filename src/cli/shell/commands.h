#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/session/session.h"
#include "cli/line/words.h"
#include "commands/table.h"

namespace postern::cli {

/// What a command does: exit code. Errors have been told when it returns.
using Run = int (*)(Session&, Arguments&);
/// The talk.cpp of the command's folder; null when there is none, and then it takes no words. Its function is run_NAME.
Run talk_of(std::string_view command);

/// By its name, an alias or a unique prefix. Errors: usage, naming what it could be.
base::Result<const commands::Command*> find_command(const commands::Table& table, std::string_view typed);
/// All its one-line forms: its row's, or those of its settings, and what all configuration commands have.
std::vector<std::string> forms_of(const Session& session, const commands::Command& command);

/// Runs a command on the machine of the mode and shows its answer as its folder's show.cpp has it. Exit code.
int run_and_show(Session& session, std::string_view command, JsonObject parameters);

/// The line that says a thing is known but not built; exit code 1.
int not_in_this_version(Session& session, std::string_view what);
/// Tells a usage error together with the command's forms; exit code 2.
int misused(Session& session, const base::Error& error, const std::vector<std::string>& forms);

/// Asks the desk whether `command` may run in the session's mode. In a shell offers to switch to the
/// mode it is restricted to; in a batch fails with exit code 3. exit_ok: go on.
int allowed_here(Session& session, std::string_view command);

}  // namespace postern::cli
