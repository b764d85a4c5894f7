// What is made of the answers of a mail engine, with one that says what it is told to.
#include "applier/probe.h"

#include "base/printable.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace postern::applier {
namespace {

/// Listens on a port of its own; its next caller hears the words.
class Engine {
 public:
  Engine() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof here;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&here), length), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &length), 0);
    port_ = ntohs(here.sin_port);
  }
  ~Engine() { ::close(listener_); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Asked once for generation 17.
  [[nodiscard]] Probed asked(const std::string& words) const {
    std::thread server([&] {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      (void)!::send(client, words.data(), words.size(), MSG_NOSIGNAL);
      ::shutdown(client, SHUT_WR);
      char heard[4096];
      while (::recv(client, heard, sizeof heard, 0) > 0) {
      }
      ::close(client);
    });
    const Probed told = probe({"A", "127.0.0.1", port_, "a@example.com"}, {17, "name"}, std::chrono::milliseconds(0));
    server.join();
    return told;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listener_;
  std::uint16_t port_ = 0;
};

struct Case {
  std::string recipient, mark;  ///< the answers to the two recipients
  Proof proof = Proof::not_provable;
  bool early = false;
};

TEST(Probe, WhatItsAnswersProve) {
  const Engine engine;
  const std::string before = "220 a ESMTP\r\n250-a\r\n250 DSN\r\n250 2.1.0 Ok\r\n";
  const std::string right = "554 5.7.1 <x>: Recipient address rejected: generation 17.";
  for (const Case& each : std::vector<Case>{{"250 2.1.5 Ok", right, Proof::proved},
                                            {"550 5.1.1 No such person", right, Proof::proved},
                                            {"250 2.1.5 Ok", "554 5.7.1 generation 1.", Proof::not_provable, true},
                                            {"250 2.1.5 Ok", "554 5.7.1 generation 171.", Proof::not_provable, true},
                                            {"250 2.1.5 Ok", "554 5.7.1 generation 7.", Proof::not_provable, true},
                                            {"250 2.1.5 Ok", "250 2.1.5 Ok", Proof::not_provable, true},
                                            {"451 4.3.0 Temporary lookup failure", right},
                                            {"250 2.1.5 Ok", "451 4.3.0 Temporary lookup failure"},
                                            {"451 4.3.5 Server configuration error", right, Proof::broken},
                                            {"550 5.3.5 Server configuration error", right, Proof::broken},
                                            {"250 2.1.5 Ok", "451 4.3.5 Server configuration error", Proof::broken},
                                            {"250 2.1.5 Ok", "554 5.3.5 Server configuration error", Proof::broken}}) {
    const Probed told = engine.asked(before + each.recipient + "\r\n" + each.mark + "\r\n221 Bye\r\n");
    EXPECT_EQ(told.proof, each.proof) << each.recipient << " " << each.mark << ": " << told.why;
    EXPECT_EQ(told.early, each.early) << each.recipient << " " << each.mark;
    EXPECT_EQ(told.why.empty(), each.proof == Proof::proved) << told.why;
  }
}

TEST(Probe, WhatItsGreetingProves) {
  const Engine engine;
  for (const auto& [greeting, proof] :
       std::vector<std::pair<std::string, Proof>>{{"554 5.7.1 You are not welcome\r\n", Proof::proved},
                                                  {"554 5.3.5 Server configuration error\r\n", Proof::broken},
                                                  {"421 4.3.5 Server configuration error\r\n", Proof::broken},
                                                  {"421 4.3.2 No system resources\r\n", Proof::not_provable},
                                                  {"250 hello\r\n", Proof::not_provable},
                                                  {"hello\r\n", Proof::not_provable},
                                                  {"220 cut off", Proof::not_provable},
                                                  {"", Proof::not_provable}}) {
    const Probed told = engine.asked(greeting);
    EXPECT_EQ(told.proof, proof) << greeting << ": " << told.why;
    EXPECT_FALSE(told.early) << greeting;
  }
}

TEST(Probe, WhatItSaysIsToldAsOneShortPrintableLine) {
  const Engine engine;
  for (const std::string& evil : {std::string("\x1b[2J\x9b"), std::string(10'000, 'x'), std::string("a\tb\0c", 5)}) {
    const Probed told = engine.asked("421 4.3.2 " + evil + "\r\n");
    EXPECT_EQ(told.proof, Proof::not_provable);
    EXPECT_TRUE(base::is_printable_line(told.why, 400)) << told.why;
  }
}

TEST(Probe, WhoListensIsReadFromTheKernel) {
  const Engine engine;
  EXPECT_TRUE(all_listen({{"A", "127.0.0.1", engine.port(), ""}}));
  EXPECT_FALSE(all_listen({{"A", "127.0.0.1", engine.port(), ""}, {"B", "127.0.0.2", engine.port(), ""}}));
  EXPECT_TRUE(all_listen({}));
  const int six = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 here{};
  here.sin6_family = AF_INET6;
  here.sin6_addr = in6addr_loopback;
  socklen_t length = sizeof here;
  if (::bind(six, reinterpret_cast<sockaddr*>(&here), length) != 0) GTEST_SKIP() << "This host has no IPv6.";
  ASSERT_EQ(::getsockname(six, reinterpret_cast<sockaddr*>(&here), &length), 0);
  const std::uint16_t port = ntohs(here.sin6_port);
  EXPECT_FALSE(all_listen({{"A", "::1", port, ""}})) << "bound only";
  ASSERT_EQ(::listen(six, 1), 0);
  EXPECT_TRUE(all_listen({{"A", "::1", port, ""}}));
  ::close(six);
}

}  // namespace
}  // namespace postern::applier
