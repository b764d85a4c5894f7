#include "commands/shows.h"

#include <fmt/format.h>

namespace postern::commands {

void add_fact(std::vector<std::string>& lines, std::string_view name, const std::string& value) {
  if (!value.empty()) lines.push_back(fmt::format("{:<14} {}", std::string(name) + ":", value));
}

}  // namespace postern::commands
