#include <utility>

#include "cli/shell/commands.h"
#include "cli/shell/script.h"

namespace postern::cli {

int run_batch(Session& session, Arguments& arguments) {
  const bool go_on = arguments.flag("continue");
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  if (session.queue != nullptr)
    return session.fail(base::ErrorCode::usage, "This is a script already: put the commands into it.");
  const bool interactive = std::exchange(session.interactive, false);
  const bool answered = std::exchange(session.answered, false);
  const int code = run_lines(session, {.json = session.json}, go_on);
  session.interactive = interactive;
  session.answered = answered;
  return code;
}

}  // namespace postern::cli
