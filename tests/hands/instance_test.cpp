#include "tests/hands/fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>

#include <atomic>
#include <set>

namespace postern::hands {
namespace {

class InstanceTest : public Machine {
 protected:
  void SetUp() override {
    Machine::SetUp();
    if (IsSkipped()) return;
    if (::getpwnam("postfix") == nullptr || ::access("/usr/lib/postfix/sbin/smtpd", X_OK) != 0)
      GTEST_SKIP() << "Postfix is not installed: its instances cannot be tried.";
    begin_hands();
    client_.emplace(socket_path());
  }
  void TearDown() override {
    // A test that failed may have left its Postfix running.
    const std::string pid = root_.empty() ? "" : read_file(mta() + "/queue/pid/master.pid");
    std::error_code none;
    const std::string exe = pid.empty() ? "" : "/proc/" + std::to_string(std::stoi(pid)) + "/exe";
    if (!exe.empty() && std::filesystem::read_symlink(exe, none).filename() == "master")
      ::kill(std::stoi(pid), SIGTERM);
    Machine::TearDown();
  }
  [[nodiscard]] std::string link() const {
    return std::filesystem::read_symlink(mta() + "/etc").string();
  }

  std::optional<Client> client_;
};

std::string text_of(const base::Result<void>& result) {
  return result ? "" : base::to_text(result.error());
}

TEST_F(InstanceTest, StagesRootsFilesBackDated) {
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 3))), "");
  const std::string folder = mta() + "/gen/3";
  EXPECT_EQ(read_file(folder + "/main.cf"), generation(mta(), 3).files[0].bytes);
  const std::int64_t now = ::time(nullptr);
  for (const auto& [name, mode] : {std::pair{"", 040755U}, std::pair{"/main.cf", 0100644U},
                                   std::pair{"/extra.map", 0100600U}}) {
    struct stat status {};
    ASSERT_EQ(::lstat((folder + name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, mode) << name;
    EXPECT_EQ(status.st_uid, 0U);
    EXPECT_LE(status.st_mtime, now - 30) << name;
  }
  const auto owner = [&](const char* name) {
    struct stat status {};
    EXPECT_EQ(::lstat((mta() + name).c_str(), &status), 0) << name;
    return status.st_uid;
  };
  EXPECT_EQ(owner("/queue"), 0U);
  EXPECT_EQ(owner("/data"), ::getpwnam("postfix")->pw_uid);
  EXPECT_EQ(owner("/tables"), daemon_uid);
  EXPECT_EQ(owner("/gen"), 0U);
  EXPECT_FALSE(std::filesystem::exists(mta() + "/etc")) << "staging puts nothing in force";
}

TEST_F(InstanceTest, RefusesWhatTheGuardRefuses) {
  auto staged = client_->stage(generation(mta(), 1, "daemon_directory = /tmp/evil\n"));
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().code, base::ErrorCode::denied);
  EXPECT_FALSE(std::filesystem::exists(mta() + "/gen/1"));
  Stage bad = generation(mta(), 1);
  bad.files.push_back({"../../evil.map", "x", 0644});
  EXPECT_EQ(client_->stage(bad).error().code, base::ErrorCode::usage);
  bad = generation(mta(), 1);
  bad.files.push_back({"big.map", std::string(file_bytes + 1, 'x'), 0644});
  EXPECT_EQ(client_->stage(bad).error().code, base::ErrorCode::usage);
}

TEST_F(InstanceTest, SwitchesInOneStep) {
  for (const std::uint64_t number : {1U, 2U})
    ASSERT_EQ(text_of(client_->stage(generation(mta(), number))), "");
  ASSERT_EQ(text_of(client_->switch_to(1)), "");
  EXPECT_EQ(link(), "gen/1");
  std::atomic<bool> stop{false};
  std::atomic<int> bad{0};
  std::atomic<int> reads{0};
  std::thread reader([&] {
    while (!stop) {
      const std::string text = read_file(mta() + "/etc/main.cf");
      if (text.find("myhostname = g1.") == std::string::npos &&
          text.find("myhostname = g2.") == std::string::npos)
        ++bad;
      ++reads;
    }
  });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(text_of(client_->switch_to(i % 2 == 0 ? 2U : 1U)), "");
  stop = true;
  reader.join();
  EXPECT_EQ(bad, 0);
  EXPECT_GT(reads, 0);
  EXPECT_FALSE(client_->switch_to(9)) << "no such generation";
  EXPECT_EQ(link(), "gen/1");
}

