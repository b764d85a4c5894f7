#include "hands/keeper.h"

#include "tests/hands/fixture.h"

namespace postern::hands {
namespace {

/// The keeper with a clock that the test turns; its children are the test's.
class KeeperTest : public InFolder {
 protected:
  void SetUp() override {
    InFolder::SetUp();
    if (!folder) return;
    ASSERT_TRUE(folder->own({0, daemon_uid, 01775}));
    auto log = Log::open(*folder, "hands.log");
    ASSERT_TRUE(log);
    log_.emplace(std::move(*log));
    keeper_.emplace(KeeperSetup{bin() + "/posternd", "a.postern.test", dir(), {"", daemon_uid, daemon_uid}}, *folder, *folder,
                    *log_);
  }
  /// Waits for the child's end and tells the keeper.
  void reap(std::int64_t now_ms) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, 0);
    ASSERT_GT(pid, 0);
    ASSERT_TRUE(keeper_->ended(pid, status, now_ms));
  }

  std::optional<Log> log_;
  std::optional<Keeper> keeper_;
};

TEST_F(KeeperTest, WaitsLongerAfterEachEarlyDeath) {
  write_file(dir() + "/die", "");
  std::int64_t now = 1000;
  keeper_->begin(now);
  for (const std::int64_t wait : {100, 200, 400, 800, 1600, 3200, 6400, 10'000, 10'000}) {
    reap(now);
    EXPECT_EQ(keeper_->tick(now), now + wait);
    EXPECT_EQ(keeper_->tick(now + wait - 1), now + wait) << "not earlier";
    EXPECT_FALSE(keeper_->runs());
    now += wait;
    keeper_->tick(now);
    EXPECT_TRUE(keeper_->runs());
  }
  reap(now + 9'999);
  EXPECT_EQ(keeper_->tick(now + 9'999), now + 9'999 + 10'000) << "died before it was proven";
  now += 9'999 + 10'000;
  keeper_->tick(now);
  reap(now + 10'000);
  EXPECT_EQ(keeper_->tick(now + 10'000), now + 10'100) << "lived 10 s: from the start";
}

TEST_F(KeeperTest, KillsWhatDoesNotHeedSigterm) {
  write_file(dir() + "/stubborn", "");
  keeper_->begin(0);
  ASSERT_TRUE(becomes([&] { return started().size() == 1; }));
  keeper_->stop(5);
  EXPECT_EQ(keeper_->tick(5), 10'005);
  keeper_->tick(10'004);
  EXPECT_TRUE(alive(started()[0]));
  keeper_->tick(10'005);
  reap(10'006);
  EXPECT_FALSE(keeper_->runs());
  EXPECT_EQ(keeper_->tick(99'999), -1) << "not started again";
  EXPECT_EQ(started().size(), 1U);
}

TEST_F(KeeperTest, AProgramThatIsNotThereIsTriedAgain) {
  std::filesystem::remove(bin() + "/posternd");
  keeper_->begin(0);
  EXPECT_FALSE(keeper_->runs());
  EXPECT_EQ(keeper_->tick(0), 100);
  std::filesystem::copy_file(POSTERN_STAND_IN, bin() + "/posternd");
  keeper_->tick(100);
  EXPECT_TRUE(keeper_->runs());
  ASSERT_TRUE(becomes([&] { return started().size() == 1; }));
  keeper_->stop(0);
  reap(1);
}

}  // namespace
}  // namespace postern::hands
