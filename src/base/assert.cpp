#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace postern::base {

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "postern: broken belief: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace postern::base
