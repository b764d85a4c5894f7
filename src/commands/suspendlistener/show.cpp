#include "commands/suspendlistener/show.h"

#include <fmt/format.h>

#include "base/words.h"

namespace postern::commands {
namespace {

std::string state_text(const protocol::Json& listener) {
  using protocol::member_of;
  const std::string state = protocol::text_of(listener, "state");
  if (member_of(listener, "there") == false) return state + ", and no listener has that name";
  if (member_of(listener, "in_force").is_null()) return state;
  const std::string now = protocol::text_of(listener, "in_force");
  return now.empty() ? state + ", not known to be in force" : fmt::format("{}, not in force: Postfix has it {}", state, now);
}

}  // namespace

std::vector<std::string> show_switched(const protocol::Json& answer, std::string_view done) {
  using protocol::text_of;
  std::vector<std::string> lines;
  const auto changed = protocol::texts_of(answer, "changed");
  lines.push_back(changed.empty() ? "Nothing was changed."
                                  : fmt::format("Receiving {} for {}.", done, base::join(changed, ", ")));
  if (const auto overtaken = protocol::texts_of(answer, "overtaken"); !overtaken.empty())
    lines.push_back(fmt::format("Another command has come after this one for {}.", base::join(overtaken, ", ")));
  if (protocol::member_of(answer, "kept") == false)
    lines.emplace_back("The disk has not taken it yet. What it does not take has no effect, and this machine's log says so.");
  else if (protocol::flag_of(answer, "under_way"))
    lines.emplace_back("The mail engine is still taking it: status shows when it is in force.");
  for (const auto& each : protocol::items_of(answer, "listeners"))
    lines.push_back(fmt::format("{}: {}", text_of(each, "name"), state_text(each)));
  return lines;
}

std::vector<std::string> show_suspendlistener(const protocol::Json& answer) { return show_switched(answer, "suspended"); }

}  // namespace postern::commands
