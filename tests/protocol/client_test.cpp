#include "protocol/client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

namespace postern::protocol {
namespace {

/// A client and the other end of its socket, on which the test writes the desk's lines beforehand.
class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    client = socket_client(ends[0]);
    desk = ends[1];
    client->on_notice = [this](std::string_view method, const JsonObject& params) {
      heard += std::string(method) + ":" + std::string(params.at("text").as_string()) + ";";
    };
  }
  ~ClientTest() override { hang_up(); }
  void says(const std::string& line) const {
    EXPECT_EQ(::write(desk, (line + "\n").data(), line.size() + 1), static_cast<ssize_t>(line.size() + 1));
  }
  void hang_up() {
    if (desk >= 0) ::close(desk);
    desk = -1;
  }
  std::string request() const {
    std::array<char, 4096> buffer{};
    const ssize_t n = ::read(desk, buffer.data(), buffer.size());
    return {buffer.data(), static_cast<std::size_t>(n > 0 ? n : 0)};
  }

  std::unique_ptr<Client> client;
  int desk = -1;
  std::string heard;
};

TEST_F(ClientTest, GetsItsOwnAnswerAndTheNoticesBefore) {
  says(R"({"jsonrpc":"2.0","method":"session.progress","params":{"text":"half"}})");
  says(R"({"jsonrpc":"2.0","id":99,"result":"given up"})");
  says(R"({"jsonrpc":"2.0","id":1,"result":{"mode":"cluster"}})");
  const auto reply = client->call("session.mode", {{"mode", "cluster"}});
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->at("mode"), "cluster");
  EXPECT_EQ(heard, "session.progress:half;");
  EXPECT_EQ(request(),
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.mode\",\"params\":{\"mode\":"
            "\"cluster\"}}\n");
}

TEST_F(ClientTest, ARefusalKeepsItsCodeAndData) {
  says(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32004,"message":"Not here.",)"
       R"("data":{"name":"restricted","where":"Group usa","needs":"cluster"}}})");
  const auto reply = client->call("x", {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().error, base::fail(base::ErrorCode::restricted, "Group usa", "Not here."));
  EXPECT_EQ(reply.error().data.at("needs"), "cluster");
}

TEST_F(ClientTest, ALostConnectionSaysWhatTheDeskSaid) {
  says(R"({"jsonrpc":"2.0","method":"session.end","params":{"text":"Log in again."}})");
  hang_up();
  for (int i = 0; i < 2; ++i) {
    const auto reply = client->call("x", {});
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().error.code, base::ErrorCode::unreachable);
    EXPECT_EQ(reply.error().error.text, "Log in again.");
  }
  EXPECT_EQ(heard, "session.end:Log in again.;");
}

TEST_F(ClientTest, WhatIsNotTheProtocolIsUnreachable) {
  says("220 mail.example.com ESMTP");
  EXPECT_EQ(client->call("x", {}).error().error.code, base::ErrorCode::unreachable);
}

TEST(ConnectDesk, SaysWhetherTheDaemonRuns) {
  const auto absent = connect_desk("/nonexistent/desk.sock");
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, base::ErrorCode::unreachable);
  EXPECT_NE(absent.error().text.find("not running"), std::string::npos);
  EXPECT_EQ(connect_desk(std::string(200, 'x')).error().code, base::ErrorCode::usage);

  std::string folder = "/tmp/desk-client-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/desk.sock";
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  EXPECT_TRUE(connect_desk(path).has_value());
  ::close(listener);
  ::unlink(path.c_str());
  ::rmdir(folder.c_str());
}

}  // namespace
}  // namespace postern::protocol
