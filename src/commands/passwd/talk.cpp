#include <fmt/format.h>

#include "cli/shell/commands.h"

namespace postern::cli {

int run_passwd(Session& session, Arguments& arguments) {
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  if (!session.may_ask()) return exit_usage;
  Console& console = session.console();
  session.line(fmt::format("Changing the passphrase of {}.", session.user));
  const auto old_one = console.ask_secret("Old passphrase: ");
  if (!old_one) return exit_ok;
  const auto new_one = console.ask_secret("New passphrase: ");
  if (!new_one) return exit_ok;
  const auto again = console.ask_secret("The new one again: ");
  if (!again) return exit_ok;
  if (*new_one != *again) {
    return session.fail(base::ErrorCode::invalid, "The two new passphrases differ: nothing was changed.");
  }
  JsonObject params;
  params["old"] = *old_one;
  params["new"] = *new_one;
  const auto answer = session.call("user.passwd", std::move(params));
  if (!answer) return session.last_exit;
  if (!session.printed_json(*answer)) {
    session.line("The passphrase is changed on all machines; there is no need to commit.");
  }
  return exit_ok;
}

}  // namespace postern::cli
