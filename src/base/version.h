#pragma once

namespace postern::base {

/// "0.1.0": the version of this program, as CMakeLists.txt has it.
const char* version();

}  // namespace postern::base
