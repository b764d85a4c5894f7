// The frames of a join come from somebody who is not a member yet, or from a sponsor that may lie.
#include "cluster/join.h"

#include <gtest/gtest.h>

namespace postern::cluster {
namespace {

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
  for (std::uint64_t left = items.size(); ; left >>= 7) {
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
