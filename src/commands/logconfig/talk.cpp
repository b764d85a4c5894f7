#include <fmt/format.h>

#include "cli/shell/commands.h"
#include "cli/dialogue/questions.h"

/// logconfig -> HOSTKEYCONFIG -> FINGERPRINT.
namespace postern::cli {
namespace {

int print_fingerprint(Session& session) {
  const auto answer = session.call("host.fingerprint", {});
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  const std::string sha256 = text_of(*answer, "sha256");
  session.line("Public host key fingerprint: " + (sha256.starts_with("SHA256:") ? sha256 : "SHA256:" + sha256));
  session.line("As MD5, for comparison: " + text_of(*answer, "md5"));
  return exit_ok;
}

}  // namespace

int run_logconfig(Session& session, Arguments& arguments) {
  const std::vector<Operation> menus[] = {
      {{"HOSTKEYCONFIG", "Configure SSH host keys."}},
      {{"FINGERPRINT", "Display the fingerprint of this machine's host key."}},
  };
  for (const auto& menu : menus) {
    if (const auto typed = arguments.take()) {
      const auto operation = by_prefix({menu.front().name}, *typed, fmt::format("built here: {}", lower(menu.front().name)));
      if (!operation) return session.fail(operation.error());
    } else if (!session.json && !ask_operation(session, menu)) {
      return exit_ok;
    }
  }
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  return print_fingerprint(session);
}

}  // namespace postern::cli
