#include <fmt/format.h>

#include "cli/commands.h"

namespace postern::cli {

int run_version(Session& session, Arguments& arguments) {
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const auto version = session.call("command.run", {{"command", "version"}});
  if (!version) return session.last_exit;
  JsonObject answer;
  for (const char* name : {"host", "serial", "version"}) answer[name] = text_of(*version, name);
  if (session.printed_json(answer)) return exit_ok;
  session.line("Postern " + text_of(*version, "version"));
  session.line(fmt::format("Machine {} (Serial #: {})", text_of(*version, "host"), text_of(*version, "serial")));
  return exit_ok;
}

}  // namespace postern::cli
