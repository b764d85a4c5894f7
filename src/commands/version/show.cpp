#include <fmt/format.h>

#include "commands/shows.h"

namespace postern::commands {

std::vector<std::string> show_version(const protocol::Json& answer) {
  using protocol::text_of;
  return {"Postern " + text_of(answer, "version"),
          fmt::format("Machine {} (Serial #: {})", text_of(answer, "host"), text_of(answer, "serial"))};
}

}  // namespace postern::commands
