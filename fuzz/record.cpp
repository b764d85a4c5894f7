// cluster/fleet.h: a member's identity and addresses, as records of the cluster hold them.
#include "cluster/fleet.h"
#include "fuzz/support/fuzz.h"
#include "fuzz/support/laws.h"

namespace {

template <class Decode>
bool comes_back(std::string_view bytes, Decode decode) {
  using namespace postern;
  const auto value = decode(bytes);
  if (!value) return false;
  const std::string form = cluster::encode(*value);
  const auto again = decode(form);
  FUZZ_CHECK(again && *again == *value);
  FUZZ_CHECK(cluster::encode(*again) == form);
  return true;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  const std::string_view bytes = fuzz::view(data, size);
  const fuzz::Peak peak;
  const bool identity = comes_back(bytes, cluster::decode_identity);
  const bool addresses = comes_back(bytes, cluster::decode_addresses);
  FUZZ_CHECK(peak.bytes() <= fuzz::memory_allowed(size, 16));
  fuzz::tell(identity || addresses);
  return 0;
}
