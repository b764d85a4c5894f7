#pragma once

#include "commands/site.h"

namespace postern::commands {

/// What suspendlistener and resumelistener do. Parameters: `listeners`, names; without it nothing is changed. The answer is
/// {"listeners":[{"name","state"}…],"changed":[NAME…],"under_way":bool,"overtaken":[NAME…]}: `overtaken`, those that another
/// command has suspended or resumed since; `under_way` when the mail engine was not done in 2.5 s.
void switch_listeners(const Site& site, protocol::Params& parameters, bool suspend, const Answer& answer);

}  // namespace postern::commands
