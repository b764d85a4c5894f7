#include "applier/tables.h"

#include "hands/lmdb.h"
#include "tests/applier/direct.h"
#include "tests/applier/run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

namespace postern::applier {
namespace {

namespace lmdb = hands::lmdb;

class TablesTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/postern-tables-XXXXXX";
    if (geteuid() != 0) GTEST_SKIP() << "Root writes the tables: run this test as root.";
    dir_ = mkdtemp(name);
    folder_ = dir_ + "/tables";
    std::filesystem::create_directory(folder_);
    direct_ = std::make_unique<test::Direct>(dir_);
    const std::string file = dir_ + "/main.cf";
    std::ofstream(file) << "compatibility_level = 3.6\n";
    // Postfix's tools wait out a main.cf younger than two seconds.
    std::filesystem::last_write_time(
        file, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(1));
  }
  void TearDown() override {
    if (!dir_.empty()) std::filesystem::remove_all(dir_);
  }

  [[nodiscard]] std::string postmap(const std::vector<std::string>& words) const {
    std::vector<std::string> command{"postmap", "-c", dir_};
    command.insert(command.end(), words.begin(), words.end());
    return test::run(command).output;
  }
  [[nodiscard]] std::string look_up(const std::string& key) const {
    return postmap({"-q", key, "lmdb:" + folder_ + "/t"});
  }
  [[nodiscard]] std::uintmax_t size() const {
    return std::filesystem::file_size(folder_ + "/t.lmdb");
  }

  std::string dir_, folder_;
  std::unique_ptr<test::Direct> direct_;
};

TEST_F(TablesTest, PostmapReadsOurRowsAndWeReadPostmaps) {
  Tables tables(folder_, *direct_);
  ASSERT_TRUE(
      tables.change({"t", true, {{"example.com", "smtp:[a]:25"}, {".b", "x y"}}, {}}).has_value());
  EXPECT_EQ(look_up("example.com"), "smtp:[a]:25\n");
  EXPECT_EQ(look_up(".b"), "x y\n");
  EXPECT_EQ(look_up("c"), "");

  std::ofstream(folder_ + "/t") << "example.com  theirs\nc  new\n";
  EXPECT_EQ(postmap({"lmdb:" + folder_ + "/t"}), "");
  EXPECT_TRUE(tables.read_back({"t", false, {{"example.com", "theirs"}, {"c", "new"}}, {".b"}})
                  .has_value());
  ASSERT_TRUE(tables.change({"t", false, {{"c", "ours"}}, {"example.com"}}).has_value());
  EXPECT_EQ(look_up("c"), "ours\n");
  EXPECT_EQ(look_up("example.com"), "");
}

TEST_F(TablesTest, ReadBackTellsWhatIsNotAsWritten) {
  Tables tables(folder_, *direct_);
  ASSERT_TRUE(tables.change({"t", true, {{"a", "1"}}, {}}).has_value());
  EXPECT_TRUE(tables.read_back({"t", false, {{"a", "1"}}, {"b"}}).has_value());
  for (const gateway::TableChange& wrong : {gateway::TableChange{"t", false, {{"a", "2"}}, {}},
                                            gateway::TableChange{"t", false, {{"b", "1"}}, {}},
                                            gateway::TableChange{"t", false, {}, {"a"}}}) {
    const auto read = tables.read_back(wrong);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code, base::ErrorCode::damaged);
  }
}

