#include "hands/lmdb.h"
#include "tests/hands/fixture.h"

#include <algorithm>
#include <optional>
#include <set>

namespace postern::hands {
namespace {

using Rows = std::map<std::string, std::string>;

class RowWriting : public Machine {
 protected:
  /// The children of postern-hands that are postern-hands themselves.
  [[nodiscard]] std::set<pid_t> writers() const {
    const std::string task = std::to_string(hands_);
    std::istringstream words(read_file("/proc/" + task + "/task/" + task + "/children"));
    std::set<pid_t> found;
    for (pid_t pid = 0; words >> pid;) {
      std::error_code none;
      const auto exe = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", none);
      if (exe.filename() == "postern-hands") found.insert(pid);
    }
    return found;
  }
  /// With a table "t" that has the row "a", by the child that stays.
  Client& begin_with_a_row() {
    begin_hands();
    Client& client = client_.emplace(socket_path());
    EXPECT_TRUE(client.table({"t", true, {}, {}}));
    EXPECT_TRUE(put(client, "a"));
    return client;
  }
  [[nodiscard]] pid_t only_writer() const {
    const auto all = writers();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? 0 : *all.begin();
  }
  /// What a process has open: paths, or "socket", "pipe", ….
  [[nodiscard]] static std::set<std::string> open_in(pid_t pid) {
    std::set<std::string> open;
    std::error_code none;
    const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
    for (const auto& each : std::filesystem::directory_iterator(folder, none)) {
      const std::string target = std::filesystem::read_symlink(each.path(), none).string();
      open.insert(target.substr(0, target.find(':')));
    }
    return open;
  }
  [[nodiscard]] std::string table() const { return mta() + "/tables/t.lmdb"; }
  [[nodiscard]] Rows rows() const {
    auto environment = lmdb::open(table(), MDB_RDONLY);
    if (!environment) return {{"", environment.error().text}};
    return lmdb::rows(environment->get(), table()).value();
  }
  [[nodiscard]] static base::Result<void> put(Client& client, const std::string& key) {
    return client.table({"t", false, {{key, "v"}}, {}});
  }

  std::optional<Client> client_;
};

TEST_F(RowWriting, OneChildStaysForSmallChangesAndHoldsNothingOfOthers) {
  begin_hands();
  Client client(socket_path());
  ASSERT_TRUE(client.table({"t", true, {{"a", "v"}}, {}}));
  ASSERT_TRUE(put(client, "b"));
  const auto first = writers();
  ASSERT_EQ(first.size(), 1U);
  ASSERT_TRUE(put(client, "c"));
  EXPECT_EQ(writers(), first);
  EXPECT_EQ(rows(), (Rows{{"a", "v"}, {"b", "v"}, {"c", "v"}}));
  std::set<std::string> open = open_in(*first.begin());
  open.erase(std::filesystem::read_symlink("/proc/self/fd/2").string());  // its errors
  open.erase("pipe");
  EXPECT_EQ(open, (std::set<std::string>{"socket", mta(), mta() + "/tables", table()}));
}

TEST_F(RowWriting, AnotherComesWhenItHasEnded) {
  Client& client = begin_with_a_row();
  const pid_t first = only_writer();
  ASSERT_EQ(::kill(first, SIGKILL), 0);
  ASSERT_TRUE(becomes([&] { return !alive(first); }));
  ASSERT_TRUE(put(client, "b"));
  EXPECT_NE(only_writer(), first);
  EXPECT_EQ(rows(), (Rows{{"a", "v"}, {"b", "v"}}));
}

TEST_F(RowWriting, WhoWaitsIsToldWhenItEndsInBetween) {
  Client& client = begin_with_a_row();
  const pid_t first = only_writer();
  // A table that it has not opened yet: opening it says that it has the request.
  ASSERT_TRUE(client.table({"u", true, {}, {}}));
  const std::string other = mta() + "/tables/u.lmdb";
  auto environment = lmdb::open(other, 0);
  ASSERT_TRUE(environment);
  ASSERT_TRUE(lmdb::lock(environment->get(), other, true));
  ASSERT_FALSE(open_in(first).contains(other));
  std::thread killer([&] {
    EXPECT_TRUE(becomes([&] { return open_in(first).contains(other); })) << "it waits for the lock";
    ::kill(first, SIGKILL);
  });
  const auto lost = client.table({"u", false, {{"b", "v"}}, {}});
  killer.join();
  lmdb::release(environment->get());
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, base::ErrorCode::internal);
  Client again(socket_path());
  EXPECT_TRUE(put(again, "c"));
  EXPECT_TRUE(again.running()) << "other verbs are not held up";
}

/// What it keeps open it believes only while the file is the one that it left.
TEST_F(RowWriting, ATableThatWasReplacedOrChangedMeanwhileIsOpenedAgain) {
  begin_hands();
  Client client(socket_path());
  ASSERT_TRUE(client.table({"t", true, {}, {}}));
  ASSERT_TRUE(put(client, "a"));
  Rows large;  // by a child of its own
  for (int i = 0; i < 5'000; ++i) large["row " + std::to_string(i)] = std::string(20, 'x');
  ASSERT_TRUE(client.table({"t", true, large, {}}));
  ASSERT_TRUE(put(client, "b"));
  EXPECT_EQ(rows().size(), 5'001U);
  ASSERT_TRUE(client.table({"t", false, large, {}}));
  ASSERT_TRUE(put(client, "c"));
  EXPECT_EQ(rows().size(), 5'002U);
  std::filesystem::resize_file(table(), 4096);
  const auto cut = put(client, "d");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, base::ErrorCode::damaged);
  std::filesystem::remove(table());
  EXPECT_FALSE(put(client, "e"));
  std::filesystem::rename(mta() + "/tables", mta() + "/moved");
  ASSERT_TRUE(client.table({"t", true, {}, {}}));
  ASSERT_TRUE(put(client, "f"));
  EXPECT_EQ(rows(), (Rows{{"f", "v"}}));
}

TEST_F(RowWriting, WhatIsWrongIsSaidAndLogged) {
  begin_hands();
  Client client(socket_path());
  const auto missing = put(client, "a");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().text, "The table is not there.");
  EXPECT_EQ(logged("The table is not there."), 1U);
  Client other(socket_path());
  EXPECT_FALSE(other.table({"../t", false, {{"a", "v"}}, {}}));
  EXPECT_TRUE(other.running());
}

TEST_F(RowWriting, ItDiesWithItsParent) {
  begin_with_a_row();
  const pid_t first = only_writer();
  ASSERT_EQ(::kill(first, SIGSTOP), 0) << "so that it does not notice its socket's end";
  end_hands(SIGKILL);
  EXPECT_TRUE(becomes([&] { return !alive(first); }));
}

}  // namespace
}  // namespace postern::hands
