#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// How much of what others cause is written down. Pure: the time is told, in ms of one clock.
namespace postern::daemon {

/// One line of each stranger in `window_ms`, `lines` of all of them together, and then what was left out, as a number.
class StrangerLines {
 public:
  static constexpr std::int64_t window_ms = 10'000;
  static constexpr std::size_t lines = 50;
  static constexpr std::size_t addresses = 1'000;  ///< kept apart; the others are counted together

  /// Whether a line about `address` is to be written.
  bool pass(const std::string& address, std::int64_t now_ms);
  /// Lines about what was left out in windows that have ended.
  std::vector<std::string> settle(std::int64_t now_ms);

 private:
  struct Told {
    std::int64_t since_ms = 0;
    std::uint64_t left_out = 0;
  };
  std::map<std::string, Told> told_;
  Told all_;  ///< left_out: of addresses that had no line of their own
  std::size_t written_ = 0;
};

/// Any lines at all: so many at once, and so many a second.
class LineRate {
 public:
  static constexpr double burst = 1'000;
  static constexpr double a_second = 50;

  /// Whether one more may be written now.
  bool pass(std::int64_t now_ms);
  /// How many were not since the last call that was followed by one that may: 0 mostly.
  std::uint64_t take_left_out();

 private:
  double room_ = burst;
  std::int64_t at_ms_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace postern::daemon
