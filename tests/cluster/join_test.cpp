// The frames of a join come from somebody who is not a member yet, or from a sponsor that may lie.
#include "cluster/join.h"

#include "cluster/world.h"

#include <gtest/gtest.h>

namespace postern::cluster {
namespace {

StoredCommit commit(std::uint8_t member, const std::vector<const StoredCommit*>& after) {
  Header header;
  header.dot = {member_id(member), 1, after.empty() ? 1U : 2U};
  if (!after.empty()) header.prev = after.front()->envelope.id();
  for (std::size_t i = 1; i < after.size(); ++i) header.parents.push_back({{member_id(9), 1, i}, after[i]->envelope.id()});
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

Ship::Item item_of(std::size_t values, std::size_t header_bytes) {
  Ship::Item item;
  item.envelope.header = std::string(header_bytes, 'h');
  item.values.assign(values, "");
  return item;
}

TEST(JoinFrames, APartComesBackAsItWas) {
  const JoinPart part{{item_of(2, 200), item_of(0, 100)}};
  const auto back = decode_join(encode_join(part));
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(std::get<JoinPart>(*back), part);
}

TEST(JoinFrames, ManyEmptyThingsAreRefusedBeforeTheyTakeMemory) {
  std::string items;
  for (int i = 0; i < 1'000'000; ++i) items += std::string("\x0a\x00", 2);
  std::string frame = "\x22";
  for (std::uint64_t left = items.size();; left >>= 7) {
    frame += static_cast<char>(left < 128 ? left : (left & 127) | 128);
    if (left < 128) break;
  }
  EXPECT_FALSE(decode_join(frame + items));
  EXPECT_FALSE(decode_join(encode_join(JoinPart{{item_of(100'000, 200)}})));
  const std::string group = "\x0b\x0c";  // what the reader passes over must not hide what follows
  EXPECT_FALSE(decode_join(group + frame + items));
  EXPECT_FALSE(decode_join(frame + items + frame + items));
}

}  // namespace
}  // namespace postern::cluster
