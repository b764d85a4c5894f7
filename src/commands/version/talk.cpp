#include <fmt/format.h>

#include "cli/commands.h"

namespace postern::cli {

int run_version(Session& session, Arguments& arguments) {
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const auto status = session.call("status", {});
  if (!status) return session.last_exit;
  JsonObject answer;
  answer["host"] = text_of(*status, "host");
  answer["serial"] = text_of(*status, "serial");
  answer["version"] = text_of(*status, "version");
  if (session.printed_json(answer)) return exit_ok;
  session.line("Postern " + text_of(*status, "version"));
  session.line(fmt::format("Machine {} (Serial #: {})", text_of(*status, "host"),
                           text_of(*status, "serial")));
  return exit_ok;
}

}  // namespace postern::cli
