#include "cli/shell/commands.h"
#include "cli/session/progress.h"

namespace postern::cli {

int run_wait(Session& session, Arguments& arguments) {
  const auto commit = arguments.take();
  const auto seconds = seconds_to_wait("seconds", arguments.value("seconds").value_or(""));
  if (!seconds) return session.fail(seconds.error());
  if (!commit || !arguments.finished())
    return session.fail(base::ErrorCode::usage, "Say for which commit: wait COMMIT [--seconds=N].");
  return wait_until_applied(session, *commit, *seconds, {});
}

}  // namespace postern::cli
