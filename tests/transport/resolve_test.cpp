// Names, by a dnsmasq of the test's own.
#include "transport/loop.h"
#include "transport/resolver.h"
#include "transport/station.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <set>
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
  station.transport->look_up({name, type}, [&](auto found) { done.set_value(std::move(found)); });
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
  EXPECT_NE(found.problem.find("two.postern.test does not resolve"), std::string::npos) << found.problem;
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
  for (const auto& [name, type] : {std::pair{"", "A"},
                                   {"one.postern.test", "ANY"},
                                   {"a..b", "A"},
                                   {"*", "PTR"},
                                   {".", "NS"},
                                   {"a/b", "A"},
                                   {"one.postern.test..", "A"}}) {
    const auto wrong = look_up(station, name, type);
    EXPECT_NE(wrong.outcome, Outcome::found);
    EXPECT_FALSE(wrong.problem.empty()) << name << " " << type;
    EXPECT_EQ(wrong.problem.find("There is no"), std::string::npos) << "it was not asked for: " << wrong.problem;
    EXPECT_EQ(wrong.problem.find("is not known"), std::string::npos) << "it was not asked for: " << wrong.problem;
  }
  EXPECT_FALSE(look_up(station, std::string(300, 'x'), "A").problem.empty());
}

TEST_F(Resolve, NamesOfAddresses) {
  EXPECT_EQ(texts(look_up(station, "2001:db8::7", "PTR")),
            "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR six.postern.test");
  const auto none = look_up(station, "*", "PTR");
  EXPECT_EQ(none.problem.find("in-addr"), std::string::npos) << none.problem;
}

TEST_F(Resolve, ALastDotIsNoPartOfTheName) {
  EXPECT_EQ(texts(look_up(station, "one.postern.test.", "A")), "one.postern.test A 127.40.4.1");
}

/// The machine's servers are asked for what was entered, and for nothing that the host adds to it.
TEST_F(Resolve, TheHostsSearchListIsNotUsed) {
  setenv("LOCALDOMAIN", "postern.test", 1);
  const auto found = resolve(station, "one");
  unsetenv("LOCALDOMAIN");
  EXPECT_TRUE(found.addresses.empty());
}

/// A server that answers each question with bytes of the test's making behind the question's own head and name.
class LyingDns {
 public:
  /// `refers`: it does not ask others, and says nothing.
  explicit LyingDns(std::string answer, int code = 0, bool refers = false)
      : answer_(std::move(answer)), code_(code), refers_(refers) {
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
  int asked() const { return asked_; }

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
      ++asked_;
      const std::string_view asked(bytes, static_cast<std::size_t>(got));
      const std::size_t question = asked.find('\0', 12) + 5;  // the name, its type and class; not what follows (EDNS)
      std::string reply(asked.substr(0, question));
      reply[2] = static_cast<char>(0x81);
      reply[3] = static_cast<char>((refers_ ? 0 : 0x80) | code_);
      reply[6] = 0, reply[7] = code_ == 0 && !refers_ ? 1 : 0;  // one answer
      reply[8] = reply[9] = reply[10] = reply[11] = 0;
      reply += answer_;
      sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  const std::string answer_;
  const int code_;
  const bool refers_;
  std::atomic<int> asked_ = 0;
  int socket_ = -1;
  std::string server_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// Numbers of this process's sockets.
std::set<int> sockets() {
  std::set<int> out;
  for (int fd = 3; fd < 256; ++fd) {
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) out.insert(fd);
  }
  return out;
}

/// Takes the number of a socket that a look-up has closed, before the look-up tells its answer, and waits on it.
struct Successor {
  Successor(const Strand& on, std::set<int> others) : strand(on), before(std::move(others)) {}
  void look() {
    if (answered || watch) return;
    for (const int fd : mine)
      if (::fcntl(fd, F_GETFD) == -1) return take(fd);
    for (const int fd : sockets())
      if (!before.contains(fd)) mine.insert(fd);
    strand.post([this] { look(); });
  }
  void take(int fd) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    if (ends[0] != fd) {
      ASSERT_EQ(::dup3(ends[0], fd, O_CLOEXEC), fd);
      ::close(ends[0]);
    }
    other_end = ends[1];
    watch = std::make_unique<Watch>(strand, fd);
    watch->on_readable([this] { heard.set_value(); });
  }
  Strand strand;
  std::set<int> before;
  std::set<int> mine;
  bool answered = false;
  int other_end = -1;
  std::unique_ptr<Watch> watch;
  std::promise<void> heard;
};

