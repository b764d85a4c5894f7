// Names, by a dnsmasq of the test's own.
#include "transport/station.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <tuple>
#include <utility>

namespace postern::transport::test {
namespace {

/// Serves one.postern.test (two addresses, the first with a reverse name) and nothing else.
class Dns {
 public:
  Dns() : port_(free_port("127.40.4.53")) {
    std::vector<std::string> words{"dnsmasq",
                                   "--keep-in-foreground",
                                   "--conf-file=/dev/null",
                                   "--no-resolv",
                                   "--no-hosts",
                                   "--listen-address=127.40.4.53",
                                   "--bind-interfaces",
                                   "--port=" + std::to_string(port_),
                                   "--pid-file=",
                                   "--local=/test/",
                                   "--local=/40.127.in-addr.arpa/",
                                   "--host-record=one.postern.test,127.40.4.1",
                                   "--host-record=self.postern.test,127.40.4.2",
                                   "--host-record=six.postern.test,2001:db8::7",
                                   "--cname=alias.postern.test,one.postern.test",
                                   "--mx-host=mail.postern.test,one.postern.test,10",
                                   "--mx-host=mail.postern.test,self.postern.test,20",
                                   "--txt-record=text.postern.test,v=spf1,-all \"quoted\""};
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    if (posix_spawnp(&pid_, "dnsmasq", nullptr, nullptr, argv.data(), environ) != 0) pid_ = -1;
  }
  ~Dns() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  std::string server() const { return "127.40.4.53:" + std::to_string(port_); }
  bool serves() const {
    for (int i = 0; i < 500; ++i) {  // it listens for TCP as soon as it serves
      if (const int fd = tcp_connect("127.40.4.53", port_); fd >= 0) {
        ::close(fd);
        return true;
      }
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

 private:
  std::uint16_t port_;
  pid_t pid_ = -1;
};

/// A socket on a free UDP port of that address, and what to call it as a DNS server.
std::pair<int, std::string> udp_server(const std::string& address) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  inet_pton(AF_INET, address.c_str(), &in.sin_addr);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&in), sizeof in), 0);
  socklen_t size = sizeof in;
  getsockname(fd, reinterpret_cast<sockaddr*>(&in), &size);
  return {fd, address + ":" + std::to_string(ntohs(in.sin_port))};
}

Transport::Resolution resolve(Station& station, const std::string& host) {
  std::promise<Transport::Resolution> done;
  station.transport->resolve(host, [&](auto found) { done.set_value(std::move(found)); });
  return done.get_future().get();
}

base::DnsAnswer look_up(Station& station, const std::string& name, const std::string& type) {
  std::promise<base::DnsAnswer> done;
  station.transport->look_up(name, type, [&](auto found) { done.set_value(std::move(found)); });
  return done.get_future().get();
}

std::string texts(const base::DnsAnswer& answer) {
  std::vector<std::string> all;
  for (const auto& one : answer.records)
    all.push_back(one.name + " " + one.type + (one.type == "MX" ? " " + std::to_string(one.preference) : "") + " " + one.data);
  std::sort(all.begin(), all.end());
  std::string out = answer.problem;
  for (const auto& one : all) out += (out.empty() ? "" : "\n") + one;
  return out;
}

struct Resolve : testing::Test {
  void SetUp() override {
    ASSERT_TRUE(dns.serves());
    station.setup.dns_servers = {dns.server()};
    ASSERT_TRUE(station.transport->set_up(station.setup));
  }
  Dns dns;
  Station station{"newyork", "127.40.4.1"};
};

TEST_F(Resolve, ForwardAndReverse) {
  const auto found = resolve(station, "one.postern.test");
  EXPECT_EQ(found.problem, "");
  EXPECT_EQ(found.addresses, std::vector<std::string>{"127.40.4.1"});
  EXPECT_EQ(found.reverse, "one.postern.test");
}

