// Joining: the key is shown first, then the login, then messages both ways.
#include "transport/station.h"

#include <gtest/gtest.h>

#include <future>

namespace postern::transport::test {
namespace {

struct Join : testing::Test {
  base::Result<Transport::Fetched> fetch(const std::string& host, std::uint16_t port) {
    std::promise<base::Result<Transport::Fetched>> done;
    joiner.transport->join_dial(host, port, [&](auto result) { done.set_value(std::move(result)); });
    return done.get_future().get();
  }
  base::Result<void> login(ConnectionId id, const std::string& user, const std::string& passphrase) {
    std::promise<base::Result<void>> done;
    joiner.transport->join_login(id, user, passphrase, [&](auto result) { done.set_value(std::move(result)); });
    return done.get_future().get();
  }
  Station member{"newyork", "127.40.3.1"};
  Station joiner{"paris", "127.40.3.2"};
};

TEST_F(Join, KeyThenLoginThenMessages) {
  ASSERT_TRUE(member.listen());
  const auto fetched = fetch(member.address, member.port);
  ASSERT_TRUE(fetched) << fetched.error().text;
  EXPECT_EQ(fetched->host_key, key("newyork.host").public_line);
  EXPECT_FALSE(fetched->is_ccs);
  EXPECT_TRUE(member.logins.empty()) << "nothing is sent before the key is confirmed";
  const auto in = login(fetched->connection, "admin", "open sesame");
  ASSERT_TRUE(in) << in.error().text;
  ASSERT_TRUE(member.wait([&] { return member.joins.size() == 1; }));
  EXPECT_EQ(member.joins[0].text, "admin");
  joiner.transport->send(fetched->connection, "may I?");
  ASSERT_TRUE(member.wait([&] { return member.join_messages.size() == 1; }));
  EXPECT_EQ(member.join_messages[0].text, "may I?");
  member.transport->send(member.joins[0].id, std::string(2U << 20, 's'));
  ASSERT_TRUE(joiner.wait([&] { return joiner.join_messages.size() == 1; }));
  EXPECT_EQ(joiner.join_messages[0].text.size(), 2U << 20);
  EXPECT_EQ(joiner.join_messages[0].id, fetched->connection);
  member.transport->send(member.joins[0].id, "welcome");
  member.transport->close(member.joins[0].id, "done");
  ASSERT_TRUE(joiner.wait([&] { return joiner.join_ends.size() == 1; }));
  EXPECT_EQ(joiner.join_messages.at(1).text, "welcome");
  ASSERT_TRUE(member.wait([&] { return member.join_ends.size() == 1; }));
  EXPECT_TRUE(member.wait([&] { return member.ended_logins.size() == 1; })) << "it is closed whole";
  EXPECT_TRUE(joiner.links.empty());
}

TEST_F(Join, WrongPassphraseMayBeTriedAgain) {
  ASSERT_TRUE(member.listen());
  const auto fetched = fetch(member.address, member.port);
  ASSERT_TRUE(fetched);
  const auto wrong = login(fetched->connection, "admin", "wrong");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, base::ErrorCode::denied);
  EXPECT_NE(wrong.error().text.find("refuses our passphrase"), std::string::npos);
  EXPECT_TRUE(joiner.join_ends.empty());
  EXPECT_TRUE(login(fetched->connection, "admin", "open sesame"));
}

TEST_F(Join, CcsPortIsRecognisedAndTakesNoJoin) {
  ASSERT_TRUE(member.listen(false));
  const auto fetched = fetch(member.address, member.port);
  ASSERT_TRUE(fetched);
  EXPECT_TRUE(fetched->is_ccs);
  for (const auto* passphrase : {"open sesame", ""}) {
    const auto result = login(fetched->connection, "admin", passphrase);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().text.find("CCS port"), std::string::npos);
  }
  EXPECT_TRUE(member.logins.empty());
}

TEST_F(Join, AMachineKeyOpensNoJoin) {
  ASSERT_TRUE(member.listen());
  const auto fetched = fetch(member.address, member.port);
  ASSERT_TRUE(fetched);
  const auto as_admin = login(fetched->connection, "admin", "");
  ASSERT_FALSE(as_admin);
  EXPECT_NE(as_admin.error().text.find("refuses our key"), std::string::npos);
  const auto as_machine = login(fetched->connection, "postern-machine", "");
  ASSERT_FALSE(as_machine);
  EXPECT_NE(as_machine.error().text.find("does not take joining machines"), std::string::npos);
  EXPECT_EQ(member.logins.size(), 2U);
  EXPECT_TRUE(member.joins.empty());
}

TEST(JoinLimits, SilenceEndsItAndTheLogin) {
  Limits limits;
  limits.silence_ms = 300;
  Station member("newyork", "127.40.3.3", limits);
  ASSERT_TRUE(member.listen());
  Station joiner("paris", "127.40.3.4");
  std::promise<base::Result<Transport::Fetched>> fetched;
  joiner.transport->join_dial(member.address, member.port, [&](auto result) { fetched.set_value(std::move(result)); });
  const auto found = fetched.get_future().get();
  ASSERT_TRUE(found);
  std::promise<bool> done;
  joiner.transport->join_login(found->connection, "admin", "open sesame", [&](auto result) { done.set_value(bool(result)); });
  ASSERT_TRUE(done.get_future().get());
  ASSERT_TRUE(member.wait([&] { return member.join_ends.size() == 1; }));
  EXPECT_NE(member.join_ends[0].text.find("nothing was heard"), std::string::npos);
  EXPECT_TRUE(member.wait([&] { return member.ended_logins.size() == 1; }));
  EXPECT_TRUE(joiner.wait([&] { return joiner.join_ends.size() == 1; }));
}

TEST_F(Join, AnotherKeyThanTheConfirmedOneGetsNoPassphrase) {
  ASSERT_TRUE(member.listen());
  const auto fetched = fetch(member.address, member.port);
  ASSERT_TRUE(fetched);
  member.stop();
  Station thief("thief", member.address);
  thief.setup.ports = {{member.address, member.port, true}};
  ASSERT_TRUE(thief.transport->set_up(thief.setup));
  const auto result = login(fetched->connection, "admin", "open sesame");
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().text.find("host key differs"), std::string::npos);
  EXPECT_TRUE(thief.logins.empty());
}

TEST_F(Join, NobodyThere) {
  const auto fetched = fetch(member.address, member.port);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, base::ErrorCode::unreachable);
  EXPECT_NE(fetched.error().text.find(member.address), std::string::npos);
  EXPECT_NE(fetched.error().text.find(std::to_string(member.port)), std::string::npos);
  EXPECT_FALSE(login(12345, "admin", "x"));
}

}  // namespace
}  // namespace postern::transport::test
