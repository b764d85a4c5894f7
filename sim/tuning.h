#pragma once

#include "cluster/peer.h"

namespace postern::sim {

/// As in production but for the pings, which are nearer together so that dead links are found within a
/// minute; the deadline still allows a round trip of 10 s.
inline cluster::Tuning tuning() {
  cluster::Tuning out;
  out.ping_ms = 20'000;
  out.ping_deadline_ms = 12'000;
  out.pings_missed = 2;
  out.held_bytes = 8U << 20;
  out.chains_burst = 12;
  out.chain_refill_ms = 3'000;
  return out;
}

}  // namespace postern::sim
