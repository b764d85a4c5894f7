// cluster/commit.h: a commit's header has one form; cluster/validate.h: and what may be is a commit of its author's.
#include "base/limits.h"
#include "base/printable.h"
#include "cluster/commit.h"
#include "cluster/validate.h"
#include "fuzz/support/fuzz.h"
#include "fuzz/support/laws.h"

namespace {

using namespace postern;

/// The cluster for which it may be valid: that of its first write of a cluster's register.
base::ClusterId cluster_of(const cluster::Header& header) {
  for (const auto& write : header.writes) {
    const auto space = write.reg.space;
    if (space == cluster::Space::cluster || space == cluster::Space::cluster_settings) return {write.reg.id};
  }
  return {};
}

/// A commit without writes is there for what it joins, and nobody asked for it.
void check_valid(const cluster::Header& header) {
  FUZZ_CHECK(!header.writes.empty() || (!header.parents.empty() && header.request_key.empty()));
  FUZZ_CHECK(header.login_host == header.dot.member && header.dot.branch.is_nil());
  FUZZ_CHECK(!header.prev.is_nil() || (header.dot.seq == 1 && header.parents.empty()));
  FUZZ_CHECK(header.parents.size() <= cluster::parents_per_commit);
  FUZZ_CHECK(header.wall_ms >= 0);
  FUZZ_CHECK(base::is_printable_line(header.comment, base::limits::comment_bytes));
  for (const auto& write : header.writes) {
    FUZZ_CHECK(write.base.size() <= cluster::heads_per_base && !write.reg.id.is_nil());
    FUZZ_CHECK(write.kind != cluster::WriteKind::remove || write.reg.space != cluster::Space::cluster);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::view(data, size);
  const fuzz::Peak peak;
  const auto header = cluster::decode_header(bytes);
  FUZZ_CHECK(peak.bytes() <= fuzz::memory_allowed(size, fuzz::laws::header_memory));
  fuzz::tell(header.has_value());
  if (!header) return 0;
  FUZZ_CHECK(cluster::encode_header(*header) == bytes);
  FUZZ_CHECK(header->dot.seq >= 1 && !header->dot.member.is_nil());
  for (const auto& write : header->writes) {
    FUZZ_CHECK(cluster::find_write(*header, write.reg) == &write);
    FUZZ_CHECK(cluster::is_settings(write.reg) || (write.reg.name == "life") == (write.kind == cluster::WriteKind::remove));
  }
  const base::ClusterId cluster = cluster_of(*header);
  if (cluster::validate(cluster, *header)) check_valid(*header);
  return 0;
}
