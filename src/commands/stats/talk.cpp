#include <fmt/format.h>

#include "base/printable.h"
#include "cli/shell/commands.h"

namespace postern::cli {

int run_stats(Session& session, Arguments& arguments) {
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const auto stats = session.call("stats", {});
  if (!stats) return session.last_exit;
  if (session.printed_json(*stats)) return exit_ok;
  const Json counters = member_of(*stats, "counters");
  if (!counters.is_object()) return exit_ok;
  for (const auto& [name, value] : counters.get_object()) {
    session.line(fmt::format("{:<32} {}", base::printable_line(name), to_line(value)));
  }
  return exit_ok;
}

}  // namespace postern::cli
