#pragma once

#include "desk/state.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Machine commands that run here for whoever sits at any machine of the fleet (docs/DESK.md, command.run).
namespace postern::desk {

/// For whom a command runs here. Role and mode are decided before.
struct Runner {
  base::UserId user;        ///< nil: a console
  std::string pending_key;  ///< of the pending set here that is the user's; empty: none can be
  base::Mode mode;          ///< whose settings the answer is about
};
/// To be called once, at once or later.
using RunAnswer = std::function<void(Checked<json::value>)>;

/// A machine command that can be asked for from another machine: one line of the list makes it so.
struct Runnable {
  std::string_view command;  ///< its name in the table of commands
  void (*run)(State&, const Runner&, Params&, const RunAnswer&);
};
const std::vector<Runnable>& runnables();
/// By the command's name; null when it cannot be run so.
const Runnable* find_runnable(std::string_view command);

/// For whom a session's commands run at its own machine.
Runner runner_of(const State& state, const Session& session, const base::Mode& mode);
/// What `version` answers about this machine.
json::object version_of(const State& state);
/// What `status` does. `done` comes once, when the data plane is measured; never when the desk ends before.
void status_of(State& state, const Runner& runner, std::function<void(json::object)> done);

/// A question of another machine's desk; `answer` gets what that desk's `command.run` makes its answer of. Role, command and
/// texts are checked here, whatever was checked there.
void run_asked(State& state, const base::MemberId& from, std::string_view body, const std::function<void(std::string)>& answer);

}  // namespace postern::desk
