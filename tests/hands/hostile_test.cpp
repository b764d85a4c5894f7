#include "hands/log.h"
#include "hands/wire.h"
#include "tests/hands/fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include <atomic>

namespace postern::hands {
namespace {

/// What somebody with posternd's rights, and nothing to lose, can do at the socket.
class Hostile : public Machine {
 protected:
  [[nodiscard]] Descriptor connect() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_path().c_str(), socket_path().size());
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  /// Kilobytes that postern-hands itself holds.
  [[nodiscard]] long resident() const {
    std::istringstream in(read_file("/proc/" + std::to_string(hands_) + "/status"));
    for (std::string line; std::getline(in, line);)
      if (line.rfind("RssAnon:", 0) == 0) return std::stol(line.substr(8));
    return -1;
  }
  [[nodiscard]] bool served() const { return bool(Client(socket_path()).running()); }
};

/// As much of `bytes` as the other end takes; less when it takes no more for two seconds.
std::size_t push(const Descriptor& socket, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    pollfd one{socket.get(), POLLOUT, 0};
    if (::poll(&one, 1, 2000) <= 0) break;
    const ssize_t count = ::send(socket.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

TEST_F(Hostile, LargeRequestsThatNeverEndCostLittleAndHoldUpNobody) {
  begin_hands();
  std::string begun = encode_frame(1, {}) + std::string(60U << 20, 'x');
  const std::size_t length = stage_bytes;
  for (std::size_t i = 0; i < 4; ++i) begun[i] = static_cast<char>(length >> (24 - 8 * i) & 0xff);
  std::vector<Descriptor> sockets;
  std::size_t taken = 0;
  for (int i = 0; i < 8; ++i) {
    sockets.push_back(connect());
    taken += push(sockets.back(), begun);
    EXPECT_TRUE(served()) << "others are answered";
  }
  EXPECT_GT(taken, std::size_t{100} << 20) << "two of them came in";
  EXPECT_LT(resident(), 200 << 10);
}

TEST_F(Hostile, SilentConnectionsHoldUpNobody) {
  begin_hands();
  std::vector<Descriptor> sockets;
  for (int i = 0; i < 31; ++i) {
    sockets.push_back(connect());
    if (i % 2 == 0) push(sockets.back(), std::string("\0\0", 2));
  }
  for (int i = 0; i < 40; ++i) sockets.push_back(connect());
  EXPECT_TRUE(served()) << "the one that was idle longest has gone";
}

// Closing the last descriptor of a socket that lingers waits for its other end.
TEST_F(Hostile, ASocketThatLingersHoldsUpNobody) {
  begin_hands();
  const Descriptor listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listening.get(), 8), 0);
  ASSERT_EQ(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  for (const int count : {1, 5, 40}) {
    std::vector<Descriptor> lingering;
    std::vector<int> numbers;
    lingering.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int number = lingering.back().get();
    ASSERT_EQ(::connect(number, reinterpret_cast<const sockaddr*>(&address), size), 0);
    const linger long_time{1, 60};
    ::setsockopt(number, SOL_SOCKET, SO_LINGER, &long_time, sizeof long_time);
    const std::string much(1U << 20, 'x');
    while (::send(number, much.data(), much.size(), MSG_DONTWAIT) > 0) {
    }
    numbers.assign(static_cast<std::size_t>(count), number);
    const Descriptor socket = connect();
    std::string frame = encode_frame(7, {});
    iovec part{frame.data(), frame.size()};
    std::vector<char> control(CMSG_SPACE(numbers.size() * sizeof(int)));
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(numbers.size() * sizeof(int));
    std::memcpy(CMSG_DATA(head), numbers.data(), numbers.size() * sizeof(int));
    // Postern-hands is held up while it gets the descriptors and loses its sender: the last one is
    // its own.
    ::kill(hands_, SIGSTOP);
    ASSERT_GT(::sendmsg(socket.get(), &message, 0), 0);
    lingering.clear();
    const auto start = std::chrono::steady_clock::now();
    ::kill(hands_, SIGCONT);
    EXPECT_TRUE(served());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30)) << count;
  }
}

TEST_F(Hostile, WhoAsksWithoutAPauseComesAfterThoseWhoWait) {
  begin_hands();
  const Descriptor greedy = connect();
  std::string many;
  for (int i = 0; i < 2000; ++i) many += encode_frame(7, {});
  push(greedy, many);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(served());
  // All its answers would be here had it been served first.
  std::vector<char> answers(2000 * 12);
  const ssize_t count = ::recv(greedy.get(), answers.data(), answers.size(), MSG_DONTWAIT);
  EXPECT_LT(count, static_cast<ssize_t>(answers.size()));
}

TEST_F(Hostile, NoGenerationHasRootRunOrPrintAnything) {
  begin_hands();
  write_file(root_ + "/secret", "root:$6$secret\n");
  ::chmod((root_ + "/secret").c_str(), 0600);
  Client client(socket_path());
  std::string said;
  const auto try_all = [&](const std::string& main, const std::string& master) {
    const auto staged = client.stage(generation(mta(), 5, main, master));
    const auto checked = client.check(5);
    const auto switched = client.switch_to(5);
    const auto started = client.start();
    EXPECT_FALSE(staged);
    for (const auto& result : {staged, checked, switched, started}) {
      EXPECT_FALSE(result);
      if (!result) said += base::to_text(result.error()) + "\n";
    }
  };
  const std::string program = root_ + "/ran";
  write_file(program, "#!/bin/sh\ntouch " + root_ + "/root-was-here\n");
  ::chmod(program.c_str(), 0755);
  try_all("", std::string(log_service) + "evil unix - - n 1{ - ../../../../../.." + program + " } - proxymap\n");
  try_all("daemon_directory = " + root_ + "\n", log_service);
  for (const char* type : {"texthash:", "cidr:", "regexp:", "pcre:", "pipemap:", "proxy:cidr:"}) {
    const std::string map = type + root_ + "/secret";
    try_all("smtpd_recipient_restrictions = check_recipient_access " + map + "\n",
            std::string(log_service) + "127.0.0.1:2 inet n - y - - smtpd\n");
    try_all("", std::string(log_service) +
                    "127.0.0.1:2 inet n - y - - smtpd\n  -o { smtpd_relay_restrictions = "
                    "check_recipient_access " +
                    map + " }\n");
  }
  try_all("mydestination = " + root_ + "/secret\n", log_service);
  EXPECT_EQ((said + log()).find("$6$secret"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(root_ + "/root-was-here"));
  EXPECT_FALSE(std::filesystem::exists(mta() + "/etc"));
}

TEST(Log, IsBoundedAndPrintable) {
  if (::geteuid() != 0) GTEST_SKIP() << "Its files are root's: run this test as root.";
  char name[] = "/tmp/ph-log-XXXXXX";
  const std::string dir = ::mkdtemp(name);
  {
    const auto folder = Folder::open(dir);
    std::filesystem::create_directories(dir + "/x.log.1/theirs");
    auto log = Log::open(*folder, "x.log", 4096);
    ASSERT_TRUE(log);
    for (int i = 0; i < 100; ++i) {
      log->line("line " + std::to_string(i) + " \x1b[2J\n" + std::string(100, 'x'));
      log->rotate();
    }
    log->line(std::string(100'000, 'y'));
  }
  const std::string all = read_file(dir + "/x.log.1") + read_file(dir + "/x.log");
  EXPECT_LT(all.size(), 12'000U);
  EXPECT_NE(all.find("line 99 "), std::string::npos);
  EXPECT_EQ(all.find('\x1b'), std::string::npos);
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace postern::hands
