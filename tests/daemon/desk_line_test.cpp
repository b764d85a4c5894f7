#include "daemon/desk_line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/limits.h"

namespace postern::daemon {
namespace {

/// Writes down what it is told; answers nothing by itself.
struct Notes : desk::AnyDesk {
  desk::SessionId open_session(desk::Who who, std::function<void(std::string)> write, std::function<void()>) override {
    const desk::SessionId id = sessions.size() + 1;
    names[id] = who.name;
    sessions[id] = std::move(write);
    return id;
  }
  void close_session(desk::SessionId id) override {
    EXPECT_FALSE(telling_all) << "a session ended while the desk told all of them something";
    sessions.erase(id);
  }
  void receive(desk::SessionId id, std::string_view line) override {
    lines.push_back(names[id] + " " + std::string(line));
    const auto end = std::chrono::steady_clock::now() + cost;
    while (std::chrono::steady_clock::now() < end) {
    }
  }
  void tell_all(const std::string& text) {
    telling_all = true;
    for (const auto& [id, write] : sessions) write(text);
    telling_all = false;
  }
  std::map<desk::SessionId, std::function<void(std::string)>> sessions;
  std::map<desk::SessionId, std::string> names;
  std::vector<std::string> lines;
  std::chrono::microseconds cost{0};  ///< of each line
  bool telling_all = false;
};

struct DeskLines : testing::Test {
  DeskLines() { handle->desk = &desk; }
  ~DeskLines() override {
    for (const int client : clients) ::close(client);
    truth.poll();
    handle->desk = nullptr;
  }
  /// The client's end.
  int sit(const std::string& name, cluster::Role role = cluster::Role::administrator) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    desk::Who who;
    who.name = name;
    who.role = role;
    std::make_shared<DeskLine>(DeskLine::Socket(truth, boost::asio::local::stream_protocol(), ends[0]), handle)->start(who);
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    clients.push_back(ends[1]);
    return ends[1];
  }
  static void say(int client, const std::string& text) {
    EXPECT_EQ(::write(client, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  boost::asio::io_context truth;
  Notes desk;
  std::shared_ptr<DeskHandle> handle = std::make_shared<DeskHandle>(truth);
  std::vector<int> clients;
};

TEST_F(DeskLines, WhoDoesNotReadIsClosedButNotFromWithinTheDesk) {
  (void)sit("asks and does not read");
  (void)sit("reads");
  for (int i = 0; i < 9; ++i) desk.sessions.at(1)(std::string(10U << 20, 'x'));
  for (int i = 0; i < 3; ++i) desk.tell_all("something");
  EXPECT_EQ(desk.sessions.size(), 2U);
  truth.poll();
  EXPECT_EQ(desk.sessions.size(), 1U);
  desk.tell_all("more");
}

TEST_F(DeskLines, AnAnswerThatIsTooLargeAloneEndsTheSession) {
  (void)sit("one");
  desk.sessions.at(1)(std::string(2 * base::limits::message_bytes, 'x'));
  truth.poll();
  EXPECT_TRUE(desk.sessions.empty());
}

TEST_F(DeskLines, ManyQuestionsAtOnceLetOthersIn) {
  const int many = sit("many");
  const int one = sit("one");
  desk.cost = std::chrono::microseconds(200);
  std::string questions;
  for (int i = 0; i < 500; ++i) questions += "q\n";
  say(many, questions);
  say(one, "mine\n");
  truth.poll();
  ASSERT_EQ(desk.lines.size(), 501U);
  const auto mine = std::find(desk.lines.begin(), desk.lines.end(), "one mine");
  EXPECT_LT(mine - desk.lines.begin(), 5);
}

TEST_F(DeskLines, ManySessionsOfOneUserHaveTheTurnsOfOne) {
  std::vector<int> many;
  for (int i = 0; i < 30; ++i) many.push_back(sit("many"));
  const int one = sit("one");
  desk.cost = std::chrono::milliseconds(2);
  for (const int client : many) say(client, "q\nq\n");
  say(one, "first\nsecond\n");
  truth.poll();
  ASSERT_EQ(desk.lines.size(), 62U);
  const auto second = std::find(desk.lines.begin(), desk.lines.end(), "one second");
  EXPECT_LT(second - desk.lines.begin(), 8);
}

TEST_F(DeskLines, LinesCutAnywhereComeWhole) {
  const int client = sit("one");
  for (const std::string part : {"a", "b\nc", "\n", "\nd\ne", "f\n"}) {
    say(client, part);
    truth.restart();
    truth.poll();
  }
  EXPECT_EQ(desk.lines, (std::vector<std::string>{"one ab", "one c", "one ", "one d", "one ef"}));
}

TEST_F(DeskLines, AGuestHasNothingLongToSay) {
  const int guest = sit("guest", cluster::Role::guest);
  const int administrator = sit("administrator");
  const std::string much(100U << 10, 'x');
  for (const int client : {guest, administrator}) {
    say(client, much.substr(0, 60U << 10));
    truth.restart();
    truth.poll();
    (void)!::write(client, much.data(), 40U << 10);
    truth.restart();
    truth.poll();
  }
  ASSERT_EQ(desk.sessions.size(), 1U);
  EXPECT_EQ(desk.names[desk.sessions.begin()->first], "administrator");
}

}  // namespace
}  // namespace postern::daemon
