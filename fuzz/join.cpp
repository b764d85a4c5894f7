// cluster/join.h: what a joiner and its sponsor say, and the order of the commits that a join
// brings.
#include "cluster/join.h"

#include "fuzz/support/fuzz.h"
#include "fuzz/support/laws.h"

#include <set>

namespace {

using namespace postern;

void check_order(const cluster::JoinPart& part) {
  std::vector<cluster::StoredCommit> commits;
  for (const auto& item : part.items) commits.push_back({item.envelope, item.staged});
  const auto ordered = cluster::order_causally(commits);
  if (!ordered) return;
  FUZZ_CHECK(ordered->size() == commits.size());
  std::set<base::Hash> before;
  for (const auto& commit : *ordered) {
    const auto header = cluster::decode_header(commit.envelope.header);
    FUZZ_CHECK(header.has_value());
    FUZZ_CHECK(header->prev.is_nil() || before.contains(header->prev));
    for (const auto& parent : header->parents) FUZZ_CHECK(before.contains(parent.hash));
    before.insert(commit.envelope.id());
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Peak peak;
  const auto frame = cluster::decode_join(fuzz::view(data, size));
  FUZZ_CHECK(peak.bytes() <= fuzz::memory_allowed(size, fuzz::laws::join_memory));
  fuzz::tell(frame.has_value());
  if (!frame) return 0;
  const std::string bytes = cluster::encode_join(*frame);
  const auto again = cluster::decode_join(bytes);
  FUZZ_CHECK(again && *again == *frame);
  FUZZ_CHECK(cluster::encode_join(*again) == bytes);
  if (const auto* part = std::get_if<cluster::JoinPart>(&*frame)) check_order(*part);
  return 0;
}
