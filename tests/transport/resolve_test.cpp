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

#include <future>
#include <thread>

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
                                   "--host-record=self.postern.test,127.40.4.2"};
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

Transport::Resolution resolve(Station& station, const std::string& host) {
  std::promise<Transport::Resolution> done;
  station.transport->resolve(host, [&](auto found) { done.set_value(std::move(found)); });
  return done.get_future().get();
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
  const int deaf = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  inet_pton(AF_INET, "127.40.4.54", &in.sin_addr);
  ASSERT_EQ(bind(deaf, reinterpret_cast<sockaddr*>(&in), sizeof in), 0);
  socklen_t size = sizeof in;
  getsockname(deaf, reinterpret_cast<sockaddr*>(&in), &size);
  station.setup.dns_servers = {"127.40.4.54:" + std::to_string(ntohs(in.sin_port))};
  ASSERT_TRUE(station.transport->set_up(station.setup));
  const auto begin = std::chrono::steady_clock::now();
  const auto found = resolve(station, "one.postern.test");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
  EXPECT_EQ(found.problem, "one.postern.test does not resolve: no DNS server answers.");
  close(deaf);
}

}  // namespace
}  // namespace postern::transport::test
