#pragma once

#include <cstdint>
#include <string>

#include "cluster/peer.h"
#include "gateway/plan.h"

namespace postern::machine {

/// What a machine is told at its start, and does not change.
struct Terms {
  std::string version;   ///< package version, e.g. "0.1.0"
  gateway::Facts facts;  ///< host_name and addresses are filled in from the fleet and the host
  cluster::Tuning tuning;
  std::int64_t dial_back_ms = 5'000;      ///< the higher member id dials after this long without a link
  std::int64_t join_lapse_ms = 600'000;   ///< an admission not taken up by then is removed again
  std::int64_t join_idle_ms = 300'000;    ///< a join in which nothing moves for so long ends, at both sides
  std::int64_t join_most_ms = 7'200'000;  ///< the longest that one is sponsored
};

}  // namespace postern::machine
