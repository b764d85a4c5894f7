#pragma once

#include <compare>

#include "base/ids.h"

namespace postern::base {

/// The three levels of settings, far to near: a nearer definition wins (spec M3).
enum class Level : std::uint8_t { cluster = 0, group = 1, machine = 2 };

/// "cluster", "group", "machine".
const char* level_name(Level level);
Result<Level> parse_level(std::string_view name);

/// A named member of a level, by identity: the cluster's own ClusterId, a GroupId or a MemberId. Its
/// name is looked up in the fleet (cluster/fleet.h) whenever it is shown.
struct Mode {
  Level level = Level::cluster;
  Uuid id;

  friend auto operator<=>(const Mode&, const Mode&) = default;
};

}  // namespace postern::base
