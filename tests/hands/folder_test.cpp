#include "hands/folder.h"

#include "tests/hands/fixture.h"

namespace postern::hands {
namespace {

struct Shared : InFolder {
  void SetUp() override {
    InFolder::SetUp();
    if (!folder) return;
    ASSERT_TRUE(folder->own({0, daemon_uid, 01771}));
  }
  /// What was left is root's by now; it is deeper than std::filesystem goes.
  void TearDown() override {
    if (folder) {
      for (const auto& name : folder->names()) EXPECT_TRUE(folder->remove(name)) << name;
    }
    Machine::TearDown();
  }
};

/// A folder of user postern's with so many in one another. He may hold them open and make more as fast as they are
/// removed: whoever waited for the last one waited for ever.
void plant_deep(const std::string& path, int depth) {
  ASSERT_EQ(::mkdir(path.c_str(), 0755), 0);
  ASSERT_EQ(::chown(path.c_str(), daemon_uid, daemon_uid), 0);
  Descriptor at(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < depth; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), "d", 0755), 0);
    at = Descriptor(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
}

TEST_F(Shared, OfAFolderOfOthersSoMuchIsRemovedAndItsNameIsFree) {
  constexpr int too_deep = 1500;
  plant_deep(dir() + "/file", too_deep);
  ASSERT_TRUE(folder->write("file", "root's", 0600));
  EXPECT_EQ(read_file(dir() + "/file"), "root's");
  plant_deep(dir() + "/old", too_deep);
  ASSERT_TRUE(folder->rename("file", "old"));
  EXPECT_EQ(read_file(dir() + "/old"), "root's");
  EXPECT_FALSE(std::filesystem::exists(dir() + "/file"));
  plant_deep(dir() + "/gone", too_deep);
  ASSERT_TRUE(folder->remove("gone"));
  EXPECT_FALSE(std::filesystem::exists(dir() + "/gone"));
  EXPECT_EQ(folder->names().size(), 4U) << "what was too much stays under other names, and old";
}

TEST_F(Shared, WhatIsSmallIsRemovedWhole) {
  std::filesystem::create_directories(dir() + "/folder/in/it");
  write_file(dir() + "/folder/in/file", "x");
  ASSERT_EQ(::chown((dir() + "/folder").c_str(), daemon_uid, daemon_uid), 0);
  const auto before = folder->names();
  ASSERT_TRUE(folder->remove("folder"));
  EXPECT_EQ(folder->names().size() + 1, before.size());
}

// Somebody makes and removes files of such names all the time.
TEST_F(Shared, NobodyKeepsAFileOfRootsFromItsPlace) {
  const std::string path = dir();
  const pid_t other = ::fork();
  if (other == 0) {
    if (::setgid(daemon_uid) != 0 || ::setuid(daemon_uid) != 0) ::_exit(1);
    for (;;)
      for (const char* name : {"/.a.new", "/a", "/.log.new", "/log"}) {
        ::close(::open((path + name).c_str(), O_CREAT | O_WRONLY, 0600));
        ::mkdir((path + name).c_str(), 0700);
        ::unlink((path + name).c_str());
        ::rmdir((path + name).c_str());
      }
  }
  int failed = 0;
  for (int i = 0; i < 500; ++i) {
    if (!folder->write("a", "root's", 0600)) ++failed;
    if (auto log = folder->open_log("log"); !log) ++failed;
    ::unlink((path + "/a").c_str());
    ::unlink((path + "/log").c_str());
  }
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace postern::hands
