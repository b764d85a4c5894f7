#include "commands/suspendlistener/show.h"

namespace postern::commands {

std::vector<std::string> show_resumelistener(const protocol::Json& answer) { return show_switched(answer, "resumed"); }

}  // namespace postern::commands
