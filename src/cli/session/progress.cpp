#include "cli/session/progress.h"

#include <fmt/format.h>

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

}  // namespace postern::cli