TEST_F(Resolve, AddressIsItsOwnAnswerAndHasAName) {
  const auto found = resolve(station, "127.40.4.1");
  EXPECT_EQ(found.addresses, std::vector<std::string>{"127.40.4.1"});
  EXPECT_EQ(found.reverse, "one.postern.test");
  const auto nameless = resolve(station, "127.40.4.77");
  EXPECT_EQ(nameless.problem, "");
  EXPECT_EQ(nameless.reverse, "");
}

TEST_F(Resolve, UnknownNameSaysSo) {
  const auto found = resolve(station, "two.postern.test");
  EXPECT_TRUE(found.addresses.empty());
  EXPECT_NE(found.problem.find("two.postern.test does not resolve"), std::string::npos)
      << found.problem;
  EXPECT_FALSE(resolve(station, "").problem.empty());
  EXPECT_FALSE(resolve(station, std::string(300, 'x')).problem.empty());
}

TEST_F(Resolve, RecordsOfEachType) {
  EXPECT_EQ(texts(look_up(station, "mail.postern.test", "MX")),
            "mail.postern.test MX 10 one.postern.test\nmail.postern.test MX 20 self.postern.test");
  EXPECT_EQ(texts(look_up(station, "one.postern.test", "A")), "one.postern.test A 127.40.4.1");
  EXPECT_EQ(texts(look_up(station, "six.postern.test", "AAAA")), "six.postern.test AAAA 2001:db8::7");
  EXPECT_EQ(texts(look_up(station, "alias.postern.test", "A")),
            "alias.postern.test CNAME one.postern.test\none.postern.test A 127.40.4.1");
  EXPECT_EQ(texts(look_up(station, "text.postern.test", "TXT")), "text.postern.test TXT \"v=spf1\" \"-all \"quoted\"\"");
  EXPECT_EQ(texts(look_up(station, "127.40.4.1", "PTR")), "1.4.40.127.in-addr.arpa PTR one.postern.test");
  EXPECT_EQ(look_up(station, "one.postern.test", "A").outcome, base::DnsAnswer::Outcome::found);
}

TEST_F(Resolve, WhatThereIsNotAndWhatIsNoQuestion) {
  using Outcome = base::DnsAnswer::Outcome;
  const auto none = look_up(station, "two.postern.test", "A");
  EXPECT_EQ(none.outcome, Outcome::none);
  EXPECT_EQ(none.problem, "There is no two.postern.test.");
  const auto other = look_up(station, "one.postern.test", "MX");
  EXPECT_EQ(other.outcome, Outcome::none);
  EXPECT_EQ(other.problem, "one.postern.test has no MX record.");
  for (const auto& [name, type] : {std::pair{"", "A"}, {"one.postern.test", "ANY"}, {"a..b", "A"}}) {
    const auto wrong = look_up(station, name, type);
    EXPECT_NE(wrong.outcome, Outcome::found);
    EXPECT_FALSE(wrong.problem.empty()) << name << " " << type;
  }
  EXPECT_FALSE(look_up(station, std::string(300, 'x'), "A").problem.empty());
}

/// A server that answers each question with bytes of the test's making behind the question's own head and name.
class LyingDns {
 public:
  explicit LyingDns(std::string answer) : answer_(std::move(answer)) {
    std::tie(socket_, server_) = udp_server("127.40.4.55");
    thread_ = std::thread([this] { serve(); });
  }
  ~LyingDns() {
    shutdown(socket_, SHUT_RDWR);
    stop_ = true;
    thread_.join();
    close(socket_);
  }
  std::string server() const { return server_; }

