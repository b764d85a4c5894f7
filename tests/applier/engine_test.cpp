// What the engine does where root's part fails, lies or is late: with real files and tables, and a Postfix that is only
// said to run.
#include "applier/engine.h"

#include "hands/lmdb.h"
#include "tests/applier/direct.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace postern::applier {
namespace {

namespace fs = std::filesystem;
namespace lmdb = hands::lmdb;

using Rows = std::map<std::string, std::string>;

/// Fails when told to, and writes down what it was asked for.
class Said final : public test::Direct {
 public:
  explicit Said(const std::string& dir) : Direct(dir) {}

  base::Result<void> check(std::uint64_t) override { return asked("check"); }
  base::Result<void> switch_to(std::uint64_t generation) override {
    auto may = asked("switch " + std::to_string(generation));
    return may ? Direct::switch_to(generation) : may;
  }
  base::Result<void> resolver(const std::vector<std::string>& addresses) override {
    resolvers = addresses;
    return asked("resolver");
  }
  base::Result<void> start() override { return runs(asked("start"), true); }
  base::Result<void> reload() override { return asked("reload"); }
  base::Result<void> stop() override { return runs(asked("stop"), false); }
  base::Result<bool> running() override { return runs_; }
  base::Result<void> table(const gateway::TableChange& change) override {
    auto may = asked("table " + change.table);
    if (!may) return may;
    return forgets_rows && !change.whole ? may : Direct::table(change);
  }

  [[nodiscard]] std::size_t count(const std::string& what) const {
    std::size_t found = 0;
    for (const auto& each : log) found += each == what ? 1 : 0;
    return found;
  }

  std::vector<std::string> log;
  std::vector<std::string> resolvers;
  /// Whether the call is refused.
  std::function<bool(const std::string&)> fails = [](const std::string&) { return false; };
  bool forgets_rows = false;  ///< says that rows are written, and writes none

 private:
  base::Result<void> asked(const std::string& what) {
    log.push_back(what);
    if (fails(what)) return base::fail(base::ErrorCode::io, what + " was refused.");
    return {};
  }
  base::Result<void> runs(base::Result<void> done, bool now) {
    if (done) runs_ = now;
    return done;
  }
  bool runs_ = false;
};

class EngineTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "Root writes the tables: run this test as root.";
    char name[] = "/tmp/postern-engine-XXXXXX";
    dir_ = ::mkdtemp(name);
    begin();
    ASSERT_EQ(text(engine_->apply(plan("one", {{"a", "1"}}, {{"b", "1"}}))), "");
  }
  void TearDown() override {
    engine_.reset();
    if (!dir_.empty()) fs::remove_all(dir_);
  }

  /// A posternd that starts; Postfix runs or not, as it did.
  void begin() {
    auto said = std::make_unique<Said>(dir_);
    if (said_ != nullptr && *said_->running()) (void)said->start();
    said->log.clear();
    said_ = said.get();
    applier::Options options{"", dir_};
    options.clock = [this] { return time_; };
    engine_ = std::make_unique<Engine>(std::move(options), std::move(said));
  }
  static gateway::Plan plan(const std::string& main, const Rows& first, const Rows& second) {
    gateway::Plan out;
    out.files = {{"main.cf", "myhostname = " + main + "\n", 0644}, {"master.cf", "# none\n", 0644}};
    out.tables = {{"first", first}, {"second", second}};
    out.resolvers = {"192.0.2.53"};
    return out;
  }
  static std::string text(const Outcome& outcome) {
    return outcome.result ? outcome.not_proved : base::to_text(outcome.result.error());
  }
  [[nodiscard]] Rows rows(const std::string& table) const {
    const std::string path = dir_ + "/tables/" + table + ".lmdb";
    auto environment = lmdb::open(path, MDB_RDONLY);
    if (!environment) return {};
    auto all = lmdb::rows(environment->get(), path);
    return all ? *all : Rows{};
  }
  [[nodiscard]] std::string in_force() const {
    std::ifstream file(dir_ + "/etc/main.cf");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::optional<Outcome> look() {
    return engine_->look([](const Outcome&) {});
  }

  std::string dir_;
  std::time_t time_ = 0;  ///< by the engine's clock
  Said* said_ = nullptr;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineTest, RowsThatAreNotThereAreNotTold) {
  said_->forgets_rows = true;
  EXPECT_NE(text(engine_->apply(plan("one", {{"a", "2"}}, {{"b", "1"}}))).find("does not read back"), std::string::npos);
  EXPECT_NE(text(engine_->apply(plan("one", {}, {{"b", "1"}}))).find("does not read back"), std::string::npos);
  said_->forgets_rows = false;
  EXPECT_EQ(text(engine_->apply(plan("one", {{"a", "2"}}, {{"b", "1"}}))), "");
  EXPECT_EQ(rows("first"), (Rows{{"a", "2"}}));
}

