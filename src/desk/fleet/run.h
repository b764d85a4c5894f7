#pragma once

#include "commands/site.h"
#include "desk/door/state.h"

#include <functional>
#include <string>
#include <string_view>

/// Machine commands that run here for whoever sits at any machine of the fleet (docs/DESK.md, command.run).
namespace postern::desk {

/// For whom a session's commands run at its own machine.
commands::Caller caller_of(const State& state, const Session& session, const base::Mode& mode);
/// Runs a command whose folder has a run.cpp. Role and mode are decided before; `answer` comes once, at once or later.
void run_here(State& state, std::string_view command, const commands::Caller& caller, Params& params,
              const commands::Answer& answer);

/// A question of another machine's desk; `answer` gets what that desk's `command.run` makes its answer of. Role, command and
/// texts are checked here, whatever was checked there.
void run_asked(State& state, const base::MemberId& from, std::string_view body, const std::function<void(std::string)>& answer);

}  // namespace postern::desk
