#pragma once

#include "commands/command.h"

namespace postern::commands::clustermode {

inline constexpr Row row{"clustermode",
                         Where::any,
                         base::Role::guest,
                         "Switches to another mode.",
                         "clustermode cluster\nclustermode group NAME\nclustermode machine HOST",
                         Asks::no};

}  // namespace postern::commands::clustermode
