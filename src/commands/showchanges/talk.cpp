#include <fmt/format.h>

#include "cli/shell/commands.h"

namespace postern::cli {

int run_showchanges(Session& session, Arguments& arguments) {
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const auto answer = session.call("changes.show", {});
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  const auto changes = items_of(*answer, "changes");
  if (changes.empty()) session.line("There are no pending changes.");
  for (const auto& change : changes) {
    session.line(fmt::format("{} at {}:", text_of(change, "title"), text_of(change, "label")));
    for (const auto& line : texts_of(change, "lines")) session.line("  " + line);
  }
  return exit_ok;
}

}  // namespace postern::cli
