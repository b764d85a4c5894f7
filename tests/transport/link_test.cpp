// Machine links between two Transports on loopback.
#include "base/limits.h"
#include "transport/station.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

namespace postern::transport::test {
namespace {

/// a dials b; both ends are told.
struct Pair {
  explicit Pair(Limits limits = {}) : a("newyork", "127.40.1.1", limits), b("losangeles", "127.40.1.2", limits) {}
  bool link() {
    if (!a.listen() || !b.listen()) return false;
    a.dial(b);
    return a.wait_links(1) && b.wait_links(1);
  }
  Station a, b;
};

DialState only_state(const Station& station) { return station.transport->dial_states().at(0); }

TEST(Link, BothEndsKnowTheOtherKey) {
  Pair pair;
  ASSERT_TRUE(pair.link());
  EXPECT_EQ(pair.a.links[0].peer, key("losangeles.host").public_line);
  EXPECT_TRUE(pair.a.links[0].we_dialed);
  EXPECT_EQ(pair.b.links[0].peer, key("newyork.user").public_line);
  EXPECT_FALSE(pair.b.links[0].we_dialed);
  EXPECT_EQ(pair.b.logins.at(0).user, "postern-machine");
  EXPECT_EQ(pair.b.logins.at(0).source.substr(0, 11), "127.40.1.1:");
  const auto state = only_state(pair.a);
  EXPECT_TRUE(state.connected);
  EXPECT_EQ(state.last_error, "");
  EXPECT_EQ(state.address, "127.40.1.2");
  EXPECT_EQ(pair.a.transport->counters().links, 1U);
}

TEST(Link, MessagesKeepTheirOrderAndBounds) {
  Pair pair;
  ASSERT_TRUE(pair.link());
  for (int i = 0; i < 500; ++i) {
    pair.a.transport->send(pair.a.links[0].id, std::string(static_cast<std::size_t>(i * 37 % 5000), 'x') + std::to_string(i));
  }
  pair.b.transport->send(pair.b.links[0].id, "");
  ASSERT_TRUE(pair.b.wait([&] { return pair.b.messages.size() == 500; }));
  for (int i = 0; i < 500; ++i) {
    const auto& text = pair.b.messages[static_cast<std::size_t>(i)].text;
    ASSERT_EQ(text, std::string(static_cast<std::size_t>(i * 37 % 5000), 'x') + std::to_string(i));
  }
  ASSERT_TRUE(pair.a.wait([&] { return pair.a.messages.size() == 1; }));
  EXPECT_EQ(pair.a.messages[0].text, "");
}

TEST(Link, PingPongLatency) {
  Pair pair;
  pair.b.on_message = [&](ConnectionId id, const std::string& text) { pair.b.echo(id, text); };
  ASSERT_TRUE(pair.link());
  const std::string ball(200, 'p');
  std::vector<double> times;
  for (std::size_t i = 1; i <= 1000; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    pair.a.transport->send(pair.a.links[0].id, ball);
    ASSERT_TRUE(pair.a.wait([&] { return pair.a.messages.size() == i; }));
    times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  std::printf("ping-pong of 200 bytes: median %.0f us, p99 %.0f us\n", times[500], times[990]);
  EXPECT_LT(times[500], 20'000.0) << "a delay timer is in the way";
}

TEST(Link, ThirtyMegabytes) {
  Pair pair;
  ASSERT_TRUE(pair.link());
  std::string big(30U << 20, '\0');
  for (std::size_t i = 0; i < big.size(); i += 4096) big[i] = static_cast<char>(i >> 12);
  const auto begin = std::chrono::steady_clock::now();
  pair.a.transport->send(pair.a.links[0].id, big);
  ASSERT_TRUE(pair.b.wait([&] { return pair.b.messages.size() == 1; }, 60s));
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("30 MiB in %.2f s\n", took);
  EXPECT_TRUE(pair.b.messages[0].text == big);
  EXPECT_TRUE(pair.a.eventually([&] {
    const auto sent = pair.a.transport->link_bytes().at(0);
    return sent.out == big.size() + 4 && sent.queued == 0;
  }));
}

TEST(Link, OverlongMessageEndsTheLinkWithItsReason) {
  Pair pair;
  ASSERT_TRUE(pair.link());
  pair.a.transport->send(pair.a.links[0].id, std::string(base::limits::message_bytes + 1, 'x'));
  ASSERT_TRUE(pair.a.wait([&] { return !pair.a.downs.empty(); }));
  EXPECT_NE(pair.a.downs[0].text.find("is the limit"), std::string::npos);
}

TEST(Link, SlowReaderIsClosedAtTheBound) {
  Limits limits;
  limits.queue_bytes = 4U << 20;
  Pair pair(limits);
  std::mutex gate;
  std::unique_lock held(gate);
  pair.b.on_message = [&](ConnectionId, const std::string&) { const std::scoped_lock wait(gate); };
  ASSERT_TRUE(pair.link());
  const auto id = pair.a.links[0].id;
  for (int i = 0; i < 200; ++i) pair.a.transport->send(id, std::string(256U << 10, 's'));
  EXPECT_TRUE(pair.a.wait([&] { return !pair.a.downs.empty(); }));
  held.unlock();
  ASSERT_FALSE(pair.a.downs.empty());
  EXPECT_EQ(pair.a.downs[0].id, id);
  EXPECT_NE(pair.a.downs[0].text.find("too slow"), std::string::npos) << pair.a.downs[0].text;
}

/// Else a member that floods fills the memory of whoever is busy.
TEST(Link, WhatIsNotTakenIsNotReadOn) {
  constexpr std::size_t size = 64U << 10;
  constexpr std::size_t count = 400;
  Limits limits;
  limits.untaken_bytes = 1U << 20;
  Pair pair(limits);
  pair.b.takes = false;
  ASSERT_TRUE(pair.link());
  const auto to = pair.b.links[0].id;
  for (std::size_t i = 0; i < count; ++i) pair.a.transport->send(pair.a.links[0].id, std::string(size, 's'));
  std::size_t taken = 0;
  std::size_t pings = 0;
  while (taken < count) {
    const auto full = [&] {
      return pair.b.messages.size() == count || (pair.b.messages.size() - taken) * size >= limits.untaken_bytes - size;
    };
    ASSERT_TRUE(pair.b.wait(full)) << taken;
    for (int i = 0; i < 50; ++i) {  // time for what should not come
      pair.b.transport->send(to, "ping");
      ++pings;
      ASSERT_TRUE(pair.a.wait([&] { return pair.a.messages.size() == pings; }));
    }
    std::size_t told = 0;
    ASSERT_TRUE(pair.b.wait([&] { return told = pair.b.messages.size(), true; }));
    EXPECT_LE((told - taken) * size, limits.untaken_bytes + (3U << 20)) << "and what one window holds";
    for (; taken < told; ++taken) pair.b.transport->took(to, size);
  }
  EXPECT_TRUE(pair.b.downs.empty());
}

TEST(Link, WhoWaitsForTheQueueToDrainIsToldOnceWhenItHas) {
  Pair pair;
  std::mutex gate;
  std::unique_lock held(gate);
  pair.b.on_message = [&](ConnectionId, const std::string&) { const std::scoped_lock wait(gate); };
  ASSERT_TRUE(pair.link());
  const auto id = pair.a.links[0].id;
  Notes<std::uint64_t> told;  // what waited then
  const auto queued = [&] { return pair.a.transport->link_bytes().at(0).queued; };
  const auto note = [&] { told.push_back(queued()); };
  pair.a.transport->when_drained(id, 0, note);
  ASSERT_TRUE(pair.a.eventually([&] { return told.size() == 1; })) << "nothing was sent yet";
  for (int i = 0; i < 160; ++i) pair.a.transport->send(id, std::string(256U << 10, 's'));
  constexpr std::uint64_t low = 1U << 20;
  pair.a.transport->when_drained(id, low, note);
  pair.a.transport->when_drained(id, 64U << 20, note);  // more than there is: told, and the one before it is not
  ASSERT_TRUE(pair.a.eventually([&] { return told.size() == 2; }));
  EXPECT_GT(told[1], low) << "the reader stands still: the test needs more than its buffers take";
  held.unlock();
  ASSERT_TRUE(pair.a.eventually([&] { return told.size() == 3; }));
  EXPECT_LE(told[2], low);
  ASSERT_TRUE(pair.b.wait([&] { return pair.b.messages.size() == 160; }));
  EXPECT_EQ(told.size(), 3U);
}

TEST(Link, WhoWaitsForTheQueueOfALinkThatEndsHearsNothing) {
  Pair pair;
  std::mutex gate;
  std::unique_lock held(gate);
  pair.b.on_message = [&](ConnectionId, const std::string&) { const std::scoped_lock wait(gate); };
  ASSERT_TRUE(pair.link());
  const auto id = pair.a.links[0].id;
  for (int i = 0; i < 160; ++i) pair.a.transport->send(id, std::string(256U << 10, 's'));
  std::atomic<int> told{0};
  const auto kept = std::make_shared<int>(0);
  pair.a.transport->when_drained(id, 0, [&told, kept] { ++told; });
  pair.a.transport->close(id, "enough");
  ASSERT_TRUE(pair.a.eventually([&] { return kept.use_count() == 1; })) << "what waits is released";
  EXPECT_EQ(told, 0);
  held.unlock();
  pair.a.transport->when_drained(id, 0, [&told] { ++told; });
  EXPECT_EQ(told, 0);
}

TEST(Link, WrongPinnedKeyIsNeverLinked) {
  Pair pair;
  ASSERT_TRUE(pair.a.listen());
  ASSERT_TRUE(pair.b.listen());
  pair.a.dial(pair.b, key("someone else").public_line);
  ASSERT_TRUE(pair.a.wait([&] { return !pair.a.log.empty(); }));
  EXPECT_NE(pair.a.log[0].find("host key differs"), std::string::npos) << pair.a.log[0];
  EXPECT_EQ(only_state(pair.a).last_error.substr(0, 16), "host key differs");
  EXPECT_FALSE(only_state(pair.a).connected);
  EXPECT_TRUE(pair.b.logins.empty()) << "nothing is sent to a stranger";
}

TEST(Link, PeerThatDiesIsDialedAgain) {
  Pair pair;
  ASSERT_TRUE(pair.link());
  pair.b.stop();
  ASSERT_TRUE(pair.a.wait([&] { return pair.a.downs.size() == 1; }));
  EXPECT_EQ(pair.a.downs[0].id, pair.a.links[0].id);
  const auto nothing_there = "127.40.1.2 port " + std::to_string(pair.b.port) + ": neither SSH nor CCS is on there";
  ASSERT_TRUE(pair.a.eventually([&] { return only_state(pair.a).last_error == nothing_there; }));
  pair.b.start();
  ASSERT_TRUE(pair.b.listen());
  ASSERT_TRUE(pair.a.wait_links(2));
  EXPECT_NE(pair.a.links[1].id, pair.a.links[0].id);
}

TEST(Link, WhoSpeaksSomethingElseIsNotWaitedFor) {
  Pair pair;
  ASSERT_TRUE(pair.a.listen());
  const int door = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(pair.b.port));
  ::inet_pton(AF_INET, "127.40.1.2", &at.sin_addr);
  ASSERT_EQ(::bind(door, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(door, 8), 0);
  std::thread mail([door] {
    for (int guest = 0; (guest = ::accept(door, nullptr, nullptr)) >= 0; ::close(guest))
      (void)::send(guest, "220 mx.example ESMTP\x1b[2J\r\n", 27, MSG_NOSIGNAL);
  });
  pair.a.dial(pair.b);
  const std::string said =
      "127.40.1.2 port " + std::to_string(pair.b.port) + " speaks something else than SSH: \"220 mx.example ESMTP";
  EXPECT_TRUE(pair.a.eventually([&] { return only_state(pair.a).last_error.starts_with(said); }))
      << only_state(pair.a).last_error;
  EXPECT_EQ(only_state(pair.a).last_error.find('\x1b'), std::string::npos);
  ::shutdown(door, SHUT_RDWR);
  mail.join();
  ::close(door);
}

TEST(Link, BothMayDial) {
  Pair pair;
  ASSERT_TRUE(pair.a.listen());
  ASSERT_TRUE(pair.b.listen());
  pair.a.dial(pair.b);
  pair.b.dial(pair.a);
  ASSERT_TRUE(pair.a.wait_links(2));
  ASSERT_TRUE(pair.b.wait_links(2));
  EXPECT_EQ(pair.a.transport->counters().links, 2U);
}

TEST(Link, TargetTakenAwayIsClosedAndNotDialedAgain) {
  Pair pair;
  ASSERT_TRUE(pair.link());
  pair.a.set_targets({});
  ASSERT_TRUE(pair.b.wait([&] { return pair.b.downs.size() == 1; }));
  EXPECT_TRUE(pair.a.transport->dial_states().empty());
  EXPECT_EQ(pair.a.transport->counters().links, 0U);
}

TEST(Link, LastMessageBeforeCloseArrives) {
  Pair pair;
  ASSERT_TRUE(pair.link());
  pair.b.transport->send(pair.b.links[0].id, std::string(3U << 20, 'l'));
  pair.b.transport->close(pair.b.links[0].id, "you are not a member");
  ASSERT_TRUE(pair.a.wait([&] { return pair.a.messages.size() == 1; }));
  EXPECT_EQ(pair.a.messages[0].text.size(), 3U << 20);
  EXPECT_EQ(pair.b.downs.at(0).text, "you are not a member");
}

TEST(Link, SilenceEndsIt) {
  Limits limits;
  limits.silence_ms = 300;
  Pair pair(limits);
  ASSERT_TRUE(pair.link());
  ASSERT_TRUE(pair.a.wait([&] { return !pair.a.downs.empty(); }));
  ASSERT_TRUE(pair.b.wait([&] { return !pair.b.downs.empty(); }));
}

TEST(Link, RefusedKeyIsSaid) {
  Pair pair;
  pair.b.set_verdict([](const LoginAsked&) { return Verdict::refuse; });
  ASSERT_TRUE(pair.a.listen());
  ASSERT_TRUE(pair.b.listen());
  pair.a.dial(pair.b);
  ASSERT_TRUE(pair.a.wait([&] { return !pair.a.log.empty(); }));
  EXPECT_NE(pair.a.log[0].find("refuses our key"), std::string::npos) << pair.a.log[0];
}

TEST(Ports, OneThatCannotBeBoundIsNamedAndTheOthersWork) {
  Station a("newyork", "127.40.1.1");
  Station b("losangeles", "127.40.1.2");
  ASSERT_TRUE(a.listen());
  b.setup.ports = {{a.address, a.port, true}, {"not an address", 22, true}, {b.address, b.port, true}};
  const auto bound = b.transport->set_up(b.setup);
  ASSERT_FALSE(bound);
  EXPECT_NE(bound.error().text.find(std::to_string(a.port)), std::string::npos);
  EXPECT_NE(bound.error().text.find("not an address"), std::string::npos);
  a.dial(b);
  EXPECT_TRUE(a.wait_links(1));
}

TEST(Ports, ClosedLiveWhileOpenLinksGoOn) {
  Pair pair;
  ASSERT_TRUE(pair.link());
  pair.b.setup.ports.clear();
  ASSERT_TRUE(pair.b.transport->set_up(pair.b.setup));
  EXPECT_EQ(tcp_connect(pair.b.address, pair.b.port), -1);
  pair.a.transport->send(pair.a.links[0].id, "still here");
  EXPECT_TRUE(pair.b.wait([&] { return pair.b.messages.size() == 1; }));
}

}  // namespace
}  // namespace postern::transport::test
