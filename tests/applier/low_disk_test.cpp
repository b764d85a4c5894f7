#include "tests/applier/instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

namespace postern::test {
namespace {

using namespace trees;
using std::chrono::milliseconds;

/// A folder of the instance's is a small file system of its own.
class LowDisk : public Instance {
 protected:
  /// smtpd wants room for one and a half of the largest message, 30 MB: with less it answers 452.
  static constexpr int plenty = 100, too_little = 20;

  void SetUp() override {
    Instance::SetUp();
    if (IsSkipped()) return;
    setup_.retry_first = milliseconds(200);
    setup_.retry_most = milliseconds(1000);
    new_applier(std::make_unique<Direct>(dir_));
  }
  void TearDown() override {
    Instance::TearDown();
    if (mounted_.empty()) return;
    run({"umount", "-l", mounted_});
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  /// False: this host lets nobody mount.
  bool mount(const std::string& folder, int megabytes) {
    const std::string at = dir_ + "/" + folder;
    std::filesystem::create_directories(at);
    const auto size = fmt::format("size={}m,mode=0755", megabytes);
    if (run({"mount", "-t", "tmpfs", "-o", size, "postern-test", at}).code != 0) return false;
    mounted_ = at;
    return true;
  }
  void room(int megabytes) {
    const Ran ran = run({"mount", "-o", fmt::format("remount,size={}m", megabytes), mounted_});
    EXPECT_EQ(ran.code, 0) << ran.output;
  }
  [[nodiscard]] gateway::Plan to_sink() const { return plan({route("example.com", {fmt::format("{}:{}", host(9), sink_port)})}); }
  bool looks_reach(std::uint64_t count) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (applier_->counters().looks < count && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(milliseconds(20));
    return applier_->counters().looks >= count;
  }

  std::string mounted_;
};

TEST_F(LowDisk, AFullQueueIsNotTakenForBrokenSettings) {
  if (!mount("queue", plenty)) GTEST_SKIP() << "This host lets nobody mount a file system.";
  const applier::Outcome first = apply(to_sink());
  ASSERT_TRUE(first.result.has_value()) << base::to_text(first.result.error());
  EXPECT_EQ(first.not_proved, "");
  EXPECT_TRUE(first.running);
  EXPECT_TRUE(send_mail(host(30), host(1), incoming, "waits@example.com").starts_with("250"));
  const pid_t before = master();
  const std::size_t lines = log_lines();
  Told told(*applier_);

  room(too_little);
  facts_.host_name = "changed.postern.test";
  const applier::Outcome low = apply(to_sink());
  ASSERT_TRUE(low.result.has_value()) << base::to_text(low.result.error());
  EXPECT_HAS(low.not_proved, "452");
  EXPECT_EQ(low.generation, 2U);
  EXPECT_EQ(Client(host(30), host(1), incoming).greeting(), "220 changed.postern.test ESMTP");

  const std::uint64_t looks = applier_->counters().looks;
  EXPECT_TRUE(looks_reach(looks + 6));
  const std::uint64_t asked = applier_->counters().looks - looks + 3;  // thrice in the apply
  EXPECT_LE(log_lines() - lines, 40 + 8 * asked) << log();
  EXPECT_EQ(applier_->counters().put_back, 0U);
  EXPECT_EQ(applier_->counters().reloads, 1U);
  const Sink sink(host(9), sink_port);
  run({"postqueue", "-c", dir_ + "/etc", "-f"});
  EXPECT_TRUE(sink.wait_for("waits@example.com", 60)) << "the queue is not drained";

  room(plenty);
  EXPECT_TRUE(told.wait_for_good());
  EXPECT_EQ(master(), before) << "Postfix was started again";
  EXPECT_EQ(apply(to_sink()).not_proved, "");
}

TEST_F(LowDisk, APostfixThatStartsOnAFullDiskIsLeftRunning) {
  if (!mount("queue", too_little)) GTEST_SKIP() << "This host lets nobody mount a file system.";
  const applier::Outcome first = apply(to_sink());
  ASSERT_TRUE(first.result.has_value()) << base::to_text(first.result.error());
  EXPECT_HAS(first.not_proved, "452");
  const pid_t started = master();
  Told told(*applier_);
  EXPECT_TRUE(looks_reach(3));
  EXPECT_HAS(apply(to_sink()).not_proved, "452");
  new_applier(std::make_unique<Direct>(dir_));  // its owner starts again meanwhile
  EXPECT_HAS(apply(to_sink()).not_proved, "452");
  EXPECT_EQ(master(), started);
  Told later(*applier_);
  room(plenty);
  EXPECT_TRUE(later.wait_for_good());
  EXPECT_EQ(master(), started);
  EXPECT_EQ(applier_->counters().generations, 0U);
}

TEST_F(LowDisk, RowsThatFindNoRoomLeaveAllTablesAsTheyWere) {
  if (!mount("tables", 4)) GTEST_SKIP() << "This host lets nobody mount a file system.";
  const gateway::Plan small = to_sink();
  ASSERT_TRUE(apply(small).result.has_value());
  gateway::Plan large = small;
  for (gateway::Table& table : large.tables) {
    if (table.name == "relay_domains") table.rows["new.example"] = "OK";
    if (table.name != "transport") continue;
    for (int i = 0; i < 20'000; ++i) table.rows[fmt::format("d{:05}.example", i)] = std::string(400, 'x');
  }
  const applier::Outcome full = apply(large);
  ASSERT_FALSE(full.result.has_value());
  EXPECT_HAS(base::to_text(full.result.error()), "transport.lmdb");
  EXPECT_HAS(full.result.error().text, "Make room");
  EXPECT_EQ(full.generation, 1U);
  EXPECT_EQ(postmap("relay_domains", "example.com"), "OK");
  EXPECT_EQ(postmap("transport", "example.com"), fmt::format("smtp:[{}]:{}", host(9), sink_port));
  EXPECT_TRUE(apply(small).result.has_value());  // the change is given up
  EXPECT_EQ(postmap("relay_domains", "new.example"), "");
  for (const auto& each : std::filesystem::directory_iterator(dir_ + "/tables"))
    EXPECT_NE(each.path().extension(), ".new") << each.path();

  room(40);
  EXPECT_TRUE(apply(large).result.has_value());
  EXPECT_EQ(postmap("relay_domains", "new.example"), "OK");
}

TEST_F(LowDisk, AMasterThatDoesNotGetToItIsWaitedFor) {
  ASSERT_TRUE(apply(to_sink()).result.has_value());
  const pid_t before = master();
  ASSERT_GT(before, 0);
  Told told(*applier_);
  kill(before, SIGSTOP);  // as under a load that leaves it no time
  facts_.host_name = "changed.postern.test";
  const applier::Outcome outcome = apply(to_sink());
  kill(before, SIGCONT);
  ASSERT_TRUE(outcome.result.has_value()) << base::to_text(outcome.result.error());
  EXPECT_NE(outcome.not_proved, "");
  EXPECT_EQ(outcome.generation, 2U);
  EXPECT_TRUE(told.wait_for_good());
  EXPECT_EQ(master(), before);
  EXPECT_EQ(Client(host(30), host(1), incoming).greeting(), "220 changed.postern.test ESMTP");
}

}  // namespace
}  // namespace postern::test
