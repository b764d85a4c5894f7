#pragma once

#include <compare>
#include <cstdint>

namespace postern::base {

/// One reading of both clocks, taken by the driver and handed in: pure rooms never read a clock.
struct Instant {
  std::int64_t wall_ms = 0;  ///< Unix time, may jump
  std::int64_t mono_ms = 0;  ///< CLOCK_BOOTTIME, never jumps, counts sleep; all timers use it

  friend auto operator<=>(const Instant&, const Instant&) = default;
};

/// Commit stamp (contract 2.3): wall milliseconds << 16 | counter, the carry allowed.
struct Stamp {
  std::uint64_t value = 0;

  friend auto operator<=>(const Stamp&, const Stamp&) = default;
  [[nodiscard]] std::int64_t wall_ms() const { return static_cast<std::int64_t>(value >> 16); }
};

}  // namespace postern::base
