#include "base/version.h"

namespace postern::base {

const char* version() { return POSTERN_VERSION; }

}  // namespace postern::base
