#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/fields.h"
#include "cluster/message.h"

/// What the codecs of links and of joins share: checked reading, and commits as they travel.
namespace postern::cluster {

base::Error damaged(std::string_view what);

/// Bytes of the longest problem that a machine tells of its data plane.
constexpr std::size_t problem_bytes = 64U << 10;

template <class Dots>
bool strictly_sorted(const Dots& dots) {
  return std::adjacent_find(dots.begin(), dots.end(), [](const auto& a, const auto& b) { return !(a < b); }) == dots.end();
}

/// Reads fields one after the other and remembers the first that was wrong.
struct Reader {
  std::string wrong;

  void check(bool good, const char* what) {
    if (!good && wrong.empty()) wrong = what;
  }
  template <std::size_t N>
  void bytes(std::string_view from, std::array<std::uint8_t, N>& to, const char* what) {
    to.fill(0);
    if (from.empty()) return;
    check(from.size() == N, what);
    if (from.size() == N) std::memcpy(to.data(), from.data(), N);
  }
  template <std::size_t N>
  void bytes(const Field& field, std::array<std::uint8_t, N>& to, const char* what) {
    bytes(field.bytes, to, what);
  }
  std::string text(std::string_view from, std::size_t limit, const char* what) {
    check(from.size() <= limit, what);
    return from.size() <= limit ? std::string(from) : std::string();
  }
  /// A text that people are shown.
  std::string line(std::string_view from, std::size_t limit, const char* what);
  template <class T>
  [[nodiscard]] base::Result<T> finish(T value) const {
    if (!wrong.empty()) return damaged(wrong);
    return base::Result<T>(std::move(value));
  }
};

/// Commits in fields of this number, each with its values. Costs what it copies.
std::vector<Ship::Item> get_items(std::string_view from, std::uint32_t number, Reader& reader);

}  // namespace postern::cluster
