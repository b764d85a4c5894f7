#include <fmt/format.h>

#include "cli/shell/commands.h"
#include "cli/session/progress.h"

namespace postern::cli {

int run_wait(Session& session, Arguments& arguments) {
  const auto commit = arguments.take();
  const auto seconds = whole_number(arguments.option("seconds").value_or("30"));
  if (!commit || !seconds || !arguments.finished()) {
    return session.fail(base::ErrorCode::usage, "Say for which commit: wait COMMIT [--seconds=N].");
  }
  JsonObject params;
  params["commit"] = *commit;
  params["seconds"] = *seconds;
  const auto answer = session.call("commit.wait", std::move(params));
  if (!answer) return session.last_exit;
  const bool done = flag_of(*answer, "done");
  if (session.printed_json(*answer)) return done ? exit_ok : exit_failed;
  print_progress(session, *answer);
  if (!done) session.warn(fmt::format("Not applied everywhere after {} seconds.", *seconds));
  return done ? exit_ok : exit_failed;
}

}  // namespace postern::cli