TEST_F(InstanceTest, WhatIsInForceIsNeitherWrittenAgainNorPruned) {
  for (const std::uint64_t number : {1U, 2U, 3U, 4U})
    ASSERT_EQ(text_of(client_->stage(generation(mta(), number))), "");
  ASSERT_EQ(text_of(client_->switch_to(1)), "");
  EXPECT_EQ(client_->stage(generation(mta(), 1)).error().code, base::ErrorCode::exists);
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 2, "biff = no\n"))), "")
      << "one that is not may be written again";
  EXPECT_NE(read_file(mta() + "/gen/2/main.cf").find("biff"), std::string::npos);
  ASSERT_EQ(text_of(client_->prune(4)), "");
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(mta() + "/gen"))
    left.push_back(entry.path().filename());
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, (std::vector<std::string>{"1", "4"}));
}

TEST_F(InstanceTest, FollowsNoPlantedLinks) {
  const std::string outside = root_ + "/outside";
  std::filesystem::create_directory(outside);
  write_file(outside + "/main.cf", "precious");
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 1))), "");
  std::filesystem::create_directory_symlink(outside, mta() + "/gen/2");
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 2))), "");
  EXPECT_FALSE(std::filesystem::is_symlink(mta() + "/gen/2"));
  std::filesystem::create_directory_symlink(outside, mta() + "/gen/5");
  EXPECT_FALSE(client_->switch_to(5));
  EXPECT_FALSE(client_->check(5));
  std::filesystem::create_directory_symlink(outside, mta() + "/queue/etc");
  EXPECT_FALSE(client_->resolver({"127.0.0.1"}));
  EXPECT_EQ(read_file(outside + "/main.cf"), "precious");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(outside), {}), 1);
}

TEST_F(InstanceTest, WritesNameServersForTheJail) {
  ASSERT_EQ(text_of(client_->resolver({"127.0.1.53", "2001:db8::1"})), "");
  EXPECT_EQ(lines_of(read_file(mta() + "/queue/etc/resolv.conf")).at(1), "nameserver 127.0.1.53");
  EXPECT_EQ(lines_of(read_file(mta() + "/queue/etc/resolv.conf")).at(2), "nameserver 2001:db8::1");
  EXPECT_EQ(client_->resolver({"dns.example.com"}).error().code, base::ErrorCode::usage);
  EXPECT_EQ(lines_of(read_file(mta() + "/queue/etc/resolv.conf")).size(), 3U);
  ASSERT_EQ(text_of(client_->resolver({})), "");
  EXPECT_EQ(read_file(mta() + "/queue/etc/resolv.conf"), read_file("/etc/resolv.conf"));
}

TEST_F(InstanceTest, NothingStartsBeforeAGenerationIsInForce) {
  EXPECT_EQ(client_->start().error().code, base::ErrorCode::restricted);
  EXPECT_EQ(client_->reload().error().code, base::ErrorCode::restricted);
  EXPECT_EQ(text_of(client_->stop()), "") << "nothing to stop";
  EXPECT_FALSE(client_->running().value());
}

int free_port() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

/// The SMTP greeting at the port, or empty.
std::string greeting(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{5, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {};
  char buffer[512];
  const ssize_t count = ::recv(socket.get(), buffer, sizeof buffer, 0);
  return count <= 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(count));
}

std::string services(int port, const std::string& options) {
  return "127.0.0.1:" + std::to_string(port) + " inet n - y - - smtpd " + options +
         "\npostlog unix-dgram n - n - 1 postlogd\ncleanup unix n - y - 0 cleanup\nqmgr unix n - n "
         "300 1 qmgr\n"
         "rewrite unix - - y - - trivial-rewrite\nanvil unix - - y - 1 anvil\ntlsmgr unix - - y "
         "1000? 1 tlsmgr\n";
}

