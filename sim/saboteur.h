#pragma once

#include <cstddef>
#include <cstdint>

#include "cluster/effects.h"

namespace postern::sim {

/// Bugs planted in the driver instead of in the cluster room: what a broken store, transport or desk would do.
/// They prove the laws that no bug of the room alone can break.
enum class Sabotage {
  none,
  lying_disk,       ///< a flush is reported before its sync
  forgetful_disk,   ///< a power cut takes what was synced
  altering_store,   ///< a stored signature is not the one that was given
  valueless_store,  ///< values are not stored
  lost_answer,      ///< some answers never reach the administrator
  false_no,         ///< "in doubt" is told as "refused"
  counts_everyone,  ///< "on k of n machines" is always n of n
  wrong_answer,     ///< "committed" names another commit
  false_conflict,   ///< "committed" is told as a conflict
  early_ship,       ///< what is staged is shipped as durable
  deaf,             ///< one machine never hears commits
  babbler,          ///< everything is sent many times
};

/// What the driver makes of a step's effects before it carries them out and before the laws see them.
void sabotage_effects(Sabotage what, cluster::Effects& effects, std::uint64_t draw);
/// True for an event that the driver loses.
bool sabotage_event(Sabotage what, const cluster::Event& event, std::size_t machine);

}  // namespace postern::sim
