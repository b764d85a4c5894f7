#include "cli/session/progress.h"

#include <fmt/format.h>

#include "cli/line/words.h"

namespace postern::cli {

void print_progress(Session& session, const Json& answer) {
  for (const auto& machine : items_of(answer, "machines")) {
    std::string state = "not received";
    if (flag_of(machine, "received")) state = "received, not applied";
    if (flag_of(machine, "applied")) state = "received, applied";
    const std::string problem = text_of(machine, "problem");
    session.line(fmt::format("  {}: {}{}{}", text_of(machine, "host"), state, problem.empty() ? "" : ": ", problem));
  }
}

base::Result<long> seconds_to_wait(const std::string& option, const std::string& value) {
  const auto seconds = whole_number(value.empty() ? "30" : value);
  if (seconds) return *seconds;
  return base::fail(base::ErrorCode::usage,
                    fmt::format("--{} takes a number of seconds, as in --{}=60, not \"{}\".", option, option, value));
}

int wait_until_applied(Session& session, const std::string& commit, long seconds, JsonObject beside) {
  JsonObject params;
  params["commit"] = commit;
  params["seconds"] = seconds;
  const auto answer = session.call("commit.wait", std::move(params));
  if (!answer) {
    if (!beside.empty()) session.printed_json(beside);  // what is done is told all the same
    return session.last_exit;
  }
  const bool done = flag_of(*answer, "done");
  for (const auto& [name, value] : answer->as_object()) beside[name] = value;
  if (session.printed_json(beside)) return done ? exit_ok : exit_failed;
  print_progress(session, *answer);
  if (!done) session.warn(fmt::format("Not applied everywhere after {} seconds.", seconds));
  return done ? exit_ok : exit_failed;
}

}  // namespace postern::cli
