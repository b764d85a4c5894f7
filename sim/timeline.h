#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace postern::sim {

/// Microseconds of simulated true time since the world began.
using Micros = std::int64_t;
constexpr Micros millisecond = 1'000;
constexpr Micros second = 1'000'000;
constexpr Micros minute = 60 * second;

/// The world's one heap: what happens next, ordered by (time, sequence), so that things planned for one
/// instant happen in the order in which they were planned. One thread.
class Timeline {
 public:
  using Act = std::function<void()>;

  [[nodiscard]] Micros now() const { return now_; }
  /// Plans `act` for `when`, or at once if that is past.
  void at(Micros when, Act act);
  void after(Micros delay, Act act) { at(now_ + delay, std::move(act)); }
  /// Does the next thing, if it is due at `until` or before; else the time becomes `until`: false.
  bool step(Micros until);
  [[nodiscard]] std::uint64_t done() const { return done_; }

 private:
  struct Planned {
    Micros when;
    std::uint64_t sequence;
    Act act;
  };
  static bool later(const Planned& a, const Planned& b);

  std::vector<Planned> heap_;
  Micros now_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace postern::sim
