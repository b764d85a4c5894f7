#include "sim/trace.h"

#include <fmt/format.h>

#include <cstdio>

namespace postern::sim {

void Trace::mix(std::string_view bytes) {
  for (const char c : bytes) {
    hash_ ^= static_cast<unsigned char>(c);
    hash_ *= 0x100000001B3U;
  }
}

void Trace::line(Micros now, std::string_view who, std::string_view what, std::string_view details) {
  for (unsigned i = 0; i < 8; ++i) {
    hash_ ^= static_cast<std::uint64_t>(now) >> (8 * i) & 0xFFU;
    hash_ *= 0x100000001B3U;
  }
  mix(who);
  mix(what);
  if (print_) fmt::print(stdout, "{:>11.3f} {:<3} {}{}\n", static_cast<double>(now) / 1000.0, who, what, details);
}

}  // namespace postern::sim
