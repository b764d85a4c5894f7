// cluster/message.h: what a member says on a link.
#include "cluster/message.h"

#include "fuzz/support/fuzz.h"
#include "fuzz/support/laws.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  const fuzz::Peak peak;
  const auto message = cluster::decode(fuzz::view(data, size));
  FUZZ_CHECK(peak.bytes() <= fuzz::memory_allowed(size, fuzz::laws::message_memory));
  fuzz::tell(message.has_value());
  if (!message) return 0;
  const std::string bytes = cluster::encode(*message);
  const auto again = cluster::decode(bytes);
  FUZZ_CHECK(again && *again == *message);
  FUZZ_CHECK(cluster::encode(*again) == bytes);
  FUZZ_CHECK(*cluster::message_name(*message) != '\0');
  return 0;
}
