// Whose handshake goes on next, with handshakes that take a known time.
#include "transport/turns.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace postern::transport {
namespace {

base::Source at(int network) {
  const std::string three = "10.0." + std::to_string(network);
  return {three + ".1", three + ".0/24", "10.0.0.0/16"};
}

/// Strand and lock outlive what runs on them: the loop is stopped first.
class TurnsTest : public testing::Test {
 protected:
  ~TurnsTest() override { loop_.stop(); }

  /// Waits for its turn as `name`, then takes `ms`.
  void ask(int network, const std::string& name, int ms, bool first = false) {
    turns_.ask(at(network), first, strand_, [this, name, ms] {
      std::this_thread::sleep_for(std::chrono::milliseconds(ms));
      const std::scoped_lock lock(mutex_);
      order_.push_back(name);
      if (order_.size() == wanted_) done_.set_value();
    });
  }
  /// Keeps the turn until `go` is called, so that all that is asked meanwhile waits.
  void hold() {
    std::promise<void> held;
    turns_.ask(at(99), false, strand_, [this, &held] {
      held.set_value();
      released_.get_future().wait();
    });
    held.get_future().wait();
  }
  std::vector<std::string> go(std::size_t wanted) {
    wanted_ = wanted;
    released_.set_value();
    EXPECT_EQ(done_.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
    const std::scoped_lock lock(mutex_);
    return order_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> order_;
  std::size_t wanted_ = 0;
  std::promise<void> done_, released_;
  Loop loop_{1};
  Strand strand_ = loop_.strand();
  Turns turns_{100};
};

TEST_F(TurnsTest, WhoHasCostComesAfterWhoHasNot) {
  hold();
  for (const char* name : {"a1", "a2", "a3"}) ask(1, name, 20);
  ask(2, "b1", 1);
  EXPECT_EQ(go(4), (std::vector<std::string>{"a1", "b1", "a2", "a3"}));
}

TEST_F(TurnsTest, TheCostIsTimeNotTurns) {
  hold();
  ask(1, "long", 60);
  ask(2, "short", 1);
  ask(1, "long again", 1);
  ask(2, "short again", 1);
  ask(2, "and again", 1);
  EXPECT_EQ(go(5), (std::vector<std::string>{"long", "short", "short again", "and again", "long again"}));
}

TEST_F(TurnsTest, TheFirstPassAll) {
  hold();
  ask(1, "waits", 1);
  ask(2, "first", 1, true);
  EXPECT_EQ(go(2), (std::vector<std::string>{"first", "waits"}));
}

}  // namespace
}  // namespace postern::transport
