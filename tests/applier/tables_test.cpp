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
#include <map>
#include <memory>
#include <optional>
#include <string>

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
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(1));
  }
  void TearDown() override {
    if (!dir_.empty()) std::filesystem::remove_all(dir_);
  }

  [[nodiscard]] std::string postmap(const std::vector<std::string>& words) const {
    std::vector<std::string> command{"postmap", "-c", dir_};
    command.insert(command.end(), words.begin(), words.end());
    return test::run(command).output;
  }
  [[nodiscard]] std::string look_up(const std::string& key) const { return postmap({"-q", key, "lmdb:" + folder_ + "/t"}); }
  [[nodiscard]] std::uintmax_t size() const { return std::filesystem::file_size(folder_ + "/t.lmdb"); }

  std::string dir_, folder_;
  std::unique_ptr<test::Direct> direct_;
};

TEST_F(TablesTest, PostmapReadsOurRowsAndWeReadPostmaps) {
  Tables tables(folder_, *direct_);
  ASSERT_TRUE(tables.change({"t", true, {{"example.com", "smtp:[a]:25"}, {".b", "x y"}}, {}}).has_value());
  EXPECT_EQ(look_up("example.com"), "smtp:[a]:25\n");
  EXPECT_EQ(look_up(".b"), "x y\n");
  EXPECT_EQ(look_up("c"), "");

  std::ofstream(folder_ + "/t") << "example.com  theirs\nc  new\n";
  EXPECT_EQ(postmap({"lmdb:" + folder_ + "/t"}), "");
  EXPECT_TRUE(tables.read_back({"t", false, {{"example.com", "theirs"}, {"c", "new"}}, {".b"}}).has_value());
  ASSERT_TRUE(tables.change({"t", false, {{"c", "ours"}}, {"example.com"}}).has_value());
  EXPECT_EQ(look_up("c"), "ours\n");
  EXPECT_EQ(look_up("example.com"), "");
}

