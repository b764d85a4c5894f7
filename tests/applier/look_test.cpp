#include "applier/tables.h"
#include "tests/applier/instance.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <string>
#include <thread>

namespace postern::test {
namespace {

using namespace trees;
using std::chrono::milliseconds;
namespace fs = std::filesystem;

/// What is taken away beneath a running Postfix is found by the next look, and mended.
class Look : public Instance {
 protected:
  void SetUp() override {
    Instance::SetUp();
    if (IsSkipped()) return;
    setup_.look_every = milliseconds(300);
    setup_.retry_first = milliseconds(300);
    setup_.retry_most = milliseconds(2000);
    new_applier(std::make_unique<Direct>(dir_));
    const applier::Outcome outcome = apply(plan({}));
    ASSERT_TRUE(outcome.result.has_value()) << base::to_text(outcome.result.error());
    told_ = std::make_unique<Told>(*applier_);
  }
  void expect_found_and_mended(const std::string& part) {
    EXPECT_TRUE(told_->wait_for_trouble(part));
    EXPECT_TRUE(told_->wait_for_good());
    EXPECT_HAS(try_recipient(host(30), host(1), incoming, "a@example.com"), "250");
    EXPECT_HAS(try_recipient(host(30), host(1), incoming, "bad@example.com"), "No such person");
  }
  [[nodiscard]] std::string table(const std::string& name) const { return dir_ + "/tables/" + name + ".lmdb"; }

  std::unique_ptr<Told> told_;
};

TEST_F(Look, ATableThatIsDeletedIsMadeAgain) {
  const pid_t before = master();
  fs::remove(table("rat_IncomingMail"));
  fs::remove(table("transport"));
  expect_found_and_mended("rat_IncomingMail is missing");
  EXPECT_EQ(master(), before);
  EXPECT_EQ(postmap("rat_IncomingMail", "example.com"), "OK");
}

TEST_F(Look, ATableThatIsCutOrReplacedIsMadeAgain) {
  fs::resize_file(table("rat_IncomingMail_users"), 8192);
  expect_found_and_mended("Broken since ");
  const std::string aside = root_ + "/aside";
  fs::create_directory(aside);
  Direct elsewhere(aside);
  applier::Tables foreign(aside + "/tables", elsewhere);
  ASSERT_TRUE(foreign.make({"t", {{"other.example", "OK"}}}).has_value());
  fs::copy_file(aside + "/tables/t.lmdb", table("relay_domains") + ".foreign");
  fs::rename(table("relay_domains") + ".foreign", table("relay_domains"));
  expect_found_and_mended("relay_domains is missing, or is not the one that was written");
  EXPECT_EQ(postmap("relay_domains", "other.example"), "");
  chmod(table("transport").c_str(), 0);
  expect_found_and_mended("The table transport");
}

TEST_F(Look, ADeletedTableIsFoundByTheNextApplyToo) {
  setup_.look_every = std::chrono::hours(1);
  new_applier(std::make_unique<Direct>(dir_));
  ASSERT_TRUE(apply(plan({})).result.has_value());
  fs::remove(table("rat_IncomingMail"));
  const applier::Outcome outcome = apply(plan({route("new.example", {host(9)})}));
  ASSERT_TRUE(outcome.result.has_value()) << base::to_text(outcome.result.error());
  EXPECT_TRUE(outcome.reloaded);
  EXPECT_EQ(outcome.not_proved, "");
  EXPECT_HAS(try_recipient(host(30), host(1), incoming, "a@example.com"), "250");
}

TEST_F(Look, FilesThatAreNotThoseOfThePlanAreWrittenAgain) {
  const pid_t before = master();
  std::ofstream(dir_ + "/etc/main.cf", std::ios::app) << "smtpd_recipient_limit = 7\n";
  expect_found_and_mended("The files of generation 1 are not in place");
  fs::remove(dir_ + "/etc");
  expect_found_and_mended("The files of generation 2 are not in place");
  EXPECT_EQ(fs::read_symlink(dir_ + "/etc"), "gen/3");
  fs::remove(dir_ + "/etc/" + std::string(gateway::probe_file));
  expect_found_and_mended("The files of generation 3 are not in place");
  EXPECT_EQ(master(), before);
}

TEST_F(Look, AMasterThatDiedIsStartedAgain) {
  const pid_t before = master();
  ASSERT_GT(before, 0);
  kill(before, SIGKILL);
  expect_found_and_mended("Postfix's master does not run");
  EXPECT_NE(master(), before);
}

TEST_F(Look, AMasterThatIsSeenToHaveDiedIsStartedAtOnce) {
  setup_.look_every = std::chrono::hours(1);
  new_applier(std::make_unique<Direct>(dir_));
  ASSERT_TRUE(apply(plan({})).result.has_value());
  const auto measured = [this] {
    std::promise<applier::Measured> told;
    applier_->measure([&](const applier::Measured& found) { told.set_value(found); });
    return told.get_future().get().running;
  };
  const pid_t before = master();
  kill(before, SIGKILL);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while ((!measured() || master() == before) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(milliseconds(20));
  EXPECT_NE(master(), before);
  EXPECT_TRUE(measured());
}

TEST_F(Look, NothingIsAskedOfAPostfixThatIsInOrder) {
  const auto wait_for_looks = [this](std::uint64_t more) {
    const std::uint64_t looks = applier_->counters().looks + more;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (applier_->counters().looks < looks && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(milliseconds(20));
    EXPECT_GE(applier_->counters().looks, looks);
  };
  wait_for_looks(5);  // what postlogd has still to write of the first proof
  const std::size_t lines = log_lines();
  wait_for_looks(5);
  EXPECT_EQ(log_lines(), lines) << log();
}

/// Of a guest's status, or another machine's, there is always one more.
TEST_F(Look, MeasuresWithoutEndHoldUpNeitherAnApplyNorALook) {
  std::atomic<bool> enough = false;
  std::promise<void> last;
  std::function<void(const applier::Measured&)> again = [&](const applier::Measured&) {
    enough ? last.set_value() : applier_->measure(again);
  };
  applier_->measure(again);
  std::promise<void> applied;
  applier_->apply(plan({}), [&](const applier::Outcome&) { applied.set_value(); });
  EXPECT_EQ(applied.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  const std::uint64_t looks = applier_->counters().looks;
  for (int i = 0; i < 500 && applier_->counters().looks == looks; ++i) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_GT(applier_->counters().looks, looks);
  enough = true;
  last.get_future().wait();
  new_applier(std::make_unique<Direct>(dir_));  // and nothing of this test runs any more
}

TEST_F(Look, AStrangerIsNotToldTheGeneration) {
  const std::string old = try_recipient(host(30), host(1), incoming, "generation@" + std::string(gateway::probe_domain));
  EXPECT_TRUE(old.starts_with("550 5.1.1")) << old;
  EXPECT_EQ(old.find("generation 1"), std::string::npos) << old;
  const auto name = [&] {
    std::ifstream file(dir_ + "/etc/" + std::string(gateway::probe_file));
    return gateway::probe_name(std::string(std::istreambuf_iterator<char>(file), {}));
  };
  const std::string first = name();
  EXPECT_EQ(first.size(), 32U);
  EXPECT_HAS(try_recipient(host(30), host(1), incoming, fmt::format("{}@{}", first, gateway::probe_domain)), "generation 1.");
  facts_.host_name = "changed.postern.test";
  ASSERT_TRUE(apply(plan({})).result.has_value());
  EXPECT_NE(name(), first);
}

}  // namespace
}  // namespace postern::test
