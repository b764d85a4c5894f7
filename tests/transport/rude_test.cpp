// Clients that have logged in and do not keep to the protocol: they lose their connection, nobody else notices.
#include "transport/rude_client.h"
#include "transport/station.h"

#include <gtest/gtest.h>

#include <fstream>

namespace postern::transport::test {
namespace {

constexpr const char* open_sesame = "open sesame";
constexpr int patience_ms = 30'000;

struct Rude : testing::Test {
  void SetUp() override { ASSERT_TRUE(station.listen()); }
  /// Both threads of the loop serve.
  void expect_others_served() {
    for (int i = 0; i < 4; ++i) {
      const auto ran = ssh(station, {"HOST", "echo served"}, open_sesame);
      EXPECT_EQ(ran.out, "served\n") << ran.err;
    }
  }
  Station station{"newyork", "127.40.7.1"};
};

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  statm >> all >> resident;
  return resident * 4096;
}

// libssh's write never ends when the other side takes packets of 10 bytes.
TEST_F(Rude, AChannelForHardlyAnyBytesIsRefused) {
  for (const std::uint32_t bytes : {10U, 10U, 10U, 11U}) {
    RudeClient one(station.address, station.port);
    ASSERT_TRUE(one.login("admin", open_sesame));
    (void)one.send(RudeClient::open(0, bytes));
    (void)one.send(RudeClient::request(43, "exec", RudeClient::text("echo much")));
    EXPECT_TRUE(one.closes(patience_ms)) << bytes;
  }
  expect_others_served();
}

TEST_F(Rude, WhatNoWindowIsOpenForEndsTheConnection) {
  const auto before = resident_bytes();
  const std::string block(30'000, 'w');
  for (const bool error : {false, true}) {
    RudeClient one(station.address, station.port);
    ASSERT_TRUE(one.login("admin", open_sesame));
    const auto channel = one.opened(0);
    ASSERT_NE(channel, 0U);
    const auto packet = error ? RudeClient::extended(channel, block) : RudeClient::data(channel, block);
    int sent = 0;
    while (sent < 2000 && one.send(packet)) ++sent;
    EXPECT_LT(sent, 2000) << "60 MB were taken";
    EXPECT_TRUE(one.closes(patience_ms));
  }
  EXPECT_LT(resident_bytes(), before + (40U << 20));
  expect_others_served();
}

TEST_F(Rude, WhoNeverReadsIsNotAnsweredForEver) {
  RudeClient client(station.address, station.port);
  ASSERT_TRUE(client.login("admin", open_sesame));
  const auto channel = client.opened(0);
  ASSERT_NE(channel, 0U);
  const std::vector<std::string> many(2000, RudeClient::request(channel, "env", RudeClient::text("A") + RudeClient::text("B")));
  int sent = 0;
  while (sent < 500 && client.send_all(many)) ++sent;
  EXPECT_LT(sent, 500) << "a million requests were taken from who reads no answer";
  expect_others_served();
}

}  // namespace
}  // namespace postern::transport::test
