#include "cli/shell/commands.h"
#include "cli/dialogue/questions.h"

namespace postern::cli {

int run_clustermode(Session& session, Arguments& arguments) {
  std::string mode = arguments.take_rest();
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  if (mode.empty()) {
    if (!session.interactive) {
      return session.fail(base::ErrorCode::usage, "Say which mode: cluster, group NAME, or machine HOST.");
    }
    const auto yes = ask_yes_no(session, "Would you like to switch to \"cluster\" mode?", true,
                                "clustermode group NAME and clustermode machine HOST switch to other modes.");
    if (!yes.value_or(false)) return exit_ok;
    mode = "cluster";
  }
  const int code = session.switch_mode(mode);
  if (code == exit_ok && session.json) {
    JsonObject answer;
    answer["mode"] = session.mode;
    answer["label"] = session.label;
    session.line(to_line(answer));
  }
  return code;
}

}  // namespace postern::cli
