#include "daemon/line_limits.h"

#include <gtest/gtest.h>

namespace postern::daemon {
namespace {

TEST(StrangerLines, OneLineOfAnAddressAndThenANumber) {
  StrangerLines lines;
  EXPECT_TRUE(lines.pass("10.0.0.1", 20'000));
  for (int i = 0; i < 500; ++i) EXPECT_FALSE(lines.pass("10.0.0.1", 20'000 + i));
  EXPECT_TRUE(lines.pass("10.0.0.2", 20'500));
  EXPECT_TRUE(lines.settle(25'000).empty());
  const auto said = lines.settle(31'000);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0], "500 more lines about 10.0.0.1 were left out");
  EXPECT_TRUE(lines.pass("10.0.0.1", 31'000));
}

TEST(StrangerLines, ManyAddressesAreBoundedTogether) {
  StrangerLines lines;
  std::size_t written = 0;
  for (int i = 0; i < 100'000; ++i) written += lines.pass("10." + std::to_string(i), 20'000) ? 1 : 0;
  EXPECT_EQ(written, StrangerLines::lines);
  const auto said = lines.settle(31'000);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_NE(said[0].find("99950 lines"), std::string::npos) << said[0];
  EXPECT_TRUE(lines.pass("10.7.7.7", 31'001));
}

TEST(StrangerLines, WithoutSettlingAWindowEndsAllTheSame) {
  StrangerLines lines;
  for (int window = 1; window < 10; ++window) EXPECT_TRUE(lines.pass("10.0.0.1", window * 10'000));
}

TEST(StrangerLines, AMinuteOfManyLoudAddressesIsAFewHundredLines) {
  StrangerLines lines;
  std::size_t written = 0;
  for (int ms = 20'000; ms < 80'000; ms += 5) {
    written += lines.pass("10.0.0." + std::to_string(ms % 200), ms) ? 1 : 0;
    if (ms % 2'000 == 0) written += lines.settle(ms).size();
  }
  EXPECT_LE(written, 7 * (StrangerLines::lines + StrangerLines::lines / 2 + 2));
}

TEST(LineRate, ABurstPassesAndAFloodDoesNot) {
  LineRate rate;
  int written = 0;
  for (int i = 0; i < 10'000; ++i) written += rate.pass(50'000) ? 1 : 0;
  EXPECT_EQ(written, 1'000);
  for (int ms = 0; ms < 10'000; ++ms) written += rate.pass(50'000 + ms) ? 1 : 0;
  EXPECT_NEAR(written, 1'500, 5);
  EXPECT_EQ(rate.take_left_out(), 20'000U - static_cast<unsigned>(written));
  EXPECT_EQ(rate.take_left_out(), 0U);
}

}  // namespace
}  // namespace postern::daemon
