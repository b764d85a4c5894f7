#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/ids.h"

namespace postern::sim {

/// xoshiro256** seeded by splitmix64. Not <random>: the standard's distributions differ between
/// libraries, and one seed must give one trace on every compiler. For the same reason never draw twice in
/// the arguments of one call: compilers evaluate them in different orders.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  /// 0 .. bound-1; bound > 0. (The modulo's bias is below 2^-32 for our bounds.)
  std::uint64_t below(std::uint64_t bound);
  /// low .. high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// True `per_mille` times in 1000.
  bool chance(unsigned per_mille) { return below(1000) < per_mille; }
  base::Uuid uuid();

  template <class T>
  const T& pick(const std::vector<T>& from) {
    POSTERN_ASSERT(!from.empty());
    return from[static_cast<std::size_t>(below(from.size()))];
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace postern::sim
