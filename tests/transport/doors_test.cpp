// Strangers at a real port: who loses its place, and who comes in all the same.
#include "transport/station.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace postern::transport::test {
namespace {

constexpr const char* open_sesame = "open sesame";

/// A plain connection from an address of our choice.
class Stranger {
 public:
  Stranger(const Station& station, const std::string& from) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto source = place(from, 0);
    const auto target = place(station.address, station.port);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&source), sizeof source), 0);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&target), sizeof target), 0);
  }
  ~Stranger() { close(fd_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  void say(const std::string& bytes) const { (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  [[nodiscard]] bool closed(std::chrono::milliseconds limit) const { return closed_within(fd_, limit); }
  /// All that comes until it is closed or the time is over.
  [[nodiscard]] std::string hear(std::chrono::milliseconds limit) const {
    std::string all;
    pollfd one{fd_, POLLIN, 0};
    while (poll(&one, 1, static_cast<int>(limit.count())) > 0) {
      char buffer[4096];
      const auto count = recv(fd_, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      all.append(buffer, static_cast<std::size_t>(count));
      if (all.find("ssh-ed25519") != std::string::npos) break;  // the server's KEXINIT is there
    }
    return all;
  }

 private:
  static sockaddr_in place(const std::string& address, std::uint16_t port) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    inet_pton(AF_INET, address.c_str(), &in.sin_addr);
    return in;
  }
  int fd_;
};

std::string number(std::size_t value) {
  std::string out(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24 - 8 * i));
  return out;
}

std::string packet(const std::string& payload) {
  std::size_t padding = 8 - (payload.size() + 5) % 8;
  if (padding < 4) padding += 8;
  return number(payload.size() + padding + 1) + static_cast<char>(padding) + payload + std::string(padding, '\0');
}

std::string kexinit() {
  std::string payload = '\x14' + std::string(16, 'c');
  for (const auto* names : {"curve25519-sha256", "ssh-ed25519", "aes256-gcm@openssh.com", "aes256-gcm@openssh.com",
                            "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", ""})
    payload += number(std::string(names).size()) + names;
  return packet(payload + std::string(5, '\0'));
}

bool logged(Station& station, const std::string& text) {
  return station.eventually([&] {
    for (std::size_t i = 0; i < station.log.size(); ++i)
      if (station.log[i].find(text) != std::string::npos) return true;
    return false;
  });
}

using Strangers = std::vector<std::unique_ptr<Stranger>>;

TEST(DoorsUnderFlood, ANewcomerComesInWhenEightSourcesHaveTakenEveryPlace) {
  Limits limits;
  limits.preauth_total = 40;
  limits.preauth_per_source = 20;
  Station station("newyork", "127.40.5.1", limits);
  ASSERT_TRUE(station.listen());
  Strangers strangers;
  for (int i = 0; i < 160; ++i) strangers.push_back(std::make_unique<Stranger>(station, "127.41.0." + std::to_string(1 + i % 8)));
  ASSERT_TRUE(station.eventually([&] { return station.transport->counters().waiting == 40; }));
  const auto ran = ssh(station, {"-b", "127.42.0.1", "HOST", "echo in"}, open_sesame);
  EXPECT_EQ(ran.out, "in\n") << ran.err;
}

TEST(DoorsUnderFlood, ANewcomerComesInWhenTwoHundredSourcesHaveTakenEveryPlace) {
  Limits limits;
  limits.preauth_total = 100;
  Station station("newyork", "127.40.5.2", limits);
  ASSERT_TRUE(station.listen());
  Strangers strangers;
  for (int i = 0; i < 400; ++i)
    strangers.push_back(
        std::make_unique<Stranger>(station, "127.43." + std::to_string(i % 10) + "." + std::to_string(1 + i / 10 % 20)));
  ASSERT_TRUE(station.eventually([&] { return station.transport->counters().waiting == 100; }));
  const auto ran = ssh(station, {"-b", "127.43.99.1", "HOST", "echo in"}, open_sesame);  // of their region
  EXPECT_EQ(ran.out, "in\n") << ran.err;
}

TEST(DoorsUnderFlood, MembersLinkThroughTheSharedPortAndStay) {
  Limits limits;
  limits.preauth_total = 10;
  limits.preauth_per_source = 10;
  Station station("newyork", "127.40.5.3", limits);
  Station other("losangeles", "127.40.5.4");
  station.setup.members = {other.address};
  ASSERT_TRUE(station.listen());
  ASSERT_TRUE(other.listen());
  Strangers strangers;
  // From the very address of the member, too.
  for (int i = 0; i < 30; ++i) strangers.push_back(std::make_unique<Stranger>(station, other.address));
  ASSERT_TRUE(station.eventually([&] { return station.transport->counters().waiting == 10 + 4; }));
  other.dial(station);
  EXPECT_TRUE(other.wait_links(1));
  EXPECT_TRUE(station.wait_links(1));
  for (int i = 0; i < 30; ++i) strangers.push_back(std::make_unique<Stranger>(station, "127.44.0." + std::to_string(1 + i)));
  EXPECT_TRUE(other.downs.empty());
}

TEST(DoorsUnderFlood, ByNameMembersHaveSeatsToo) {
  Limits limits;
  limits.preauth_total = limits.preauth_per_source = 1;
  Station station("newyork", "127.40.5.5", limits);
  station.setup.members = {"localhost"};
  ASSERT_TRUE(station.listen());
  Strangers strangers;
  EXPECT_TRUE(station.eventually([&] {
    strangers.push_back(std::make_unique<Stranger>(station, "127.0.0.1"));
    return station.transport->counters().waiting > 1;
  }));
}

TEST(DoorsUnderFlood, AMemberThatWasRemovedHasNoSeatAnyMore) {
  Limits limits;
  limits.preauth_total = limits.preauth_per_source = 1;
  Station station("newyork", "127.40.5.10", limits);
  const std::string removed = "127.44.1.1";
  station.setup.members = {removed, "127.44.1.2"};
  ASSERT_TRUE(station.listen());
  Strangers strangers;
  ASSERT_TRUE(station.eventually([&] {
    strangers.push_back(std::make_unique<Stranger>(station, removed));
    return station.transport->counters().waiting > 1;
  }));
  station.setup.members = {"127.44.1.2"};
  ASSERT_TRUE(station.listen());
  EXPECT_TRUE(station.eventually([&] { return Stranger(station, removed).closed(500ms); }))
      << "the one place is taken, and it has none of its own";
}

TEST(DoorsPatience, SilentOnesGoSoonestThenThoseThatDripThenHalfOpenOnes) {
  Limits limits;
  limits.greeting_ms = 600;
  limits.key_exchange_ms = 4'000;
  Station station("newyork", "127.40.5.6", limits);
  ASSERT_TRUE(station.listen());
  const Stranger silent(station, "127.45.0.1");
  const Stranger dripping(station, "127.45.0.2");
  const Stranger half_open(station, "127.45.0.3");
  half_open.say("SSH-2.0-half\r\n" + kexinit());
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 60 && !dripping.closed(10ms); ++i) dripping.say("S");
  EXPECT_TRUE(dripping.closed(5s));
  EXPECT_TRUE(silent.closed(5s));
  EXPECT_TRUE(half_open.closed(20s));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 3'900ms) << "its KEXINIT gave it more time";
  EXPECT_TRUE(logged(station, "did not begin SSH in time"));
  EXPECT_TRUE(logged(station, "key exchange took too long"));
}

TEST(DoorsPatience, MuchBeforeTheKeysIsTooMuch) {
  Limits limits;
  limits.greeting_bytes = 8'192;
  Station station("newyork", "127.40.5.7", limits);
  ASSERT_TRUE(station.listen());
  const Stranger stranger(station, "127.45.0.4");
  stranger.say("SSH-2.0-much\r\n" + kexinit());
  for (int i = 0; i < 20; ++i) stranger.say(packet('\x02' + number(1'000) + std::string(1'000, 'x')));  // SSH_MSG_IGNORE
  EXPECT_TRUE(stranger.closed(10s));
  EXPECT_TRUE(logged(station, "without logging in"));
}

TEST(DoorsWords, WhatAStrangerSendsIsOnePrintableLineOfTheLog) {
  Station station("newyork", "127.40.5.8");
  ASSERT_TRUE(station.listen());
  const std::string evil = "bye\n2026-11-26 info admin logged in\x1b[2J\x1b]0;x\x07\x9b" + std::string(10'000, 'y');
  const Stranger stranger(station, "127.45.0.5");
  stranger.say("SSH-2.0-x\r\n");
  ASSERT_NE(stranger.hear(5s), "");
  stranger.say(packet('\x01' + number(11) + number(evil.size()) + evil + number(0)));
  ASSERT_TRUE(logged(station, "bye\\x0a2026-11-26 info admin logged in\\x1b[2J"));
  for (std::size_t i = 0; i < station.log.size(); ++i) {
    const auto line = station.log[i];
    EXPECT_LE(line.size(), 600U);
    EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](unsigned char c) { return c >= ' ' && c != 127; })) << line;
    if (line.find("127.45.0.5") != std::string::npos) {
      EXPECT_EQ(station.strangers[i], "127.45.0.5");
    }
  }
}

TEST(DoorsWords, NoCompressionIsOffered) {
  Station station("newyork", "127.40.5.9");
  ASSERT_TRUE(station.listen());
  const Stranger stranger(station, "127.45.0.6");
  stranger.say("SSH-2.0-x\r\n");
  const auto heard = stranger.hear(5s);
  ASSERT_NE(heard.find("curve25519-sha256"), std::string::npos);
  EXPECT_EQ(heard.find("zlib"), std::string::npos);
}

}  // namespace
}  // namespace postern::transport::test
