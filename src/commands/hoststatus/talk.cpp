#include "cli/shell/commands.h"
#include "cli/dialogue/questions.h"

namespace postern::cli {

int run_hoststatus(Session& session, Arguments& arguments) {
  auto domain = arguments.take();
  if (const auto finished = arguments.finished(); !finished) return misused(session, finished.error(), {"hoststatus DOMAIN"});
  if (!domain) {
    if (!session.interactive) return session.fail(base::ErrorCode::usage, "Say which domain: hoststatus DOMAIN.");
    domain = ask_needed(session, "Enter the recipient domain.");
    if (!domain) return exit_ok;
  }
  return run_and_show(session, "hoststatus", {{"host", *domain}});
}

}  // namespace postern::cli
