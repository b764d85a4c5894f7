#include "fuzz/support/fuzz.h"

#include <cstdio>
#include <cstdlib>

namespace postern::fuzz {
namespace {

Told told_so_far;

}  // namespace

void broken(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "fuzz: a property is broken: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

void tell(bool taken) { ++(taken ? told_so_far.taken : told_so_far.refused); }
const Told& told() { return told_so_far; }

}  // namespace postern::fuzz