// A machine's door was deaf after its start: a look-up of another machine let go of a number that was the door's by then.
TEST(ResolveWatch, WhoeverGetsASocketsNumberKeepsHisOwnWatch) {
  const Dns dns;
  ASSERT_TRUE(dns.serves());
  Loop loop(2);
  const Strand strand = loop.strand();
  Successor successor(strand, sockets());
  std::promise<void> answered;
  look_up(strand, {dns.server()}, "one.postern.test", false, [&](const Transport::Resolution&) {
    successor.answered = true;
    answered.set_value();
  });
  strand.post([&] { successor.look(); });
  ASSERT_EQ(answered.get_future().wait_for(10s), std::future_status::ready);
  ASSERT_GE(successor.other_end, 0) << "this test sees nothing";
  ASSERT_EQ(::write(successor.other_end, "x", 1), 1);
  EXPECT_EQ(successor.heard.get_future().wait_for(10s), std::future_status::ready);
  std::promise<void> over;
  strand.post([&] {
    successor.watch.reset();
    over.set_value();
  });
  over.get_future().wait();
  ::close(successor.other_end);
}

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
      {"MX", record(15, "\0\x04"s, "\0\x0a\xc0\xff"s), "-"},  // a pointer past the end
      {"MX", record(15, "\0\x04"s, "\0\x0a\xc0\x26"s), "-"},  // a pointer to itself
      {"TXT", record(16, "\0\x03"s, "\x09hi"s), "-"},         // longer than its record
      {"TXT",
       record(16, "\0\x05"s,
              "\x04"
              "a\x1b[2"s),
       "x.test TXT \"a\\x1b[2\""},
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
      EXPECT_EQ(answer.outcome, base::DnsAnswer::Outcome::damaged) << number << ": " << answer.problem;
      EXPECT_FALSE(answer.problem.empty()) << number;
    } else {
      EXPECT_EQ(texts(answer), lie.texts) << number;
    }
    ++number;
  }
}

/// A station whose names are asked of `servers`.
struct Asker {
  explicit Asker(std::vector<std::string> servers) {
    station.setup.dns_servers = std::move(servers);
    EXPECT_TRUE(station.transport->set_up(station.setup));
  }
  Station station{"newyork", "127.40.4.1"};
};

TEST(ResolveRefused, AServersCodeIsTold) {
  for (const auto& [code, name] : {std::pair{2, "SERVFAIL"}, {5, "REFUSED"}, {9, "NOTAUTH"}}) {
    LyingDns dns("", code);
    Asker asker({dns.server()});
    const auto answer = look_up(asker.station, "x.test", "A");
    EXPECT_EQ(answer.outcome, base::DnsAnswer::Outcome::no_answer) << name;
    EXPECT_EQ(answer.problem, std::string("A of x.test is not known: the DNS server answers ") + name + ".");
    EXPECT_EQ(dns.asked(), 1);
  }
}

TEST(ResolveRefused, AnotherServerMayKnow) {
  using namespace std::string_literals;
  LyingDns refuses("", 5);
  LyingDns knows("\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01"s);
  Asker asker({refuses.server(), knows.server()});
  EXPECT_EQ(texts(look_up(asker.station, "x.test", "A")), "x.test A 127.0.0.1");
}

