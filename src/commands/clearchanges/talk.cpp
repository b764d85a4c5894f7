#include <fmt/format.h>

#include "cli/shell/commands.h"
#include "cli/dialogue/questions.h"

namespace postern::cli {

int run_clearchanges(Session& session, Arguments& arguments) {
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  if (session.interactive) {
    const auto sure = ask_yes_no(session, "Do you want to drop all your pending changes, of all modes?", false);
    if (!sure.value_or(false)) return exit_ok;
  }
  const auto answer = session.call("changes.clear", {});
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  const long dropped = number_of(*answer, "dropped");
  session.line(dropped == 0 ? std::string("There were no pending changes.")
                            : fmt::format("Dropped: {} pending {}.", dropped, dropped == 1 ? "change" : "changes"));
  return exit_ok;
}

}  // namespace postern::cli