TEST_F(TablesTest, TheMapGrows) {
  Tables tables(folder_, *direct_);
  ASSERT_TRUE(tables.change({"t", true, {{"key00000", "1"}}, {}}).has_value());
  gateway::TableChange change{"t", false, {}, {}};
  for (int i = 0; i < 60'000; ++i) change.put[fmt::format("key{:05}", i)] = std::string(500, 'v');
  const auto written = tables.change(change);
  ASSERT_TRUE(written.has_value()) << base::to_text(written.error());
  EXPECT_EQ(*written, 60'000U);
  EXPECT_GT(size(), 32U << 20);
  EXPECT_EQ(look_up("key59999"), std::string(500, 'v') + "\n");
}

TEST_F(TablesTest, MakeWritesOnlyWhatDiffersInATrustedTable) {
  std::map<std::string, std::string> rows{{"a", "1"}, {"b", "2"}};
  Tables first(folder_, *direct_);
  EXPECT_FALSE(first.trusted());
  EXPECT_EQ(first.make({"t", rows}).value(), 2U);
  first.trust();

  Tables again(folder_, *direct_);
  EXPECT_TRUE(again.trusted());
  EXPECT_EQ(again.make({"t", rows}).value(), 0U);
  rows["b"] = "3";
  EXPECT_EQ(again.make({"t", rows}).value(), 1U);
  EXPECT_EQ(look_up("b"), "3\n");
}

TEST_F(TablesTest, TablesFromBeforeTheHostStartedAreMadeAnew) {
  Tables first(folder_, *direct_);
  ASSERT_TRUE(first.make({"t", {{"a", "1"}}}).has_value());
  first.trust();
  std::ofstream(folder_ + "/.boot") << "another start of the host\n";
  std::ofstream(folder_ + "/t.lmdb", std::ios::trunc) << std::string(8192, 'z');
  Tables later(folder_, *direct_);
  EXPECT_FALSE(later.trusted());
  EXPECT_EQ(later.make({"t", {{"a", "2"}}}).value(), 1U);
  EXPECT_EQ(look_up("a"), "2\n");
}

TEST_F(TablesTest, ARowOfATableThatIsGoneIsAnError) {
  Tables tables(folder_, *direct_);
  const auto done = tables.change({"t", false, {{"a", "1"}}, {}});
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, base::ErrorCode::io);
}

TEST_F(TablesTest, AReaderThatKeepsTheLockIsWaitedForAndThenNamed) {
  Tables tables(folder_, *direct_);
  ASSERT_TRUE(tables.change({"t", true, {{"a", "1"}}, {}}).has_value());
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t reader = fork();
  if (reader == 0) {
    const auto environment = lmdb::open(folder_ + "/t.lmdb", MDB_RDONLY);
    const bool locked = lmdb::lock(environment->get(), dir_, false).has_value();
    (void)!write(ready[1], locked ? "y" : "n", 1);
    pause();
    _exit(0);
  }
  char locked = 'n';
  ASSERT_EQ(read(ready[0], &locked, 1), 1);
  EXPECT_EQ(locked, 'y');
  const auto refused = tables.change({"t", false, {{"a", "2"}}, {}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::busy);
  kill(reader, SIGKILL);
  waitpid(reader, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  EXPECT_TRUE(tables.change({"t", false, {{"a", "2"}}, {}}).has_value());
}

/// Readers without LMDB's own locks see whole rows only because of the file lock: this fails
/// without it.
TEST_F(TablesTest, ReadersAndTheWriterDoNotDisturbEachOther) {
  Tables tables(folder_, *direct_);
  gateway::TableChange change{"t", true, {}, {}};
  for (int i = 0; i < 2000; ++i) change.put[fmt::format("key{:04}", i)] = "0";
  ASSERT_TRUE(tables.change(change).has_value());
  const pid_t reader = fork();
  if (reader == 0) {
    alarm(60);
    const std::string path = folder_ + "/t.lmdb";
    const auto environment = lmdb::open(path, MDB_RDONLY);
    while (true) {
      if (!lmdb::lock(environment->get(), path, false)) _exit(2);
      const auto rows = lmdb::rows(environment->get(), path);
      lmdb::release(environment->get());
      if (!rows || rows->size() != 2000) _exit(3);
      const std::string& first = rows->begin()->second;
      for (const auto& row : *rows)
        if (row.second != first) _exit(4);
      if (first == "200") _exit(0);
    }
  }
  for (int round = 1; round <= 200; ++round) {
    change.whole = false;
    for (auto& row : change.put) row.second = std::to_string(round);
    ASSERT_TRUE(tables.change(change).has_value());
  }
  int status = 0;
  waitpid(reader, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(TablesTest, WhatARowCosts) {
  Tables tables(folder_, *direct_);
  gateway::TableChange all{"t", true, {}, {}};
  for (int i = 0; i < 10'000; ++i)
    all.put[fmt::format("d{:05}.example", i)] = "smtp:[192.0.2.1]:25";
  const auto timed = [&](const gateway::TableChange& change) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(tables.change(change).has_value());
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
  };
  const double whole = timed(all);
  double rows = 0;
  for (int i = 0; i < 100; ++i)
    rows += timed({"t", false, {{fmt::format("d{:05}.example", i * 99), "new"}}, {}});
  std::printf("10,000 rows: %.1f ms; a row: %.3f ms\n", whole, rows / 100);
  EXPECT_LT(rows / 100, whole);
}

}  // namespace
}  // namespace postern::applier
