#include "base/secret.h"

#include <sodium.h>

namespace postern::base {

void wipe(std::string& secret) {
  secret.resize(secret.capacity());  // what was longer once is overwritten too
  sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace postern::base
