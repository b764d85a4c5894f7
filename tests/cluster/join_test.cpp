#include "cluster/join.h"

#include "cluster/world.h"

#include <gtest/gtest.h>

namespace postern::cluster {
namespace {

StoredCommit commit(std::uint8_t member, const std::vector<const StoredCommit*>& after) {
  Header header;
  header.dot = {member_id(member), 1, after.empty() ? 1U : 2U};
  if (!after.empty()) header.prev = after.front()->envelope.id();
  for (std::size_t i = 1; i < after.size(); ++i)
    header.parents.push_back({{member_id(9), 1, i}, after[i]->envelope.id()});
  header.writes = {{{Space::cluster_settings, uuid(5), "dns"}, WriteKind::clear, {}, 0, {}}};
  return {{encode_header(header), {}}, false};
}

TEST(Join, CommitsComeInTheOrderOfTheirContexts) {
  const StoredCommit a = commit(1, {});
  const StoredCommit b = commit(2, {});
  const StoredCommit last = commit(1, {&a, &b});
  const auto ordered = order_causally({last, b, a});
  ASSERT_TRUE(ordered);
  ASSERT_EQ(ordered->size(), 3U);
  EXPECT_EQ(ordered->back().envelope, last.envelope);
}

TEST(Join, ACommitThatCameTwiceDoesNotStandForOneThatIsMissing) {
  const StoredCommit a = commit(1, {});
  const StoredCommit b = commit(2, {});
  const StoredCommit last = commit(1, {&a, &b});
  EXPECT_FALSE(order_causally({a, a, last}));
  const auto ordered = order_causally({a, a, last, b});
  ASSERT_TRUE(ordered);
  EXPECT_EQ(ordered->back().envelope, last.envelope);
}

}  // namespace
}  // namespace postern::cluster