TEST_F(EngineTest, RowsOfAChangeThatFailedAreBack) {
  said_->fails = [](const std::string& what) { return what == "table second"; };
  EXPECT_NE(text(engine_->apply(plan("one", {{"a", "2"}}, {{"b", "2"}}))), "");
  said_->fails = [](const std::string&) { return false; };
  EXPECT_EQ(rows("first"), (Rows{{"a", "1"}})) << "all or nothing";
  EXPECT_EQ(rows("second"), (Rows{{"b", "1"}}));
  EXPECT_EQ(text(engine_->apply(plan("one", {{"a", "2"}}, {{"b", "2"}}))), "");
  EXPECT_EQ(rows("first"), (Rows{{"a", "2"}}));
}

TEST_F(EngineTest, AGenerationThatFailedLeavesWhatWas) {
  for (const std::string refused : {"check", "switch 2", "resolver", "reload"}) {
    SCOPED_TRACE(refused);
    bool once = true;
    said_->fails = [&](const std::string& what) {
      const bool now = once && what.starts_with(refused.substr(0, 6));
      if (now) once = false;
      return now;
    };
    const Outcome outcome = engine_->apply(plan("two", {{"a", "2"}}, {{"b", "2"}}));
    ASSERT_FALSE(outcome.result.has_value());
    if (refused != "check") {
      EXPECT_NE(text(outcome).find("The settings before are in force again"), std::string::npos) << text(outcome);
    }
    EXPECT_EQ(in_force(), "myhostname = one\n");
    EXPECT_EQ(rows("first"), (Rows{{"a", "1"}}));
    EXPECT_EQ(rows("second"), (Rows{{"b", "1"}}));
    EXPECT_TRUE(look().has_value()) << "it is known what is in force";
  }
}

/// Each try makes a generation, and the old ones go; but not the one that is gone back to.
TEST_F(EngineTest, AfterManyTriesTheWayBackIsStillThere) {
  for (int tries = 0; tries < 5; ++tries) {
    said_->fails = [](const std::string& what) { return what == "check"; };
    EXPECT_NE(text(engine_->apply(plan("two", {{"a", "1"}}, {{"b", "1"}}))), "");
  }
  bool once = true;
  said_->fails = [&](const std::string& what) { return what == "reload" && std::exchange(once, false); };
  const Outcome outcome = engine_->apply(plan("two", {{"a", "1"}}, {{"b", "1"}}));
  EXPECT_NE(text(outcome).find("The settings before are in force again"), std::string::npos) << text(outcome);
  EXPECT_EQ(in_force(), "myhostname = one\n");
  EXPECT_LE(std::distance(fs::directory_iterator(dir_ + "/gen"), fs::directory_iterator()), 4) << "and not for ever";
}

TEST_F(EngineTest, WhereGoingBackFailsTooNothingIsBelieved) {
  said_->fails = [&](const std::string& what) { return what == "reload" || what == "switch 1"; };
  const Outcome outcome = engine_->apply(plan("two", {{"a", "1"}}, {{"b", "1"}}));
  ASSERT_FALSE(outcome.result.has_value());
  EXPECT_NE(text(outcome).find("Going back failed too"), std::string::npos) << text(outcome);
  EXPECT_FALSE(look().has_value()) << "nobody knows what is in force";
  said_->fails = [](const std::string&) { return false; };
  const std::size_t reloads = said_->count("reload");
  EXPECT_EQ(text(engine_->apply(plan("one", {{"a", "1"}}, {{"b", "1"}}))), "");
  EXPECT_EQ(in_force(), "myhostname = one\n");
  EXPECT_GT(said_->count("reload"), reloads) << "Postfix reads what is in force now";
}

TEST_F(EngineTest, AnOwnStartFindsWhatRunsAndTellsItTheResolver) {
  begin();
  EXPECT_EQ(text(engine_->apply(plan("one", {{"a", "1"}}, {{"b", "1"}}))), "");
  EXPECT_EQ(said_->count("resolver"), 1U) << "the host's own may have changed";
  EXPECT_EQ(said_->resolvers, std::vector<std::string>{"192.0.2.53"});
  for (const char* what : {"check", "reload", "start", "stop"}) EXPECT_EQ(said_->count(what), 0U) << what;
  begin();
  fs::remove(dir_ + "/tables/first.lmdb");
  EXPECT_EQ(text(engine_->apply(plan("one", {{"a", "1"}}, {{"b", "1"}}))), "");
  EXPECT_EQ(rows("first"), (Rows{{"a", "1"}}));
  EXPECT_EQ(said_->count("reload"), 1U) << "Postfix has the old one open";
}