const char* main_lines =
    "inet_interfaces = loopback-only\nmynetworks =\nmydestination =\nalias_maps =\nalias_database "
    "=\n"
    "local_recipient_maps =\nservice_throttle_time = 1s\nsmtpd_relay_restrictions = "
    "reject\ncompatibility_level = 3.6\n";

TEST_F(InstanceTest, CheckFindsWhatSmtpdDoesNotTake) {
  const int port = free_port();
  ASSERT_EQ(
      text_of(client_->stage(generation(
          mta(), 1, main_lines, services(port, "-o { smtpd_client_restrictions = permit }")))),
      "");
  EXPECT_EQ(text_of(client_->check(1)), "");
  ASSERT_EQ(text_of(client_->stage(generation(
                mta(), 2, main_lines, services(port, "-o smtpd_relay_restrictions=permit")))),
            "");
  auto bad = client_->check(2);
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().text.find("smtpd_relay_restrictions"), std::string::npos)
      << "the tool's own words: " << text_of(bad);
  ASSERT_EQ(text_of(client_->stage(
                generation(mta(), 4, main_lines,
                           services(port,
                                    "-o { smtpd_client_restrictions = check_client_access "
                                    "cidr:$config_directory/missing.cidr }")))),
            "");
  bad = client_->check(4);
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().text.find("missing.cidr"), std::string::npos) << text_of(bad);
  ASSERT_EQ(text_of(client_->stage(generation(
                mta(), 3, std::string(main_lines) + "smtpd_banner = x ${y\n", services(port, "")))),
            "");
  EXPECT_FALSE(client_->check(3));
}

// A mode that came after the name would be given to whatever mail_owner put there meanwhile.
TEST_F(InstanceTest, TheSocketForACheckHasItsModeFromTheStart) {
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 1, main_lines, services(free_port(), "")))),
            "");
  std::atomic<bool> stop{false};
  std::set<mode_t> modes;
  std::thread watcher([&] {
    struct stat status {};
    while (!stop)
      if (::lstat((mta() + "/queue/public/check").c_str(), &status) == 0)
        modes.insert(status.st_mode);
  });
  EXPECT_EQ(text_of(client_->check(1)), "");
  stop = true;
  watcher.join();
  EXPECT_EQ(modes, (std::set<mode_t>{S_IFSOCK | 0777U}));
  EXPECT_FALSE(std::filesystem::exists(mta() + "/queue/public/check"));
}

TEST_F(InstanceTest, StartsReloadsAndStopsARealPostfix) {
  const int port = free_port();
  const auto put = [&](std::uint64_t number) {
    EXPECT_EQ(text_of(client_->stage(generation(mta(), number, main_lines, services(port, "")))),
              "");
    EXPECT_EQ(text_of(client_->check(number)), "");
    EXPECT_EQ(text_of(client_->switch_to(number)), "");
  };
  put(1);
  ASSERT_EQ(text_of(client_->start()), "");
  EXPECT_TRUE(client_->running().value());
  EXPECT_TRUE(becomes([&] { return greeting(port).rfind("220 g1.postern.test", 0) == 0; }));
  EXPECT_EQ(text_of(client_->start()), "") << "it runs already";
  EXPECT_EQ(read_file(mta() + "/queue/etc/services"), read_file("/etc/services"));
  put(2);
  ASSERT_EQ(text_of(client_->reload()), "");
  EXPECT_TRUE(becomes([&] { return greeting(port).rfind("220 g2.postern.test", 0) == 0; }));
  ASSERT_EQ(text_of(client_->stop()), "");
  EXPECT_FALSE(client_->running().value());
  EXPECT_EQ(greeting(port), "");
  ASSERT_EQ(text_of(client_->start()), "");
  EXPECT_TRUE(becomes([&] { return greeting(port).rfind("220 g2", 0) == 0; }));
  EXPECT_EQ(end_hands(SIGTERM), 0);
  EXPECT_EQ(greeting(port), "") << "postern-hands takes Postfix down with it";
}

}  // namespace
}  // namespace postern::hands