 private:
  void serve() {
    while (!stop_) {
      timeval wait{0, 50'000};
      setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
      char bytes[512];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got = recvfrom(socket_, bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 12) continue;
      const std::string_view asked(bytes, static_cast<std::size_t>(got));
      const std::size_t question = asked.find('\0', 12) + 5;  // the name, its type and class; not what follows (EDNS)
      std::string reply(asked.substr(0, question));
      reply[2] = static_cast<char>(0x81);
      reply[3] = static_cast<char>(0x80);
      reply[6] = 0, reply[7] = 1;                                // one answer
      reply[8] = reply[9] = reply[10] = reply[11] = 0;
      reply += answer_;
      sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  std::string answer_;
  int socket_ = -1;
  std::string server_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// Everybody's zone is asked, and anybody may own it: whatever a server says is an answer, or a problem, in time.
TEST(ResolveLies, RecordsThatReachOutsideAreNone) {
  using namespace std::string_literals;
  const std::string head = "\xc0\x0c"s;  // the question's name
  const auto record = [&](char type, const std::string& length, const std::string& data) {
    return head + "\0"s + type + "\0\x01\0\0\0\x3c"s + length + data;
  };
  struct Lie {
    const char* type;
    std::string answer;
    std::string texts;  ///< "-": anything that is no record
  };
  const Lie lies[] = {
      {"A", record(1, "\0\x04"s, "\x7f\0\0\x01"s), "x.test A 127.0.0.1"},
      {"A", record(1, "\0\x03"s, "\x7f\0\0"s), "-"},
      {"A", record(1, "\xff\xff"s, "\x7f\0\0\x01"s), "-"},
      {"MX", record(15, "\0\x01"s, "\0"s), "-"},
      {"MX", record(15, "\0\x04"s, "\0\x0a\xc0\xff"s), "-"},                       // a pointer past the end
      {"MX", record(15, "\0\x04"s, "\0\x0a\xc0\x26"s), "-"},                       // a pointer to itself
      {"TXT", record(16, "\0\x03"s, "\x09hi"s), "-"},                              // longer than its record
      {"TXT", record(16, "\0\x05"s, "\x04" "a\x1b[2"s), "x.test TXT \"a\\x1b[2\""},
      {"SOA", record(6, "\0\x04"s, "\0\0\0\x01"s), "-"},
      {"CNAME", record(5, "\0\x04"s, "\x01\x1b\0\0"s), "x.test CNAME \\027"},
      {"A", std::string(400, '\xff'), "-"},
      {"A", "", "-"},
  };
  int number = 0;
  for (const auto& lie : lies) {
    LyingDns dns(lie.answer);
    Station station("newyork", "127.40.4.1");
    station.setup.dns_servers = {dns.server()};
    ASSERT_TRUE(station.transport->set_up(station.setup));
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = look_up(station, "x.test", lie.type);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
    if (lie.texts == "-") {
      EXPECT_TRUE(answer.records.empty()) << number << ": " << texts(answer);
      EXPECT_FALSE(answer.problem.empty()) << number;
    } else {
      EXPECT_EQ(texts(answer), lie.texts) << number;
    }
    ++number;
  }
}

TEST_F(Resolve, DialsByName) {
  Station other("losangeles", "127.40.4.2");
  ASSERT_TRUE(other.listen());
  auto target = station.target(other);
  target.host = "self.postern.test";
  station.set_targets({target});
  ASSERT_TRUE(station.wait_links(1));
  EXPECT_EQ(station.transport->dial_states().at(0).address, "127.40.4.2");
  // And what is told when the name leads to nobody.
  other.stop();
  const auto nobody =
      "self.postern.test resolves to 127.40.4.2, where neither SSH nor CCS is on at port " +
      std::to_string(other.port);
  EXPECT_TRUE(station.eventually([&] {
    return station.transport->dial_states().at(0).last_error == nobody;
  })) << station.transport->dial_states().at(0).last_error;
}

TEST(ResolveDeadline, ServersThatDoNotAnswer) {
  Station station("newyork", "127.40.4.1");
  const auto [deaf, server] = udp_server("127.40.4.54");
  station.setup.dns_servers = {server};
  ASSERT_TRUE(station.transport->set_up(station.setup));
  const auto begin = std::chrono::steady_clock::now();
  const auto found = resolve(station, "one.postern.test");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
  EXPECT_EQ(found.problem, "one.postern.test does not resolve: no DNS server answers.");
  close(deaf);
}

}  // namespace
}  // namespace postern::transport::test
