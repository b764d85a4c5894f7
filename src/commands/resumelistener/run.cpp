#include "commands/suspendlistener/run.h"

namespace postern::commands {

void run_resumelistener(const Site& site, const Caller&, protocol::Params& parameters, const Answer& answer) {
  switch_listeners(site, parameters, false, answer);
}

}  // namespace postern::commands
