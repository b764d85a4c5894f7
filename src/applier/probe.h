#pragma once

#include "base/result.h"
#include "gateway/plan.h"

namespace postern::applier {

/// Speaks SMTP with a listener, from its own address, as far as RCPT: proves that it runs and that
/// its maps and restrictions work. A refusal (5xx) is an answer; silence, a temporary error or a
/// wrong greeting is not. Blocks for up to 20 s. Sends no mail. Postfix takes a new generation in a
/// moment after it is told to: until then, and while processes of the one before still answer, it
/// asks again.
base::Result<void> probe(const gateway::Probe& probe, std::uint64_t generation);

}  // namespace postern::applier
