#pragma once

#include "base/result.h"
#include "gateway/plan.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::applier {

/// How an smtpd shows that it has read the files in force: its refusal of `name`@probe_domain names
/// `generation`.
struct Mark {
  std::uint64_t generation = 0;
  std::string name;  ///< empty: nothing can be proved
};

enum class Proof : unsigned char {
  proved,       ///< it answers with the files in force, and its maps and restrictions work
  broken,       ///< it says so itself: system incorrectly configured (X.3.5 of RFC 3463)
  not_provable  ///< no answer, or a temporary one: the host's trouble as well as the files'
};

struct Probed {
  Proof proof = Proof::proved;
  std::string why;     ///< a sentence or more, printable; empty when proved
  bool early = false;  ///< not open yet, or the files before still answer: waiting may help
};

/// Speaks SMTP with a listener, from its own address, as far as RCPT. A refusal (5xx) is an answer;
/// a host access table that refuses this host at the greeting proves that the listener speaks, no
/// more. Sends no mail. Postfix takes new files in a moment after it is told to: within `patience`
/// it asks again, with doubling pauses; a temporary answer is asked again for a second at most,
/// since each asking costs lines in mail.log. Blocks for up to 20 s more than `patience`.
Probed probe(const gateway::Probe& probe, const Mark& mark, std::chrono::milliseconds patience);

/// Nothing, or the error taken: another program listens there. What cannot be tried (no such address,
/// no right to that port) is no error.
base::Result<void> port_is_free(const gateway::Probe& probe);

/// Whether something listens at each of the probes' addresses and ports: read from the kernel's
/// tables, without a connection. True when they cannot be read.
bool all_listen(const std::vector<gateway::Probe>& probes);

}  // namespace postern::applier
