#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/saboteur.h"

namespace postern::sim {

/// A bug that --bug plants, in the cluster room (cluster/planted.h) or in the driver (sim/saboteur.h), and the
/// law that must object to it within `mutant_seeds` seeds.
struct Bug {
  const char* name;
  const char* law;
  std::uint64_t mask;  ///< of the room's planted bugs
  Sabotage sabotage;
};
const std::vector<Bug>& bugs();
constexpr std::uint64_t mutant_seeds = 100;

/// Null for an unknown name.
const Bug* find_bug(std::string_view name);
/// Sets the mask that the planted build of the cluster room looks at; nothing for an empty name.
void plant(std::string_view name);

}  // namespace postern::sim
