#include "base/mode.h"

namespace postern::base {

const char* level_name(Level level) {
  switch (level) {
    case Level::cluster: return "cluster";
    case Level::group: return "group";
    case Level::machine: return "machine";
  }
  return "cluster";
}

Result<Level> parse_level(std::string_view name) {
  for (const Level level : {Level::cluster, Level::group, Level::machine})
    if (name == level_name(level)) return level;
  return fail(ErrorCode::usage, "Not a level: " + std::string(name) + ". The levels are cluster, group and machine.");
}

}  // namespace postern::base
