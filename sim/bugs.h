#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::sim {

/// One planted bug of the cluster room (cluster/planted.h), by the name that --bug takes. Those of the driver are
/// in sim/saboteur.h.
struct Bug {
  const char* name;
  std::uint32_t mask;
};
const std::vector<Bug>& bugs();
/// Sets the mask that the planted build of the cluster room looks at. An empty name sets none; false for an
/// unknown one.
bool plant(std::string_view name);

}  // namespace postern::sim
