#include "commands/shows.h"

#include <fmt/format.h>

namespace postern::commands {

void add_fact(std::vector<std::string>& lines, std::string_view name, const std::string& value) {
  if (!value.empty()) lines.push_back(fmt::format("{:<14} {}", std::string(name) + ":", value));
}

std::string queue_text(const protocol::Json& queue) {
  using protocol::number_of;
  return fmt::format("{} active, {} deferred, {} on hold", number_of(queue, "active"), number_of(queue, "deferred"),
                     number_of(queue, "hold"));
}

}  // namespace postern::commands
