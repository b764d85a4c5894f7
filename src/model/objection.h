#pragma once

#include <string>
#include <vector>

#include "model/tree.h"

namespace postern::model {

/// What makes settings that are sound by their schema unfit to take effect (contract 2.10: `check`). A machine keeps what
/// was in force before, and a commit of it is refused.
struct Objection {
  std::string path;   ///< of the setting, keyed, e.g. "alias['a@b.example']"
  std::string value;  ///< the offending one, may be empty
  std::string text;   ///< what is wrong, and the mend
};

/// What a feature says of its own effective settings, defaults filled in. Pure.
using Objects = std::vector<Objection> (*)(const Tree& settings);

}  // namespace postern::model
