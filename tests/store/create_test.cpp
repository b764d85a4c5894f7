#include "store/file.h"
#include "tests/store/fixture.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace postern::store {
namespace {

std::vector<std::string> names_in(const Folder& folder) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder.file(""))) out.push_back(entry.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

base::ErrorCode code_of(const base::Result<void>& result) {
  EXPECT_FALSE(result);
  return result ? base::ErrorCode::internal : result.error().code;
}

TEST(Create, HoldsEverythingAndLeavesNothingBeside) {
  const Folder folder;
  ASSERT_EQ(Store::exists(folder.file()).value(), false);
  EXPECT_TRUE(names_in(folder).empty()) << "looking made a file";
  ASSERT_TRUE(Store::create(folder.file(), batch_of(1, false)));
  EXPECT_EQ(names_in(folder), std::vector<std::string>{"store"});
  EXPECT_EQ(Store::exists(folder.file()).value(), true);
  EXPECT_EQ(whole_batches(*open_store(folder.file())), 1U);
}

// A machine whose store cannot be opened waited for its setting up, and mail with it.
TEST(Create, AStoreThatCannotBeOpenedIsNotTakenForNone) {
  const Folder folder;
  std::filesystem::create_symlink(folder.file(), folder.file());
  const auto loop = Store::exists(folder.file());
  ASSERT_FALSE(loop);
  EXPECT_NE(loop.error().text.find("cannot be opened for writing: Too many levels"), std::string::npos) << loop.error().text;
  EXPECT_FALSE(Store::open(folder.file()));
  std::filesystem::remove(folder.file());

  ASSERT_TRUE(Store::create(folder.file(), batch_of(1)));
  if (::geteuid() != 0) return;
  std::filesystem::permissions(folder.file(""), std::filesystem::perms::all);
  ASSERT_EQ(::seteuid(65534), 0);
  const auto foreign = Store::exists(folder.file());
  const auto opened = Store::open(folder.file());
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().text.find("Permission denied"), std::string::npos) << foreign.error().text;
  EXPECT_FALSE(opened);
}

// Its disk is not mounted, say.
TEST(Create, ALinkToAStoreThatIsNotThereIsNotTakenForNone) {
  const Folder folder;
  std::filesystem::create_symlink(folder.file("elsewhere/store"), folder.file());
  const auto gone = Store::exists(folder.file());
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().text.find("This is a link, and what it leads to is not there"), std::string::npos) << gone.error().text;
}

// SQLite would name the store.
TEST(Create, AFileBesideAStoreThatCannotBeOpenedIsNamed) {
  for (const char* ending : {"-wal", "-journal"}) {
    const Folder folder;
    ASSERT_TRUE(Store::create(folder.file(), batch_of(1)));
    std::filesystem::create_directory(folder.file() + ending);
    const auto opened = Store::open(folder.file());
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().where.find(ending), std::string::npos) << opened.error().where;
    EXPECT_NE(opened.error().text.find("Put this folder elsewhere."), std::string::npos) << opened.error().text;
  }
}

TEST(Create, NeverOverwrites) {
  const Folder folder;
  ASSERT_TRUE(Store::create(folder.file(), batch_of(1)));
  const std::string before = read_file(folder.file());
  EXPECT_EQ(code_of(Store::create(folder.file(), batch_of(1))), base::ErrorCode::exists);
  EXPECT_EQ(read_file(folder.file()), before);
}

TEST(Create, TakesNothingElseForNothing) {
  const Folder folder;
  for (const std::string& bytes : {std::string(), std::string(200, 'x')}) {
    write_file(folder.file(), bytes);
    EXPECT_EQ(Store::exists(folder.file()).error().code, base::ErrorCode::damaged);
    EXPECT_EQ(code_of(Store::create(folder.file(), batch_of(1))), base::ErrorCode::damaged);
    EXPECT_EQ(read_file(folder.file()), bytes);
  }
  const Folder log_only;
  write_file(log_only.file("store-wal"), "what is left of a store");
  EXPECT_EQ(Store::exists(log_only.file()).error().code, base::ErrorCode::damaged);
}

/// What is in the log alone would be lost with the name that it goes by.
TEST(Create, AStoreWhoseLogIsNotEmptyGetsNoName) {
  const Folder folder;
  write_file(folder.file("beside"), "a store");
  write_file(folder.file("beside-wal"), "transactions");
  EXPECT_EQ(code_of(put_in_place(folder.file("beside"), folder.file())), base::ErrorCode::io);
  EXPECT_FALSE(std::filesystem::exists(folder.file()));
  write_file(folder.file("beside-wal"), "");
  EXPECT_TRUE(put_in_place(folder.file("beside"), folder.file()));
  EXPECT_EQ(read_file(folder.file()), "a store");
}

TEST(Create, OneAtATime) {
  const Folder folder;
  const int held = ::open(folder.file("").c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  EXPECT_EQ(code_of(Store::create(folder.file(), batch_of(1))), base::ErrorCode::busy);
  ::close(held);
  EXPECT_TRUE(Store::create(folder.file(), batch_of(1)));
}

using Clock = std::chrono::steady_clock;

/// How long one takes here and now.
Clock::duration time_of_one() {
  const Folder folder;
  const auto from = Clock::now();
  EXPECT_TRUE(Store::create(folder.file(), batch_of(1, true, 20'000)));
  return Clock::now() - from;
}

/// True: the store was there after the kill. Either way the next attempt is not hindered.
bool born_before_kill(Clock::duration pause) {
  const Folder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    (void)Store::create(folder.file(), batch_of(1, true, 20'000));
    for (;;) ::pause();
  }
  const auto until = Clock::now() + pause;
  while (Clock::now() < until) std::this_thread::yield();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto there = Store::exists(folder.file());
  EXPECT_TRUE(there) << base::to_text(there.error());
  if (!there) return false;
  if (!*there) {
    EXPECT_TRUE(Store::create(folder.file(), batch_of(1)));
  }
  EXPECT_EQ(whole_batches(*open_store(folder.file())), 1U);
  return *there;
}

TEST(Create, IsThereWholeOrNotAtAllAfterSigkill) {
  std::mt19937 random(11);
  int counts[2] = {0, 0};
  const auto one = time_of_one();
  for (int round = 0; round < 400 && (round < 60 || counts[0] < 5 || counts[1] < 5); ++round)
    ++counts[born_before_kill(one * (random() % 200) / 100) ? 1 : 0];
  EXPECT_GE(counts[0], 5) << "hardly a kill came early enough to test anything";
  EXPECT_GE(counts[1], 5) << "hardly a kill came late enough to test anything";
}

}  // namespace
}  // namespace postern::store
