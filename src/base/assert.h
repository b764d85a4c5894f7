#pragma once

namespace postern::base {

/// Prints the broken belief with file and line to stderr and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace postern::base

/// A broken belief of ours, never a user's mistake: on in release builds too, because a gateway that
/// goes on with a broken belief loses settings silently, and one that stops is started again.
#define POSTERN_ASSERT(condition) ((condition) ? void(0) : ::postern::base::assertion_failed(#condition, __FILE__, __LINE__))
