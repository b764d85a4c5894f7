#include "hands/tables.h"

#include "tests/hands/fixture.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace postern::hands {
namespace {

struct TablesTest : InFolder {
  base::Result<void> whole(std::size_t rows) {
    TableChange change{"transport", true, {}, {}};
    for (std::size_t i = 0; i < rows; ++i) change.put["r" + std::to_string(i) + ".example"] = "smtp:[mx.example]:25";
    return tables().change(change);
  }
  base::Result<void> row(const std::string& key) { return tables().change({"transport", false, {{key, "smtp:"}}, {}}); }
  Tables& tables() {
    if (!tables_) tables_.emplace(*Folder::open(dir()), ::getegid());
    return *tables_;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    auto all = folder->names();
    std::sort(all.begin(), all.end());
    return all;
  }
  std::optional<Tables> tables_;
};

/// What is missing may be just the room that a new table's file takes.
TEST_F(TablesTest, AWriteThatFailsLeavesNoFileBehind) {
  ASSERT_TRUE(whole(1));
  const auto before = names();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit little{64U << 10, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  const auto refused = whole(20'000);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(refused);
  EXPECT_EQ(names(), before);
  EXPECT_TRUE(row("a.example")) << "what it held stays";
  EXPECT_TRUE(whole(20'000));
}

/// A second name, or another owner, and somebody else could have it open for writing.
TEST_F(TablesTest, WhatSomebodyElseHoldsIsNotWritten) {
  ASSERT_TRUE(whole(1));
  tables_.reset();
  ASSERT_EQ(::link((dir() + "/transport.lmdb").c_str(), (dir() + "/second").c_str()), 0);
  EXPECT_FALSE(row("a.example"));
  ASSERT_EQ(::unlink((dir() + "/second").c_str()), 0);
  EXPECT_TRUE(row("a.example"));
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  tables_.reset();
  ASSERT_EQ(::chown((dir() + "/transport.lmdb").c_str(), 65'534, static_cast<gid_t>(-1)), 0);
  EXPECT_FALSE(row("b.example"));
}

}  // namespace
}  // namespace postern::hands
