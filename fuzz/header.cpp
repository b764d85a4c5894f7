// cluster/commit.h: a commit's header has one form.
#include "cluster/commit.h"
#include "fuzz/support/fuzz.h"
#include "fuzz/support/laws.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  const std::string_view bytes = fuzz::view(data, size);
  const fuzz::Peak peak;
  const auto header = cluster::decode_header(bytes);
  FUZZ_CHECK(peak.bytes() <=
             fuzz::memory_allowed(size, fuzz::laws::header_memory));
  fuzz::tell(header.has_value());
  if (!header) return 0;
  FUZZ_CHECK(cluster::encode_header(*header) == bytes);
  FUZZ_CHECK(!header->writes.empty() && header->dot.seq >= 1);
  for (const auto& write : header->writes) {
    FUZZ_CHECK(cluster::find_write(*header, write.reg) == &write);
    FUZZ_CHECK(cluster::is_settings(write.reg) ||
               (write.reg.name == "life") == (write.kind == cluster::WriteKind::remove));
  }
  return 0;
}
