#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What a target is made of (docs/FUZZ.md). A target is one function, LLVMFuzzerTestOneInput, that
/// reads `size` hostile bytes with one parser and checks what must hold of every answer. libFuzzer
/// calls it, or support/replay.cpp: the same code is a plain test in every preset.
namespace postern::fuzz {

/// Says which belief broke, with the input's size, and aborts.
[[noreturn]] void broken(const char* condition, const char* file, int line);

/// The input as text, and its parts for parsers that want more than one.
inline std::string_view view(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }
/// Takes what stands before the next line feed, which goes too; the rest when there is none.
std::string_view take_line(std::string_view& rest);

/// A target tells of every input whether its parser took it. The replay of a corpus fails when one
/// of the two never happens, because then the target's properties say nothing.
void tell(bool taken);
struct Told {
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
};
const Told& told();

/// The most bytes that the heap held at once since this began, beyond what it held then. One at a
/// time.
class Peak {
 public:
  Peak();
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::size_t before_;
};
/// Decoding may cost this much memory at once for `input` bytes, the result included.
constexpr std::size_t memory_allowed(std::size_t input, std::size_t factor) { return factor * input + (std::size_t{64} << 10U); }

}  // namespace postern::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// A property: what must hold whatever the input was.
#define FUZZ_CHECK(condition) ((condition) ? void(0) : ::postern::fuzz::broken(#condition, __FILE__, __LINE__))
