#include "commands/suspendlistener/show.h"

#include <fmt/format.h>

#include "base/words.h"

namespace postern::commands {

std::vector<std::string> show_switched(const protocol::Json& answer, std::string_view done) {
  using protocol::text_of;
  std::vector<std::string> lines;
  const auto changed = protocol::texts_of(answer, "changed");
  lines.push_back(changed.empty() ? "Nothing was changed."
                                  : fmt::format("Receiving {} for {}.", done, base::join(changed, ", ")));
  if (protocol::flag_of(answer, "under_way"))
    lines.emplace_back("The mail engine is still taking it: status shows when it is in force.");
  for (const auto& each : protocol::items_of(answer, "listeners"))
    lines.push_back(fmt::format("{}: {}", text_of(each, "name"), text_of(each, "state")));
  return lines;
}

std::vector<std::string> show_suspendlistener(const protocol::Json& answer) { return show_switched(answer, "suspended"); }

}  // namespace postern::commands