TEST_F(EngineTest, ATableMadeAnewIsToldToPostfix) {
  fs::remove(dir_ + "/tables/second.lmdb");
  const Outcome outcome = engine_->apply(plan("one", {{"a", "2"}}, {{"b", "1"}}));
  EXPECT_EQ(text(outcome), "");
  EXPECT_TRUE(outcome.reloaded);
  EXPECT_EQ(said_->count("reload"), 1U);
  fs::remove(dir_ + "/tables/second.lmdb");
  bool once = true;
  said_->fails = [&](const std::string& what) { return what == "reload" && std::exchange(once, false); };
  EXPECT_NE(text(*look()), "");
  EXPECT_EQ(text(*look()), "");
  EXPECT_EQ(said_->count("reload"), 3U) << "asked again until it was told";
  EXPECT_EQ(rows("second"), (Rows{{"b", "1"}}));
}

TEST_F(EngineTest, AnotherGenerationInForceIsFoundAndMended) {
  ASSERT_EQ(text(engine_->apply(plan("two", {{"a", "1"}}, {{"b", "1"}}))), "");
  // The same files under another name: what is proved of a generation is proved of that one.
  fs::copy(dir_ + "/gen/2", dir_ + "/gen/7");
  ASSERT_TRUE(said_->switch_to(7).has_value());
  std::string found;
  const auto mended = engine_->look([&](const Outcome& outcome) { found = text(outcome); });
  EXPECT_NE(found.find("The files of generation 2 are not in place"), std::string::npos) << found;
  ASSERT_TRUE(mended.has_value());
  EXPECT_EQ(text(*mended), "");
  EXPECT_EQ(in_force(), "myhostname = two\n");
}

TEST_F(EngineTest, WhatCannotBeProvedIsSaidAndAskedAgain) {
  gateway::Plan unproved = plan("two", {{"a", "1"}}, {{"b", "1"}});
  unproved.probes = {{"Nowhere", "192.0.2.99", 25, ""}};  // no address of this host
  const Outcome outcome = engine_->apply(unproved);
  EXPECT_TRUE(outcome.result.has_value()) << text(outcome);
  EXPECT_NE(outcome.not_proved.find("Nowhere"), std::string::npos) << outcome.not_proved;
  EXPECT_EQ(in_force(), "myhostname = two\n") << "it stands";
  const auto later = look();
  ASSERT_TRUE(later.has_value());
  EXPECT_NE(later->not_proved.find("Nowhere"), std::string::npos) << "still";
}

TEST_F(EngineTest, TheNameServersBeforeAreBackToo) {
  gateway::Plan other = plan("two", {{"a", "1"}}, {{"b", "1"}});
  other.resolvers = {"192.0.2.54"};
  bool once = true;
  said_->fails = [&](const std::string& what) { return what == "reload" && std::exchange(once, false); };
  EXPECT_NE(text(engine_->apply(other)).find("The settings before are in force again"), std::string::npos);
  EXPECT_EQ(said_->resolvers, std::vector<std::string>{"192.0.2.53"});
}

// The port of a listener on one address says nothing of the same port on another.
TEST_F(EngineTest, AListenersPortIsItsOwnAtItsAddressOnly) {
  const hands::Descriptor another(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  ASSERT_EQ(::bind(another.get(), reinterpret_cast<const sockaddr*>(&where), size), 0);
  ASSERT_EQ(::listen(another.get(), 1), 0);
  ASSERT_EQ(::getsockname(another.get(), reinterpret_cast<sockaddr*>(&where), &size), 0);
  gateway::Plan first = plan("two", {{"a", "1"}}, {{"b", "1"}});
  first.probes = {{"Far", "192.0.2.99", ntohs(where.sin_port), ""}};  // no address of this host
  ASSERT_TRUE(engine_->apply(first).result.has_value());
  gateway::Plan second = plan("three", {{"a", "1"}}, {{"b", "1"}});
  second.probes = {first.probes[0], {"Near", "127.0.0.1", first.probes[0].port, ""}};
  const Outcome outcome = engine_->apply(second);
  EXPECT_NE(text(outcome).find("The listener Near cannot be opened: another program listens"), std::string::npos)
      << text(outcome);
  EXPECT_EQ(in_force(), "myhostname = two\n") << "Postfix was not told";
}

TEST_F(EngineTest, WhatBreaksAgainIsBrokenSinceThen) {
  const auto broken_at = [&](std::time_t time) {
    time_ = time;
    said_->fails = [](const std::string& what) { return what == "reload"; };
    fs::remove(dir_ + "/tables/first.lmdb");
    return text(*look());
  };
  std::string told = broken_at(0);
  EXPECT_NE(told.find("Broken since 1970-01-01 00:00:00 UTC"), std::string::npos) << told;
  told = broken_at(3'600);
  EXPECT_NE(told.find("Broken since 1970-01-01 00:00:00 UTC"), std::string::npos) << "still: " << told;
  said_->fails = [](const std::string&) { return false; };
  ASSERT_EQ(text(engine_->apply(plan("one", {{"a", "2"}}, {{"b", "1"}}))), "");
  told = broken_at(7'200);
  EXPECT_NE(told.find("Broken since 1970-01-01 02:00:00 UTC"), std::string::npos) << told;
}

}  // namespace
}  // namespace postern::applier
