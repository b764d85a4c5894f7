#pragma once

#include <cstddef>
#include <string>

namespace postern::base {

/// Overwrites a secret that has been used, in a way that no compiler leaves out, and empties it. What it
/// was copied to is not found: keep it in one place, and longer than a string's inner buffer (reserve).
void wipe(std::string& secret);

constexpr std::size_t secret_bytes = 1100;  ///< reserved for one that is typed: it never moves

}  // namespace postern::base
