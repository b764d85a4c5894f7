#include "hands/rotation.h"

#include "hands/instance.h"
#include "tests/hands/fixture.h"

#include <sys/resource.h>

#include <csignal>

namespace postern::hands {
namespace {

struct Rotation : InFolder {
  void SetUp() override {
    InFolder::SetUp();
    if (!folder) return;
    auto log = folder->open_log("posternd.log");
    ASSERT_TRUE(log);
    writer = std::move(*log);
  }
  void say(const std::string& text) const {
    ASSERT_EQ(::write(writer.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string log(const std::string& end = {}) const { return read_file(dir() + "/posternd.log" + end); }

  Descriptor writer;  // as posternd has it: opened once, appended to for ever
};

TEST_F(Rotation, ASmallLogIsLetBe) {
  say("one\n");
  ASSERT_TRUE(rotate(*folder, "posternd.log", 4));
  EXPECT_EQ(log(), "one\n");
  EXPECT_EQ(log(".1"), "");
}

TEST_F(Rotation, ALargeOneIsPutAsideAndItsWriterGoesOn) {
  say("one\n");
  ASSERT_TRUE(rotate(*folder, "posternd.log", 3));
  say("two\n");
  EXPECT_EQ(log(".1"), "one\n");
  EXPECT_EQ(log(), "two\n");
}

TEST_F(Rotation, FiveOldOnesAreKept) {
  for (int i = 1; i <= 9; ++i) {
    say(std::to_string(i) + " of nine\n");
    ASSERT_TRUE(rotate(*folder, "posternd.log", 5));
  }
  EXPECT_EQ(log(".1"), "9 of nine\n");
  EXPECT_EQ(log(".5"), "5 of nine\n");
  EXPECT_FALSE(std::filesystem::exists(dir() + "/posternd.log.6"));
}

/// No room for a copy: the older ones stay, however often it is tried.
TEST_F(Rotation, AFullDiskCostsNoOlderLog) {
  for (int i = 1; i <= 5; ++i) {
    say(std::to_string(i) + " of five\n");
    ASSERT_TRUE(rotate(*folder, "posternd.log", 5));
  }
  say(std::string(1'000, 'x'));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit none{100, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(rotate(*folder, "posternd.log", 600));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(log(".1"), "5 of five\n");
  EXPECT_EQ(log(".5"), "1 of five\n");
  EXPECT_EQ(log().size(), 1'000U);
  ASSERT_TRUE(rotate(*folder, "posternd.log", 600)) << "and when there is room again it goes on";
  EXPECT_EQ(log(".1").size(), 1'000U);
}

/// With room for lines but none for a copy, it is the log that would take what room there is.
TEST_F(Rotation, ALogThatCannotBePutAsideDoesNotGrowForEver) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  for (int i = 0; i < 50; ++i) {
    say(std::string(100, 'x'));
    const rlimit none{50, before.rlim_max};  // no copy can be made; the writer is another process
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
    (void)rotate(*folder, "posternd.log", 200);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  }
  std::signal(SIGXFSZ, handler);
  EXPECT_LE(log().size(), 1'000U) << "of 5,000";
}

TEST_F(Rotation, AWriterThatIsFasterThanWeFillsNoDisk) {
  say(std::string(1'000, 'x'));
  ASSERT_TRUE(rotate(*folder, "posternd.log", 100));
  EXPECT_EQ(log(), "");
  EXPECT_EQ(log(".1").size(), 200U);
}

TEST_F(Rotation, WhoMightReadItMayReadTheOldOne) {
  ASSERT_TRUE(folder->give("posternd.log", {0, daemon_uid, 0640}));
  say("one\n");
  ASSERT_TRUE(rotate(*folder, "posternd.log", 3));
  struct stat status {};
  ASSERT_EQ(::stat((dir() + "/posternd.log.1").c_str(), &status), 0);
  EXPECT_EQ(status.st_gid, daemon_uid);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

/// Strangers write it: a line or more for each connection.
TEST_F(Rotation, TheMailLogIsBounded) {
  auto mta = folder->make("mta", {0, 0, 0755});
  ASSERT_TRUE(mta);
  const Instance instance(std::move(*mta), {});
  EXPECT_TRUE(instance.bound_log(100)) << "there is none yet";
  auto logs = folder->sub("mta")->make("log", {0, 0, 0750});
  ASSERT_TRUE(logs);
  auto mail = logs->open_log("mail.log");
  ASSERT_TRUE(mail);
  const std::string line = "connect from unknown\n";
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(::write(mail->get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
    ASSERT_TRUE(instance.bound_log(100));
  }
  std::size_t all = 0;
  for (const auto& file : std::filesystem::directory_iterator(dir() + "/mta/log")) all += file.file_size();
  EXPECT_LE(all, (logs_kept + 1) * (100 + line.size()));
  EXPECT_NE(read_file(dir() + "/mta/log/mail.log.1"), "");
}

TEST_F(Rotation, WhatOthersPutInItsPlaceIsNotWrittenThrough) {
  write_file(dir() + "/precious", "kept");
  std::filesystem::create_symlink(dir() + "/precious", dir() + "/posternd.log.1");
  say("one\n");
  ASSERT_TRUE(rotate(*folder, "posternd.log", 3));
  EXPECT_EQ(read_file(dir() + "/precious"), "kept");
  EXPECT_EQ(log(".1"), "one\n");
}

}  // namespace
}  // namespace postern::hands
