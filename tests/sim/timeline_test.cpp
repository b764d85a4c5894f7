#include "sim/timeline.h"

#include <gtest/gtest.h>

#include <vector>

#include "sim/clock.h"
#include "sim/ledger.h"
#include "sim/options.h"
#include "sim/random.h"

namespace postern::sim {
namespace {

TEST(Timeline, GoesByTimeThenByTheOrderOfPlanning) {
  Timeline timeline;
  std::vector<int> seen;
  timeline.at(20, [&] { seen.push_back(3); });
  timeline.at(10, [&] {
    seen.push_back(1);
    timeline.after(10, [&] { seen.push_back(4); });
  });
  timeline.at(10, [&] { seen.push_back(2); });
  while (timeline.step(100)) {
  }
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(timeline.now(), 100);
}

TEST(Timeline, DoesNothingBeforeItsTime) {
  Timeline timeline;
  bool done = false;
  timeline.at(11, [&] { done = true; });
  EXPECT_FALSE(timeline.step(10));
  EXPECT_FALSE(done);
  EXPECT_TRUE(timeline.step(11));
  EXPECT_TRUE(done);
}

TEST(MachineClock, JumpsMoveTheWallAndNotTheBootClock) {
  MachineClock clock(1'000, 0);
  const base::Instant before = clock.read(5 * second);
  clock.jump(-30'000);
  const base::Instant after = clock.read(5 * second);
  EXPECT_EQ(before.wall_ms, epoch_ms + 6'000);
  EXPECT_EQ(after.wall_ms, before.wall_ms - 30'000);
  EXPECT_EQ(after.mono_ms, before.mono_ms);
}

TEST(MachineClock, DriftsByPartsInAMillion) {
  const MachineClock clock(0, 200);
  EXPECT_EQ(clock.read(1'000 * second).wall_ms, epoch_ms + 1'000'200);
}

TEST(MachineClock, ABootStartsTheBootClockAgain) {
  MachineClock clock;
  const std::int64_t first = clock.read(0).mono_ms;
  clock.boot(7 * second);
  EXPECT_EQ(clock.read(7 * second).mono_ms, first);
  EXPECT_EQ(clock.when_mono(first + 50), 7 * second + 50 * millisecond);
}

/// Golden: the generator must give these on every compiler and library.
TEST(Random, IsTheSameEverywhere) {
  Random random(42);
  const std::vector<std::uint64_t> expected = {1546998764402558742U, 6990951692964543102U, 12544586762248559009U};
  for (const std::uint64_t value : expected) EXPECT_EQ(random.next(), value);
  EXPECT_EQ(Random(7).uuid(), Random(7).uuid());
  EXPECT_NE(Random(7).uuid(), Random(8).uuid());
}

TEST(Random, StaysWithinItsBounds) {
  Random random(1);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t drawn = random.between(-2, 2);
    ASSERT_TRUE(drawn >= -2 && drawn <= 2);
    low = low || drawn == -2;
    high = high || drawn == 2;
  }
  EXPECT_TRUE(low && high);
}

TEST(CommitSet, KnowsItsPartsBeyondOneWord) {
  CommitSet a;
  CommitSet b;
  a.add(3);
  a.add(200);
  b.add(3);
  EXPECT_TRUE(a.contains(b));
  EXPECT_FALSE(b.contains(a));
  EXPECT_EQ(a.without(b), (std::vector<std::size_t>{200}));
  EXPECT_FALSE(a == b);
  b.unite(a);
  EXPECT_TRUE(a == b);
}

TEST(Options, AreReadAndSaidAgain) {
  const auto options = parse_options({"--seeds=3..9", "--bug=half-commit", "--without=cut,reset", "--machines=3"});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->first_seed, 3U);
  EXPECT_EQ(options->last_seed, 9U);
  EXPECT_FALSE(options->may(Fault::cut));
  EXPECT_TRUE(options->may(Fault::kill));
  EXPECT_EQ(replay_command(*options, 5), "sim --seed=5 --bug=half-commit --machines=3 --without=cut,reset --trace");
}

TEST(Options, RefuseWhatTheyDoNotKnow) {
  EXPECT_FALSE(parse_options({"--seeds=9..3"}).has_value());
  EXPECT_FALSE(parse_options({"--seed=x"}).has_value());
  EXPECT_FALSE(parse_options({"--without=gravity"}).has_value());
  EXPECT_FALSE(parse_options({"--frobnicate"}).has_value());
  EXPECT_FALSE(parse_options({"--machines=0"}).has_value());
}

}  // namespace
}  // namespace postern::sim
