#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace postern::fuzz {

/// Inputs near those of a corpus, the same ones on every machine.
class Mutator {
 public:
  /// `corpus` outlives it and is not empty; no result is longer than `most`.
  Mutator(const std::vector<std::string>& corpus, std::size_t most) : corpus_(corpus), most_(most) {}
  std::string next();

 private:
  std::uint64_t random();
  std::size_t below(std::size_t limit);
  void change(std::string& bytes);

  const std::vector<std::string>& corpus_;
  std::size_t most_;
  std::uint64_t state_ = 6;
};

}  // namespace postern::fuzz
