#pragma once

#include "applier/applier.h"
#include "features/features.h"
#include "tests/applier/direct.h"
#include "tests/applier/run.h"
#include "tests/applier/smtp.h"
#include "tests/features/trees.h"

#include <gtest/gtest.h>

#include <sys/types.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace postern::test {

/// What an applier told by itself.
class Told {
 public:
  explicit Told(applier::Applier& applier);
  /// Waits, a minute at most, for an outcome told since the last call that `is` so; whether one came.
  bool wait_for(const std::function<bool(const applier::Outcome&)>& is);
  bool wait_for_trouble(const std::string& part);
  bool wait_for_good();

 private:
  /// Outlives this object in the applier's hands.
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<applier::Outcome> outcomes;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

#define ASSERT_APPLIED(outcome) ASSERT_TRUE((outcome).result.has_value()) << base::to_text((outcome).result.error())
#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

/// A host as a route names it.
inline std::string at(const std::string& host, unsigned port) { return host + ":" + std::to_string(port); }

/// A machine's Postfix in a folder of its own, on addresses of its own below 127.
class Instance : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Two listeners as in the demo, the given routes; `more` replaces or adds features.
  [[nodiscard]] gateway::Plan plan(std::vector<model::Node> routes, std::vector<model::Node> more = {}) const;
  [[nodiscard]] model::Node both_listeners(trees::Access incoming) const;
  /// Applies and waits for the answer.
  applier::Outcome apply(const gateway::Plan& plan);
  void new_applier(std::unique_ptr<applier::Privileged> privileged);
  [[nodiscard]] std::string log() const;
  [[nodiscard]] std::size_t log_lines() const;
  /// Of Postfix's master; -1: none is written down.
  [[nodiscard]] pid_t master() const;
  [[nodiscard]] std::string postmap(const std::string& table, const std::string& key) const;
  /// "127.x.y.N" and this host's client addresses on the same net.
  [[nodiscard]] std::string host(int number) const { return net_ + std::to_string(number); }

  static constexpr unsigned incoming = 2525, outgoing = 2526, sink_port = 2625;
  std::string root_, dir_, net_;  ///< dir_: the instance's folder, below root_
  gateway::Facts facts_;
  applier::Options setup_;  ///< for new_applier; the folder is filled in
  std::unique_ptr<applier::Applier> applier_;
};

}  // namespace postern::test
