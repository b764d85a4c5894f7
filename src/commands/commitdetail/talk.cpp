#include <fmt/format.h>

#include "cli/shell/commands.h"
#include "cli/session/progress.h"

namespace postern::cli {
namespace {

void print_writes(Session& session, const Json& detail) {
  for (const auto& write : items_of(detail, "writes")) {
    const std::string kind = text_of(write, "kind");
    session.line(fmt::format("{} at {}{}{}", text_of(write, "title"), text_of(write, "label"),
                             kind.empty() || kind == "settings" ? "" : fmt::format(" ({})", kind),
                             flag_of(write, "in_effect") ? "" : ", no longer in effect"));
    for (const auto& line : texts_of(write, "lines")) session.line("  " + line);
  }
}

}  // namespace

int run_commitdetail(Session& session, Arguments& arguments) {
  JsonObject params;
  if (const auto commit = arguments.take()) params["commit"] = *commit;
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const auto answer = session.call("commit.detail", std::move(params));
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  session.line("Commit " + text_of(*answer, "commit"));
  session.line(
      fmt::format("Committed {} by {} on {}", time_of(*answer, "time"), text_of(*answer, "user"), text_of(*answer, "host")));
  const std::string comment = text_of(*answer, "comment");
  if (!comment.empty()) session.line("Comment: " + comment);
  session.line("");
  print_writes(session, *answer);
  session.line("");
  session.line("Machines:");
  print_progress(session, *answer);
  return exit_ok;
}

}  // namespace postern::cli