TEST_F(TablesTest, ReadBackTellsWhatIsNotAsWritten) {
  Tables tables(folder_, *direct_);
  ASSERT_TRUE(tables.change({"t", true, {{"a", "1"}}, {}}).has_value());
  EXPECT_TRUE(tables.read_back({"t", false, {{"a", "1"}}, {"b"}}).has_value());
  for (const gateway::TableChange& wrong :
       {gateway::TableChange{"t", false, {{"a", "2"}}, {}}, gateway::TableChange{"t", false, {{"b", "1"}}, {}},
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

TEST_F(TablesTest, ATableThatWasCutIsMadeAnewAndNotMapped) {
  std::map<std::string, std::string> rows;
  for (int i = 0; i < 2000; ++i) rows[fmt::format("key{:04}", i)] = std::string(100, 'v');
  Tables first(folder_, *direct_);
  ASSERT_TRUE(first.make({"t", rows}).has_value());
  first.trust();
  std::filesystem::resize_file(folder_ + "/t.lmdb", 3 * 4096);
  Tables later(folder_, *direct_);
  ASSERT_TRUE(later.trusted());
  const auto cut = later.change({"t", false, {{"a", "1"}}, {}});
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, base::ErrorCode::damaged);
  EXPECT_EQ(later.make({"t", rows}).value(), 2000U);
  EXPECT_EQ(look_up("key1999"), std::string(100, 'v') + "\n");
}

TEST_F(TablesTest, ATableIsSoundOnlyAsItWasLeft) {
  Tables tables(folder_, *direct_);
  const std::string file = folder_ + "/t.lmdb";
  EXPECT_FALSE(tables.sound("t"));
  const auto make = [&] {
    ASSERT_TRUE(tables.change({"t", true, {{"a", "1"}}, {}}).has_value());
    ASSERT_TRUE(tables.sound("t"));
  };
  make();
  ASSERT_TRUE(tables.change({"t", false, {{"b", "2"}}, {"a"}}).has_value());
  EXPECT_TRUE(tables.sound("t"));
  const std::uint64_t anew = tables.made_anew();
  std::filesystem::copy_file(file, folder_ + "/copy");
  std::filesystem::rename(folder_ + "/copy", file);
  EXPECT_FALSE(tables.sound("t")) << "another file of the same bytes: Postfix has the old one";
  make();
  EXPECT_EQ(tables.made_anew(), anew + 1);
  std::filesystem::resize_file(file, 4096);
  EXPECT_FALSE(tables.sound("t"));
  make();
  chmod(file.c_str(), 0600);
  EXPECT_FALSE(tables.sound("t"));
  make();
  std::filesystem::remove(file);
  EXPECT_FALSE(tables.sound("t"));
  make();
  tables.doubt();
  EXPECT_FALSE(tables.sound("t"));
}

/// The folder is a file system of its own, with as much room as is asked for.
class FullDisk : public TablesTest {
 protected:
  bool mount(const std::string& options) {
    if (geteuid() != 0) return false;
    mounted_ = test::run({"mount", "-t", "tmpfs", "-o", options, "postern-test", dir_}).code == 0;
    if (mounted_) std::ofstream(dir_ + "/main.cf") << "compatibility_level = 3.6\n";
    return mounted_;
  }
  void remount(const std::string& options) { EXPECT_EQ(test::run({"mount", "-o", "remount," + options, dir_}).code, 0); }
  void TearDown() override {
    if (mounted_) test::run({"umount", "-l", dir_});
    TablesTest::TearDown();
  }
  void expect_as_before(const base::Result<std::uint64_t>& done, const std::string& reason, const std::string& mend) {
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, base::ErrorCode::io);
    EXPECT_NE(done.error().where.find(".lmdb"), std::string::npos) << done.error().where;
    EXPECT_EQ(done.error().where.find(".new"), std::string::npos) << done.error().where;
    EXPECT_NE(done.error().text.find(reason), std::string::npos) << done.error().text;
    EXPECT_NE(done.error().text.find(mend), std::string::npos) << done.error().text;
    EXPECT_TRUE(tables_->sound("t"));
    EXPECT_TRUE(tables_->read_back({"t", false, {{"a", "1"}}, {"key00001"}}).has_value());
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/.t.lmdb.new"));
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/.u.lmdb.new"));
  }
  void make_first() {
    std::filesystem::create_directory(folder_);
    direct_ = std::make_unique<test::Direct>(dir_);
    tables_.emplace(folder_, *direct_);
    ASSERT_TRUE(tables_->change({"t", true, {{"a", "1"}}, {}}).has_value());
    for (int i = 0; i < 20'000; ++i) large_[fmt::format("key{:05}", i)] = std::string(400, 'v');
  }

  bool mounted_ = false;
  std::optional<Tables> tables_;
  std::map<std::string, std::string> large_;
};

TEST_F(FullDisk, RowsThatFindNoRoomChangeNothing) {
  if (!mount("size=2m,mode=0755")) GTEST_SKIP() << "Nothing can be mounted here.";
  make_first();
  expect_as_before(tables_->change({"t", false, large_, {}}), "No space left", "Make room");
  expect_as_before(tables_->change({"t", true, large_, {}}), "No space left", "Make room");
  expect_as_before(tables_->change({"u", true, large_, {}}), "No space left", "Make room");
  ASSERT_TRUE(tables_->change({"t", false, {{"b", "2"}}, {}}).has_value());
  remount("size=40m");
  EXPECT_TRUE(tables_->change({"t", false, large_, {}}).has_value());
}

TEST_F(FullDisk, NoInodeIsLeft) {
  if (!mount("size=2m,mode=0755,nr_inodes=5")) GTEST_SKIP() << "Nothing can be mounted here.";
  make_first();  // two folders, main.cf, the mark of the start and the table: all five
  expect_as_before(tables_->change({"u", true, {{"a", "1"}}, {}}), "No space left", "Make room");
  EXPECT_TRUE(tables_->change({"t", false, {{"b", "2"}}, {}}).has_value());
}

TEST_F(FullDisk, AReadOnlyFileSystemKeepsWhatItHas) {
  if (!mount("size=2m,mode=0755")) GTEST_SKIP() << "Nothing can be mounted here.";
  make_first();
  remount("ro");
  expect_as_before(tables_->change({"t", false, {{"b", "2"}}, {}}), "Read-only", "writable");
  expect_as_before(tables_->change({"t", true, {{"b", "2"}}, {}}), "Read-only", "writable");
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
  for (int i = 0; i < 10'000; ++i) all.put[fmt::format("d{:05}.example", i)] = "smtp:[192.0.2.1]:25";
  const auto timed = [&](const gateway::TableChange& change) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(tables.change(change).has_value());
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  };
  const double whole = timed(all);
  double rows = 0;
  for (int i = 0; i < 100; ++i) rows += timed({"t", false, {{fmt::format("d{:05}.example", i * 99), "new"}}, {}});
  std::printf("10,000 rows: %.1f ms; a row: %.3f ms\n", whole, rows / 100);
  EXPECT_LT(rows / 100, whole);
}

}  // namespace
}  // namespace postern::applier
