// Own commits: durability, conflicts, retries, what a failing disk and a dying author leave.
#include "base/limits.h"
#include "cluster/world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace postern::cluster {
namespace {

using What = Answer::What;

TEST(Commit, ReachesAllAndSaysSo) {
  World world;
  world.found(3);
  const std::string key = world.set(0, "smtproutes", "one");
  world.run();
  ASSERT_NE(world.answer(0, key), nullptr) << "answered as soon as all have it, without a wait";
  EXPECT_EQ(world.answer(0, key)->what, What::committed);
  EXPECT_EQ(world.answer(0, key)->members, 3U);
  EXPECT_TRUE(world.answer(0, key)->missing.empty());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(world.shown(i, world.setting("smtproutes")), "one");
  world.expect_equal();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(world.at(i).alerts.empty()) << world.at(i).alerts[0].text;
}

TEST(Commit, IsNotAnsweredBeforeItsFlush) {
  World world;
  world.found(2);
  world.at(0).hold_flush = true;
  const std::string key = world.set(0, "a", "one");
  world.run();
  world.pass(10'000);
  EXPECT_EQ(world.answer(0, key), nullptr);
  EXPECT_EQ(world.shown(0, world.setting("a")), "(unset)");
  EXPECT_EQ(world.shown(1, world.setting("a")), "(unset)") << "staged is not visible";
  world.flush(0);
  world.run();
  ASSERT_NE(world.answer(0, key), nullptr);
  EXPECT_EQ(world.shown(1, world.setting("a")), "one");
}

TEST(Commit, StaleBaseIsRefusedWhole) {
  World world;
  world.found(2);
  const LocalCommit::Item stale = world.item(0, world.setting("a"), "mine");
  world.set(1, "a", "theirs");
  world.run();
  const std::string key = world.commit(0, {stale, world.item(0, world.setting("b"), "also")});
  world.run();
  ASSERT_NE(world.answer(0, key), nullptr);
  EXPECT_EQ(world.answer(0, key)->what, What::conflict);
  ASSERT_EQ(world.answer(0, key)->conflicts.size(), 1U);
  EXPECT_EQ(world.answer(0, key)->conflicts[0].reg, world.setting("a"));
  EXPECT_EQ(world.answer(0, key)->conflicts[0].heads.size(), 1U);
  EXPECT_EQ(world.shown(0, world.setting("b")), "(unset)");
}

TEST(Commit, BaseIsTheSetOfHeadsNotTheShownOne) {
  World world;
  world.found(2, false);
  world.set(0, "a", "left");
  world.run();
  world.pass(10);
  world.set(1, "a", "right");
  world.run();
  const LocalCommit::Item saw_one = world.item(1, world.setting("a"), "next");
  world.connect_all();
  EXPECT_EQ(world.at(1).peer->state().find(world.setting("a"))->heads.size(), 2U);
  const std::string key = world.commit(1, {saw_one});
  world.run();
  EXPECT_EQ(world.answer(1, key)->what, What::conflict) << "a head that nobody saw must not be closed";
}

TEST(Commit, RetryGetsTheSameAnswerAlsoAfterARestartAndElsewhere) {
  World world;
  world.found(2);
  const auto items = {world.item(0, world.setting("a"), "one")};
  world.commit(0, items, "retry");
  world.run();
  const Dot dot = world.answer(0, "retry")->dot;
  world.commit(0, items, "retry");
  world.commit(1, items, "retry");
  world.run();
  EXPECT_EQ(world.answer(0, "retry")->what, What::committed);
  EXPECT_EQ(world.answer(0, "retry")->dot, dot);
  EXPECT_EQ(world.answer(1, "retry")->dot, dot);
  world.restart(0);
  world.at(0).answers.clear();
  world.commit(0, items, "retry");
  world.run();
  ASSERT_NE(world.answer(0, "retry"), nullptr);
  EXPECT_EQ(world.answer(0, "retry")->dot, dot);
}

TEST(Commit, SeveralInFlightAreOneChain) {
  World world;
  world.found(2);
  world.at(0).hold_flush = true;
  const std::string one = world.set(0, "a", "1");
  const std::string two = world.set(0, "b", "2");
  const std::string again = world.set(0, "a", "3");  // its register is in flight: waits, then its base is stale
  world.run();
  EXPECT_EQ(world.at(0).unflushed.size(), 2U);
  world.flush(0);
  world.run();
  EXPECT_NE(world.answer(0, one), nullptr);
  EXPECT_EQ(world.answer(0, two), nullptr);
  EXPECT_EQ(world.answer(0, again)->what, What::conflict);
  world.flush(0);
  world.run();
  EXPECT_EQ(world.answer(0, two)->what, What::committed);
  EXPECT_EQ(world.answer(0, two)->dot.seq, world.answer(0, one)->dot.seq + 1);
  world.at(0).hold_flush = false;
  world.expect_equal();
}

TEST(Commit, FailedFlushIsInDoubtAndItsDotIsNeverUsedAgain) {
  World world;
  world.found(2);
  world.set(0, "z", "before");
  world.run();
  world.at(0).hold_flush = true;
  const std::string key = world.set(0, "a", "lost");
  world.run();
  world.flush(0, Flushed::How::failed);
  world.run();
  ASSERT_NE(world.answer(0, key), nullptr);
  EXPECT_EQ(world.answer(0, key)->what, What::in_doubt) << "it had been shipped";
  const Dot lost = world.answer(0, key)->dot;
  world.at(0).hold_flush = false;
  world.flush(0);
  const std::string next = world.set(0, "a", "kept");
  world.run();
  EXPECT_EQ(world.answer(0, next)->what, What::committed);
  EXPECT_NE(world.answer(0, next)->dot.incarnation, lost.incarnation);
  EXPECT_EQ(world.shown(1, world.setting("a")), "kept");
  world.expect_equal();
  for (const StoredCommit& commit : world.at(1).stored) EXPECT_FALSE(commit.staged);
}

TEST(Commit, FailedFlushWithNobodyThereIsRefused) {
  World world;
  world.found(1);
  world.at(0).hold_flush = true;
  const std::string key = world.set(0, "a", "lost");
  world.flush(0, Flushed::How::failed);
  EXPECT_EQ(world.answer(0, key)->what, What::refused);
  world.at(0).hold_flush = false;
}

TEST(Commit, StagedGoesWithItsAuthor) {
  World world;
  world.found(3);
  world.at(0).hold_flush = true;
  world.set(0, "a", "never");
  world.run();
  EXPECT_TRUE(world.at(1).stored.back().staged);
  world.at(0).hold_flush = false;
  world.restart(0);  // before its flush
  world.connect(0, 1);
  world.connect(0, 2);
  world.run();
  world.pass(5'000);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(world.shown(i, world.setting("a")), "(unset)");
  for (const StoredCommit& commit : world.at(1).stored) EXPECT_FALSE(commit.staged);
  world.expect_equal();
}

TEST(Commit, StagedIsKeptThroughARestartUntilTheAuthorSaysDurable) {
  World world;
  world.found(2);
  world.lose = {"durable"};
  world.set(0, "a", "one");
  world.run();
  EXPECT_EQ(world.shown(1, world.setting("a")), "(unset)");
  world.restart(1);
  EXPECT_EQ(world.shown(1, world.setting("a")), "(unset)");
  world.lose.clear();
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(world.shown(1, world.setting("a")), "one");
  world.expect_equal();
}

TEST(Commit, NamesWhoIsMissingAndWaitsForALaggardOnce) {
  World world;
  world.found(3);
  world.cut(0, 2);
  world.cut(1, 2);
  world.at(1).hold_flush = true;  // wedged
  const std::string key = world.set(0, "a", "one");
  world.run();
  EXPECT_EQ(world.answer(0, key), nullptr);
  world.pass(2'000);
  ASSERT_NE(world.answer(0, key), nullptr);
  EXPECT_EQ(world.answer(0, key)->what, What::committed);
  ASSERT_EQ(world.answer(0, key)->missing.size(), 2U);
  EXPECT_EQ(world.answer(0, key)->missing[0].why, "did not answer in 2 s");
  EXPECT_EQ(world.answer(0, key)->missing[1].why, "no link");
  const std::string second = world.set(0, "b", "two");
  world.run();
  EXPECT_NE(world.answer(0, second), nullptr) << "who missed one is not waited for";
  world.at(1).hold_flush = false;
  while (!world.at(1).unflushed.empty()) world.flush(1);
  world.run();
  const std::string third = world.set(0, "c", "three");
  world.run();
  ASSERT_NE(world.answer(0, third), nullptr);
  EXPECT_EQ(world.answer(0, third)->missing.size(), 1U);
}

TEST(Commit, WhoKeepsCommitsWaitingEachTimeIsNotWaitedForLong) {
  World world;
  world.found(2);
  world.at(1).hold_flush = true;
  /// Milliseconds that a commit waits for a machine that answers shortly before the deadline.
  const auto waits = [&](const std::string& name) {
    const std::string key = world.set(0, name, "one");
    std::int64_t waited = 0;
    for (world.run(); world.answer(0, key) == nullptr && waited < 1'900; waited += 100) world.pass(100);
    while (!world.at(1).unflushed.empty()) world.flush(1);
    world.run();
    EXPECT_NE(world.answer(0, key), nullptr);
    return waited;
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(waits(fmt::format("patient{}", i)), 1'900);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(waits(fmt::format("hurried{}", i)), 500);
  world.at(1).hold_flush = false;
  EXPECT_EQ(waits("quick"), 0);
  world.at(1).hold_flush = true;
  world.pass(60'000);
  EXPECT_EQ(waits("later"), 1'900) << "once a minute";
  EXPECT_EQ(waits("then"), 500);
}

TEST(Commit, ANewLinkDoesNotMakeCommitsWaitAgain) {
  World world;
  world.found(2);
  world.at(1).hold_flush = true;
  std::int64_t waited = 0;
  for (int i = 0; i < 10; ++i) {
    const std::string key = world.set(0, fmt::format("s{}", i), "one");
    for (world.run(); world.answer(0, key) == nullptr; waited += 100) world.pass(100);
    world.cut(0, 1);
    world.connect(0, 1);
    world.run();
  }
  EXPECT_LE(waited, 3 * 2'000 + 7 * 500);
}

TEST(Commit, PastLimitsIsRefused) {
  World world;
  world.found(1);
  const auto refused = [&](LocalCommit::Item item) {
    const std::string key = world.commit(0, {std::move(item)});
    world.run();
    return world.answer(0, key)->what == What::refused;
  };
  EXPECT_TRUE(refused({world.setting("big"), WriteKind::put, std::string(base::limits::value_bytes + 1, 'x'), {}}));
  EXPECT_TRUE(refused({world.setting(""), WriteKind::put, "x", {}}));
  EXPECT_TRUE(refused({world.setting("a"), WriteKind::remove, "", {}}));
  EXPECT_TRUE(refused({user_register(world.admin, "life"), WriteKind::put, "x", {}}));
  EXPECT_FALSE(refused({world.setting("a"), WriteKind::put, "", {}})) << "empty is a value";
  EXPECT_EQ(world.shown(0, world.setting("a")), "");
}

TEST(Commit, StampsFollowWhatWasSeenButNoAbsurdClock) {
  World world;
  world.found(3);
  world.at(1).clock_off_ms = 240'000;
  world.set(1, "a", "ahead");
  world.run();
  const std::string informed = world.set(0, "a", "informed");
  world.run();
  const auto stamp = [&](int i, const char* name) { return world.at(i).peer->state().find(world.setting(name))->shown()->stamp; };
  EXPECT_GE(stamp(0, "a").wall_ms(), world.now.wall_ms + 240'000) << "informed beats uninformed in the stamp, too";
  world.at(2).clock_off_ms = 366LL * 86'400'000;
  world.set(2, "b", "next year");
  world.run();
  world.set(0, "c", "today");
  world.run();
  EXPECT_LT(stamp(0, "c").wall_ms(), world.now.wall_ms + 600'000) << "not poisoned";
  world.set(0, "b", "fixed");
  world.run();
  EXPECT_EQ(world.shown(2, world.setting("b")), "fixed");
  EXPECT_TRUE(world.alerted(2, "clock"));
  EXPECT_NE(world.answer(0, informed), nullptr);
  world.expect_equal();
}

TEST(Commit, AnAckDoesNotOutliveTheDropThatOurHelloCauses) {
  World world;
  world.found(2);
  world.at(0).hold_flush = true;
  const std::string key = world.set(0, "a", "one");
  world.run();
  ASSERT_TRUE(world.at(1).stored.back().staged) << "and acknowledged";
  world.cut(0, 1);
  world.connect(0, 1);
  world.run();
  ASSERT_FALSE(world.at(1).stored.back().staged) << "the Hello did not name it";
  world.lose = {"ship", "ack"};
  world.at(0).hold_flush = false;
  while (!world.at(0).unflushed.empty()) world.flush(0);
  world.pass(2'000);
  ASSERT_NE(world.answer(0, key), nullptr);
  EXPECT_EQ(world.answer(0, key)->missing.size(), 1U) << "machine 1 does not hold it";
  world.lose.clear();
  world.pass(5'000);
  world.expect_equal();
}

TEST(Commit, AnAckSaysNothingOfWhatCouldNotBeFlushedBeforeIt) {
  World world;
  world.found(2);
  world.at(0).hold_flush = world.at(1).hold_flush = true;
  const std::string one = world.set(0, "a", "1");
  world.run();
  const std::string two = world.set(0, "b", "2");
  world.run();
  world.flush(1, Flushed::How::failed);
  world.flush(1);
  world.run();
  world.lose = {"ship"};
  world.at(0).hold_flush = false;
  while (!world.at(0).unflushed.empty()) world.flush(0);
  world.pass(2'000);
  ASSERT_NE(world.answer(0, one), nullptr);
  EXPECT_EQ(world.answer(0, one)->missing.size(), 1U);
  world.lose.clear();
  world.at(1).hold_flush = false;
  while (!world.at(1).unflushed.empty()) world.flush(1);
  world.pass(10'000);
  world.expect_equal();
}

TEST(Commit, RetryThatWaitsIsAnsweredByTheCommitThatCame) {
  World world;
  world.found(3);
  const auto items = {world.item(0, world.setting("a"), "one")};
  world.restart(1);
  world.commit(0, items, "retry");
  world.run();
  world.pass(100);
  world.commit(1, items, "retry");  // waits for machine 2
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(world.shown(1, world.setting("a")), "one");
  EXPECT_EQ(world.answer(1, "retry"), nullptr);
  world.pass(2'000);
  ASSERT_NE(world.answer(1, "retry"), nullptr);
  EXPECT_EQ(world.answer(1, "retry")->what, What::committed);
  EXPECT_EQ(world.answer(1, "retry")->dot, world.answer(0, "retry")->dot);
}

TEST(Commit, FirstOwnCommitWaitsForPeersAtTheStart) {
  World world;
  world.found(2, false);
  world.restart(1);
  const std::string key = world.set(1, "a", "one");
  world.run();
  EXPECT_TRUE(world.at(1).unflushed.empty());
  EXPECT_EQ(world.answer(1, key), nullptr);
  world.pass(2'000);
  EXPECT_NE(world.answer(1, key), nullptr);
}

}  // namespace
}  // namespace postern::cluster
