#include "hands/server.h"
#include "tests/applier/instance.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace postern::test {
namespace {

using namespace trees;

/// The whole way: an applier without privileges, postern-hands as root, a real Postfix.
class ThroughHands : public Instance {
 protected:
  static constexpr uid_t user = 64001;  // nobody's, so it may do nothing that root must

  void SetUp() override {
    Instance::SetUp();
    if (IsSkipped()) return;
    applier_.reset();
    std::filesystem::remove(dir_);
    // In place of posternd, which postern-hands keeps running.
    std::ofstream(root_ + "/posternd") << "#!/bin/sh\nexec sleep 600\n";
    chmod((root_ + "/posternd").c_str(), 0755);
    hands_ = fork();
    if (hands_ != 0) return;
    hands::Options options;
    options.machine = "newyork.postern.test";
    options.dir = root_;
    options.bin = root_;
    options.user = options.cli_user = std::to_string(user);
    const auto served = hands::serve(options);
    if (!served) std::fprintf(stderr, "%s\n", base::to_text(served.error()).c_str());
    _exit(served ? 0 : 1);
  }
  void TearDown() override {
    if (hands_ > 0) {
      kill(hands_, SIGTERM);
      waitpid(hands_, nullptr, 0);
    }
    Instance::TearDown();
  }

  [[nodiscard]] std::string socket() const { return root_ + "/run/hands.sock"; }
  [[nodiscard]] bool hands_are_there() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!std::filesystem::exists(socket()) && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return std::filesystem::exists(socket());
  }
  /// Applies the plans one after another in a process of `user`'s: a line for each.
  std::string apply_as_user(const std::vector<gateway::Plan>& plans) {
    const std::string told = root_ + "/told";
    const pid_t child = fork();
    if (child == 0) {
      std::ofstream out(told);
      if (setgid(user) != 0 || setuid(user) != 0) _exit(1);
      applier_ = std::make_unique<applier::Applier>(applier::Options{socket(), dir_});
      for (const gateway::Plan& each : plans) {
        const applier::Outcome outcome = apply(each);
        out << (outcome.result ? fmt::format("generation {} rows {} {}\n", outcome.generation, outcome.rows_written,
                                             outcome.reloaded ? "told" : "not told")
                               : base::to_text(outcome.result.error()) + "\n");
      }
      out.close();
      _exit(0);
    }
    waitpid(child, nullptr, 0);
    std::ifstream in(told);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  pid_t hands_ = 0;
};

TEST_F(ThroughHands, APlanIsAppliedByAnOrdinaryUser) {
  ASSERT_TRUE(hands_are_there());
  const Sink sink(host(10), sink_port);
  const auto to = [&](int number) { return plan({route("example.com", {fmt::format("{}:{}", host(number), sink_port)})}); };
  std::vector<gateway::Plan> plans{to(9), to(10)};
  facts_.host_name = "other.postern.test";
  plans.push_back(to(10));
  EXPECT_EQ(apply_as_user(plans),
            "generation 1 rows 8 told\n"
            "generation 1 rows 1 not told\n"
            "generation 2 rows 4 told\n");
  EXPECT_EQ(Client(host(30), host(1), incoming).greeting(), "220 other.postern.test ESMTP");
  EXPECT_TRUE(send_mail(host(30), host(1), incoming, "one@example.com").starts_with("250"));
  EXPECT_TRUE(sink.wait_for("one@example.com"));
  EXPECT_EQ(apply_as_user({to(10)}),
            "generation 2 rows 0 not told\n");  // a successor finds all as it should be
}

// Of which the user may not read all.
TEST_F(ThroughHands, ALookFindsWhatRootPutInPlace) {
  ASSERT_TRUE(hands_are_there());
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(user) != 0 || setuid(user) != 0) _exit(1);
    applier::Options setup{socket(), dir_};
    setup.look_every = std::chrono::milliseconds(50);
    applier_ = std::make_unique<applier::Applier>(setup);
    if (!apply(plan({route("example.com", {host(9)})})).result) _exit(2);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (applier_->counters().looks < 4 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (applier_->counters().looks < 4) _exit(3);
    _exit(applier_->counters().generations == 1 ? 0 : 4);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "1: no such user; 2: not applied; 3: no looks; 4: staged again";
}

}  // namespace
}  // namespace postern::test
