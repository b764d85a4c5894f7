// Names, by a dnsmasq of the test's own.
#include "transport/loop.h"
#include "transport/name_servers.h"
#include "transport/resolver.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<const char*> hosts_servers{nullptr};

}  // namespace

/// In place of the C library's, for all of this program: the host's /etc/resolv.conf may be a file of the test's.
extern "C" FILE* fopen(const char* path, const char* mode) {
  static const auto real = reinterpret_cast<FILE* (*)(const char*, const char*)>(::dlsym(RTLD_NEXT, "fopen"));
  const char* other = hosts_servers;
  return real(other != nullptr && std::strcmp(path, "/etc/resolv.conf") == 0 ? other : path, mode);
}

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

/// A machine that names no servers asks those of its host, which are at port 53.
TEST(ResolveRefused, AnotherServerOfTheHostMayKnow) {
  using namespace std::string_literals;
  if (::geteuid() != 0) GTEST_SKIP() << "Port 53 is root's: run this test as root.";
  const auto address = [](int net) {
    return "127." + std::to_string(net) + "." + std::to_string(::getpid() / 250 % 250 + 1) + "." +
           std::to_string(::getpid() % 250 + 1);
  };
  LyingDns refuses("", 5, false, address(41), 53);
  LyingDns knows("\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01"s, 0, false, address(42), 53);
  const Folder folder;
  const auto file = folder.write("resolv.conf", "nameserver " + address(41) + "\nnameserver " + address(42) + "\n");
  Asker asker({});
  hosts_servers = file.c_str();
  const auto answer = look_up(asker.station, "x.test", "A");
  hosts_servers = nullptr;
  EXPECT_EQ(texts(answer), "x.test A 127.0.0.1");
  EXPECT_GT(refuses.asked(), 0) << "the first one";
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

}  // namespace
}  // namespace postern::transport::test
