// A new store's name is on the disk before anybody is told that there is one, and so is what a log holds before it is read.
#include "store/file.h"
#include "tests/store/fixture.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>

namespace {

std::atomic<int> folders_flushed{0};
std::atomic<bool> folders_fail{false};
std::atomic<ino_t> failing_file{0};

}  // namespace

/// In place of the C library's, for all of this program.
extern "C" int fsync(int file) {
  struct stat status {};
  if (::fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) {
    if (folders_fail) {
      errno = EIO;
      return -1;
    }
    ++folders_flushed;
  }
  if (failing_file != 0 && status.st_ino == failing_file) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}

namespace postern::store {
namespace {

TEST(StoreFolder, IsFlushedWhenAStoreIsPutIntoIt) {
  const Folder folder;
  const int before = folders_flushed;
  ASSERT_TRUE(Store::create(folder.file(), batch_of(1)));
  EXPECT_GT(folders_flushed, before);
}

TEST(StoreFolder, ThatCannotBeFlushedHasNoStoreThatCounts) {
  const Folder folder;
  write_file(folder.file("beside"), "a store");
  folders_fail = true;
  const auto made = make_file(folder.file("made"), nullptr);
  const auto put = put_in_place(folder.file("beside"), folder.file());
  folders_fail = false;
  for (const auto& result : {made, put}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, base::ErrorCode::io);
    EXPECT_NE(result.error().text.find("cannot be flushed"), std::string::npos) << result.error().text;
  }
}

// After SIGKILL the system may have what the disk has not: whoever reads it may tell others.
TEST(StoreFolder, ALogThatCannotBeFlushedIsNotRead) {
  const Folder folder;
  {
    auto store = open_store(folder.file("live"));
    ASSERT_TRUE(store->write({batch_of(1)}, nullptr));
    for (const char* rest : {"", "-wal"}) write_file(folder.file() + rest, read_file(folder.file("live") + rest));
  }
  struct stat log {};
  ASSERT_EQ(::stat(folder.file("store-wal").c_str(), &log), 0);
  failing_file = log.st_ino;
  const auto opened = Store::open(folder.file());
  failing_file = 0;
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, base::ErrorCode::io);
  EXPECT_NE(opened.error().text.find("log cannot be flushed"), std::string::npos) << opened.error().text;
  EXPECT_EQ(whole_batches(*open_store(folder.file())), 1U) << "it is there still";
}

}  // namespace
}  // namespace postern::store