/// "No data" of one that only refers to others is no word about the name: for records, and for the links' names.
TEST(ResolveRefused, WhoeverRefersToOthersIsPassedOver) {
  using namespace std::string_literals;
  LyingDns refers("", 0, true);
  LyingDns refuses("", 5);
  LyingDns knows("\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01"s);
  Asker asker({refers.server(), refuses.server(), knows.server()});
  EXPECT_EQ(texts(look_up(asker.station, "x.test", "A")), "x.test A 127.0.0.1");
  Asker links({refers.server(), knows.server()});
  EXPECT_EQ(resolve(links.station, "x.test").addresses, std::vector<std::string>{"127.0.0.1"});
  Asker alone({refers.server()});
  EXPECT_TRUE(look_up(alone.station, "x.test", "A").problem.ends_with("refers to others, and does not ask them."));
}

TEST(ResolveRefused, ARefusalIsToldWhenTheOthersAreSilent) {
  LyingDns refuses("", 5);
  const auto [deaf, server] = udp_server("127.40.4.54");
  Asker asker({refuses.server(), server});
  EXPECT_EQ(look_up(asker.station, "x.test", "A").problem, "A of x.test is not known: the DNS server answers REFUSED.");
  close(deaf);
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
      "self.postern.test resolves to 127.40.4.2, where neither SSH nor CCS is on at port " + std::to_string(other.port);
  EXPECT_TRUE(station.eventually([&] { return station.transport->dial_states().at(0).last_error == nobody; }))
      << station.transport->dial_states().at(0).last_error;
}

/// Servers that hear and say nothing.
struct Deaf {
  explicit Deaf(int count) {
    for (int i = 0; i < count; ++i) {
      const auto [fd, server] = udp_server("127.40.4.54");
      sockets.push_back(fd);
      servers.push_back(server);
    }
  }
  ~Deaf() {
    for (const int fd : sockets) close(fd);
  }
  /// Of how many look-ups the first server has heard since the last time.
  std::size_t heard() const {
    std::set<std::string> from;  // each has a socket of its own
    char bytes[512];
    sockaddr_in in{};
    auto* whose = reinterpret_cast<sockaddr*>(&in);
    for (socklen_t size = sizeof in; recvfrom(sockets[0], bytes, sizeof bytes, MSG_DONTWAIT, whose, &size) > 0;)
      from.insert(std::to_string(in.sin_port));
    return from.size();
  }
  std::vector<int> sockets;
  std::vector<std::string> servers;
};

/// Who asks another machine waits 3 s, the ways there and back included.
TEST(ResolveDeadline, ServersThatDoNotAnswer) {
  for (const int count : {1, 3}) {
    const Deaf deaf(count);
    Asker asker(deaf.servers);
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(look_up(asker.station, "one.postern.test", "MX").problem,
              "MX of one.postern.test is not known: no DNS server answers.");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2'900ms);
    begin = std::chrono::steady_clock::now();
    EXPECT_EQ(resolve(asker.station, "one.postern.test").problem, "one.postern.test does not resolve: no DNS server answers.");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2'900ms);
  }
}

/// However many ask: so many channels are open, and who waits too long for one is told so in time.
TEST(ResolveDeadline, LookUpsUnderWayAreBounded) {
  const Deaf deaf(1);
  Asker asker(deaf.servers);
  std::mutex mutex;
  std::vector<std::string> problems;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i)
    asker.station.transport->look_up({"n" + std::to_string(i) + ".test", "A", std::to_string(i % 10)}, [&](const auto& answer) {
      const std::scoped_lock lock(mutex);
      problems.push_back(answer.problem);
    });
  EXPECT_TRUE(asker.station.eventually([&] {
    const std::scoped_lock lock(mutex);
    return problems.size() == 100;
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
  EXPECT_EQ(deaf.heard(), 64U);
  const auto waited = [](const std::string& problem) { return problem.find("too many") != std::string::npos; };
  EXPECT_EQ(std::count_if(problems.begin(), problems.end(), waited), 36);
  EXPECT_FALSE(waited(look_up(asker.station, "after.test", "A").problem)) << "seats are free again";
}

}  // namespace
}  // namespace postern::transport::test
