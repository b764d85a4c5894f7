#pragma once

#include "commands/shows.h"

namespace postern::commands {

/// "Receiving suspended for InboundMail.", and how all listeners of the machine are now.
std::vector<std::string> show_switched(const protocol::Json& answer, std::string_view done);

}  // namespace postern::commands
