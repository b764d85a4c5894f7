#pragma once

#include "base/result.h"
#include "gateway/plan.h"

namespace postern::applier {

/// Speaks SMTP with a listener, from its own address, as far as RCPT: proves that it runs and that its maps and
/// restrictions work. A refusal (5xx) is an answer; silence, a temporary error or a wrong greeting is not. Blocks
/// for up to 20 s. Sends no mail.
base::Result<void> probe(const gateway::Probe& probe);

}  // namespace postern::applier
