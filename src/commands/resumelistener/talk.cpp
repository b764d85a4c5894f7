#include "commands/suspendlistener/talk.h"

namespace postern::cli {

int run_resumelistener(Session& session, Arguments& arguments) {
  return switch_listeners(session, arguments, "resumelistener", "resume");
}

}  // namespace postern::cli
