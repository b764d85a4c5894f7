#pragma once

#include <string_view>

#include "line/line.h"

namespace postern::features {

/// What the feature's line.cpp says of its one-line form; null where the schema says all. Lifetime: the program's.
const line::Line* line_of(std::string_view feature);

}  // namespace postern::features
