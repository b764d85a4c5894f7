#include "sim/bugs.h"

#include "cluster/planted.h"

namespace postern::sim {
namespace {

constexpr std::uint32_t mask_of(cluster::Planted bug) { return 1U << static_cast<unsigned>(bug); }

}  // namespace

const std::vector<Bug>& bugs() {
  using cluster::Planted;
  static const std::vector<Bug> all = {
      {"ack-before-sync", mask_of(Planted::ack_before_sync)},
      {"visible-before-durable", mask_of(Planted::visible_before_durable)},
      {"flush-failure-keeps-incarnation", mask_of(Planted::flush_failure_keeps_incarnation)},
      {"ignore-context", mask_of(Planted::ignore_context)},
      {"wall-clock-winner", mask_of(Planted::wall_clock_winner)},
      {"unbounded-stamps", mask_of(Planted::unbounded_stamps)},
      {"half-commit", mask_of(Planted::half_commit)},
      {"base-is-shown", mask_of(Planted::base_is_shown)},
      {"delete-heads-only", mask_of(Planted::delete_heads_only)},
      {"no-request-key", mask_of(Planted::no_request_key)},
      {"no-chain-check", mask_of(Planted::no_chain_check)},
  };
  return all;
}

bool plant(std::string_view name) {
  cluster::planted_mask = 0;
  if (name.empty()) return true;
  for (const Bug& bug : bugs())
    if (name == bug.name) {
      cluster::planted_mask = bug.mask;
      return true;
    }
  return false;
}

}  // namespace postern::sim
