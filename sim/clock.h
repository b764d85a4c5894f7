#pragma once

#include "base/time.h"
#include "sim/timeline.h"

namespace postern::sim {

/// Wall time of the world's beginning, Unix milliseconds: 2026-01-01 00:00 UTC.
constexpr std::int64_t epoch_ms = 1'767'225'600'000;

/// One machine's two clocks. The wall clock may be off, drift and jump; the boot clock never jumps and
/// starts again only with the machine (not with the process).
class MachineClock {
 public:
  MachineClock() = default;
  MachineClock(std::int64_t offset_ms, std::int64_t drift_ppm) : offset_ms_(offset_ms), drift_ppm_(drift_ppm) {}

  [[nodiscard]] base::Instant read(Micros now) const {
    const std::int64_t true_ms = now / millisecond;
    const std::int64_t drifted_ms = true_ms * drift_ppm_ / 1'000'000;
    return {epoch_ms + true_ms + drifted_ms + offset_ms_, mono_base_ms + (now - boot_) / millisecond};
  }
  /// When the boot clock will show `mono_ms`.
  [[nodiscard]] Micros when_mono(std::int64_t mono_ms) const { return boot_ + (mono_ms - mono_base_ms) * millisecond; }
  void jump(std::int64_t by_ms) { offset_ms_ += by_ms; }
  /// What an administrator does who sets the clock right.
  void set_right() { offset_ms_ = drift_ppm_ = 0; }
  void boot(Micros now) { boot_ = now; }

 private:
  /// A machine is never asked at boot time zero.
  static constexpr std::int64_t mono_base_ms = 5'000;

  std::int64_t offset_ms_ = 0;
  std::int64_t drift_ppm_ = 0;
  Micros boot_ = 0;
};

}  // namespace postern::sim
