#pragma once

#include <cstdint>
#include <string_view>

#include "sim/timeline.h"

namespace postern::sim {

/// The story of one seed. Every line goes into the hash, which is what "same seed, same run" is judged by;
/// it is printed only on demand.
class Trace {
 public:
  explicit Trace(bool print) : print_(print) {}

  /// `details` are for people only and do not count for the hash.
  void line(Micros now, std::string_view who, std::string_view what, std::string_view details = {});
  [[nodiscard]] bool prints() const { return print_; }
  /// Bytes that count for the hash but that nobody wants to read.
  void bytes(std::string_view bytes) { mix(bytes); }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  void mix(std::string_view bytes);

  bool print_;
  std::uint64_t hash_ = 0xCBF29CE484222325U;  ///< FNV-1a, 64 bits
};

}  // namespace postern::sim
