#include "tests/hands/fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/file.h>

#include <atomic>
#include <set>

#include "tests/hands/ports.h"
#include "tests/support/free_port.h"

namespace postern::hands {
namespace {

using support::free_port;

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
    if (!exe.empty() && std::filesystem::read_symlink(exe, none).filename() == "master") ::kill(std::stoi(pid), SIGTERM);
    Machine::TearDown();
  }
  [[nodiscard]] std::string link() const { return std::filesystem::read_symlink(mta() + "/etc").string(); }

  std::optional<Client> client_;
};

std::string text_of(const base::Result<void>& result) { return result ? "" : base::to_text(result.error()); }

TEST_F(InstanceTest, StagesRootsFilesBackDated) {
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 3))), "");
  const std::string folder = mta() + "/gen/3";
  EXPECT_EQ(read_file(folder + "/main.cf"), generation(mta(), 3).files[0].bytes);
  const std::int64_t now = ::time(nullptr);
  for (const auto& [name, mode] : {std::pair{"", 040755U}, std::pair{"/main.cf", 0100644U}, std::pair{"/plan.sum", 0100600U},
                                   std::pair{"/master.cf", 0100600U}}) {
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
  EXPECT_EQ(owner("/tables"), 0U) << "Postfix's daemons open tables while they are root";
  EXPECT_EQ(owner("/gen"), 0U);
  EXPECT_FALSE(std::filesystem::exists(mta() + "/etc")) << "staging puts nothing in force";
}

TEST_F(InstanceTest, RefusesWhatTheGuardRefuses) {
  auto staged = client_->stage(generation(mta(), 1, "command_directory = /tmp/evil\n"));
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().code, base::ErrorCode::denied);
  EXPECT_FALSE(std::filesystem::exists(mta() + "/gen/1"));
  Stage bad = generation(mta(), 1);
  bad.files.push_back({"../../evil.cidr", "x", 0644});
  EXPECT_EQ(client_->stage(bad).error().code, base::ErrorCode::usage);
  bad = generation(mta(), 1);
  bad.files.push_back({"big.cidr", std::string(file_bytes + 1, 'x'), 0644});
  EXPECT_EQ(client_->stage(bad).error().code, base::ErrorCode::usage);
}

TEST_F(InstanceTest, SwitchesInOneStep) {
  for (const std::uint64_t number : {1U, 2U}) {
    ASSERT_EQ(text_of(client_->stage(generation(mta(), number))), "");
    ASSERT_EQ(text_of(client_->check(number)), "");
  }
  ASSERT_EQ(text_of(client_->switch_to(1)), "");
  EXPECT_EQ(link(), "gen/1");
  std::atomic<bool> stop{false};
  std::atomic<int> bad{0};
  std::atomic<int> reads{0};
  std::thread reader([&] {
    while (!stop) {
      const std::string text = read_file(mta() + "/etc/main.cf");
      if (text.find("myhostname = g1.") == std::string::npos && text.find("myhostname = g2.") == std::string::npos) ++bad;
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
  for (const std::uint64_t number : {1U, 2U, 3U, 4U}) ASSERT_EQ(text_of(client_->stage(generation(mta(), number))), "");
  ASSERT_EQ(text_of(client_->check(1)), "");
  ASSERT_EQ(text_of(client_->switch_to(1)), "");
  EXPECT_EQ(client_->stage(generation(mta(), 1)).error().code, base::ErrorCode::exists);
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 2, "biff = no\n"))), "") << "one that is not may be written again";
  EXPECT_NE(read_file(mta() + "/gen/2/main.cf").find("biff"), std::string::npos);
  ASSERT_EQ(text_of(client_->prune(4)), "");
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(mta() + "/gen")) left.push_back(entry.path().filename());
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, (std::vector<std::string>{"1", "4"}));
}

// Whoever could stage the greatest number there is would leave none for anybody after it.
TEST_F(InstanceTest, NumbersCannotBeUsedUp) {
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 7))), "");
  for (const std::uint64_t number : {std::uint64_t{1008}, std::uint64_t{INT64_MAX}})
    EXPECT_EQ(client_->stage(generation(mta(), number)).error().code, base::ErrorCode::denied) << number;
  EXPECT_EQ(text_of(client_->stage(generation(mta(), 1007))), "");
  EXPECT_EQ(text_of(client_->stage(generation(mta(), 8))), "");
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

bool listens(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::string services(int port, const std::string& options) {
  return "127.0.0.1:" + std::to_string(port) + " inet n - y - - smtpd\n" + options +
         "postlog unix-dgram n - n - 1 postlogd\ncleanup unix n - y - 0 cleanup\nqmgr unix n - n "
         "300 1 qmgr\n"
         "pickup unix n - y 60 1 pickup\nrewrite unix - - y - - trivial-rewrite\nanvil unix - - y "
         "- 1 anvil\ntlsmgr unix - - y "
         "1000? 1 tlsmgr\n";
}

const char* main_lines =
    "inet_interfaces = loopback-only\nmynetworks =\nmydestination =\nalias_maps =\nalias_database "
    "=\n"
    "local_recipient_maps =\nservice_throttle_time = 1s\nsmtpd_relay_restrictions = "
    "reject\n";

std::string relay_by(const std::string& map) {
  return "  -o { smtpd_relay_restrictions = check_recipient_access " + map + ", reject }\n";
}

TEST_F(InstanceTest, CheckFindsWhatSmtpdDoesNotTake) {
  const int port = free_port();
  const std::string table = "lmdb:" + mta() + "/tables/rat_x";
  Stage stage = generation(mta(), 1, main_lines,
                           services(port,
                                    "  -o { smtpd_client_restrictions = check_client_access "
                                    "cidr:$generation_directory/hat_x.cidr }\n" +
                                        relay_by(table)));
  stage.files.push_back({"hat_x.cidr", "192.0.2.0/24 REJECT Go away\n", 0644});
  ASSERT_EQ(text_of(client_->stage(stage)), "");
  auto bad = client_->check(1);
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().text.find("rat_x"), std::string::npos) << "the tool's own words: " << text_of(bad);
  EXPECT_EQ(client_->switch_to(1).error().code, base::ErrorCode::restricted);
  ASSERT_EQ(text_of(client_->table({"rat_x", true, {{"example.com", "OK"}}, {}})), "");
  EXPECT_EQ(text_of(client_->check(1)), "");
  ASSERT_EQ(text_of(client_->sweep({})), "");
  EXPECT_FALSE(client_->check(1));
  EXPECT_EQ(client_->switch_to(1).error().code, base::ErrorCode::restricted) << "the last check counts";
}

// What only root can read is not read: the smtpd of a check is not root.
TEST_F(InstanceTest, ChecksWithoutRootsRights) {
  Stage stage = generation(mta(), 1, main_lines, services(free_port(), relay_by("regexp:$generation_directory/x.regexp")));
  stage.files.push_back({"x.regexp", "/^/ REJECT\n", 0600});
  ASSERT_EQ(text_of(client_->stage(stage)), "");
  const auto bad = client_->check(1);
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().text.find("x.regexp: Permission denied"), std::string::npos) << text_of(bad);
  stage.files.back().mode = 0644;
  ASSERT_EQ(text_of(client_->stage(stage)), "");
  EXPECT_EQ(text_of(client_->check(1)), "");
}

// A mode that came after the name would be given to whatever mail_owner put there meanwhile.
TEST_F(InstanceTest, TheSocketForACheckHasItsModeFromTheStart) {
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 1, main_lines, services(free_port(), "")))), "");
  std::atomic<bool> stop{false};
  std::set<mode_t> modes;
  std::thread watcher([&] {
    struct stat status {};
    while (!stop)
      if (::lstat((mta() + "/queue/public/check").c_str(), &status) == 0) modes.insert(status.st_mode);
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
    EXPECT_EQ(text_of(client_->stage(generation(mta(), number, main_lines, services(port, "")))), "");
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

TEST_F(InstanceTest, OnlyWhatWasCheckedAsItIsCanBeSwitchedTo) {
  for (const std::uint64_t number : {1U, 2U}) ASSERT_EQ(text_of(client_->stage(generation(mta(), number))), "");
  const auto refused = [&](std::uint64_t number) {
    const auto result = client_->switch_to(number);
    return !result && result.error().code == base::ErrorCode::restricted;
  };
  EXPECT_TRUE(refused(1));
  ASSERT_EQ(text_of(client_->check(1)), "");
  EXPECT_TRUE(refused(2)) << "another was checked";
  EXPECT_EQ(text_of(client_->switch_to(1)), "");
  ASSERT_EQ(text_of(client_->check(2)), "");
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 2, "biff = no\n"))), "");
  EXPECT_TRUE(refused(2)) << "it was written again since";
  ASSERT_FALSE(client_->stage(generation(mta(), 2, "biff = yes\n")));
  ASSERT_EQ(text_of(client_->check(2)), "");
  EXPECT_EQ(text_of(client_->switch_to(2)), "");
  end_hands(SIGKILL);
  begin_hands();
  client_.emplace(socket_path());
  EXPECT_TRUE(refused(1)) << "another process checked it";
  EXPECT_EQ(text_of(client_->switch_to(2)), "") << "it is in force";
  ASSERT_EQ(text_of(client_->check(1)), "");
  EXPECT_EQ(text_of(client_->switch_to(1)), "");
  EXPECT_EQ(link(), "gen/1");
}

/// What one that was killed had begun holds its lock for a moment.
TEST_F(InstanceTest, BeginsThoughWhatTheLastOneLeftHasNotEndedYet) {
  end_hands(SIGKILL);
  const Descriptor lock(::open((dir() + "/run/hands.lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(becomes([&] { return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0; }));
  std::thread leaves([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    ::flock(lock.get(), LOCK_UN);
  });
  begin_hands();
  leaves.join();
  client_.emplace(socket_path());
  EXPECT_TRUE(client_->running());
}

// A generation of an earlier version of this program's, which judged otherwise.
TEST_F(InstanceTest, WhatLiesOnTheDiskIsJudgedBeforeMasterReadsIt) {
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 1))), "");
  ASSERT_EQ(text_of(client_->check(1)), "");
  ASSERT_EQ(text_of(client_->switch_to(1)), "");
  write_file(mta() + "/gen/1/master.cf", std::string(log_service) + "evil unix - - n 1{ - ../../../tmp/x } - proxymap\n");
  for (const auto& result : {client_->start(), client_->reload(), client_->switch_to(1), client_->check(1)}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().where, "master.cf");
  }
}

TEST_F(InstanceTest, KeepsSixteenGenerations) {
  for (std::uint64_t number = 1; number <= 20; ++number) {
    ASSERT_EQ(text_of(client_->stage(generation(mta(), number))), "");
    if (number > 1) continue;
    ASSERT_EQ(text_of(client_->check(1)), "");
    ASSERT_EQ(text_of(client_->switch_to(1)), "");
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(mta() + "/gen"), {}), 16);
  EXPECT_TRUE(std::filesystem::exists(mta() + "/gen/1")) << "it is in force";
  EXPECT_TRUE(std::filesystem::exists(mta() + "/gen/20"));
}

TEST_F(InstanceTest, RootAloneWritesTables) {
  std::filesystem::create_directory(mta() + "/tables");
  write_file(root_ + "/secret", "secret");
  std::filesystem::create_symlink(root_ + "/secret", mta() + "/tables/rat_x.lmdb");
  ASSERT_EQ(::chown((mta() + "/tables").c_str(), daemon_uid, daemon_uid), 0);
  auto done = client_->table({"rat_x", false, {{"a", "1"}}, {}});
  ASSERT_FALSE(done) << "an earlier version let posternd make files here";
  EXPECT_EQ(done.error().code, base::ErrorCode::io);
  EXPECT_EQ(read_file(root_ + "/secret"), "secret");
  ASSERT_EQ(text_of(client_->table({"rat_x", true, {{"a", "1"}}, {}})), "");
  ASSERT_EQ(text_of(client_->table({"rat_x", false, {{"b", "2"}}, {"a"}})), "");
  ASSERT_EQ(text_of(client_->table({"old", true, {}, {}})), "");
  struct stat status {};
  ASSERT_EQ(::lstat((mta() + "/tables/rat_x.lmdb").c_str(), &status), 0);
  EXPECT_TRUE(S_ISREG(status.st_mode) && status.st_uid == 0 && status.st_gid == daemon_uid);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  for (const char* folder : {"/tables", "/gen", "/log"}) {
    ASSERT_EQ(::lstat((mta() + folder).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0750U) << folder;
    EXPECT_TRUE(status.st_uid == 0 && status.st_gid == daemon_uid) << folder;
  }
  EXPECT_EQ(client_->sweep({"../x"}).error().code, base::ErrorCode::usage);
  EXPECT_EQ(client_->table({"../x", true, {}, {}}).error().code, base::ErrorCode::usage);
  ASSERT_EQ(text_of(client_->sweep({"rat_x"})), "");
  EXPECT_FALSE(std::filesystem::exists(mta() + "/tables/old.lmdb"));
  EXPECT_TRUE(std::filesystem::exists(mta() + "/tables/rat_x.lmdb"));
}

struct Restarts : InstanceTest {
  /// Generation 1 is in force, with a listener at that port of 127.0.0.1; then postern-hands ends, and Postfix with it.
  void run_and_end(int port) {
    EXPECT_EQ(text_of(client_->stage(generation(mta(), 1, main_lines, services(port, "")))), "");
    EXPECT_EQ(text_of(client_->check(1)), "");
    EXPECT_EQ(text_of(client_->switch_to(1)), "");
    ASSERT_EQ(text_of(client_->start()), "");
    client_.reset();
    EXPECT_EQ(end_hands(SIGTERM), 0);
  }
  /// It ends as soon as it is started.
  void break_posternd() {
    std::filesystem::remove(bin() + "/posternd");
    std::filesystem::copy_file("/bin/false", bin() + "/posternd");
  }
};

TEST_F(Restarts, MailGoesOnAfterARestartThoughPosterndDoesNotComeUp) {
  const int port = free_port();
  run_and_end(port);
  EXPECT_EQ(greeting(port), "");
  break_posternd();
  begin_hands(false);
  client_.emplace(socket_path());
  EXPECT_TRUE(becomes([&] { return client_->running().value(); })) << log();
  EXPECT_TRUE(becomes([&] { return greeting(port).rfind("220 g1.postern.test", 0) == 0; }));
  EXPECT_EQ(logged("generation 1, which was in force last"), 1U);
  // Whoever stops it then is obeyed.
  ASSERT_EQ(text_of(client_->stop()), "");
  const std::size_t ends = logged("posternd ended");
  EXPECT_TRUE(becomes([&] { return logged("posternd ended") > ends; }));
  EXPECT_FALSE(client_->running().value());
}

// Its store is gone, say: it waits to be set up, and asks for nothing.
TEST_F(Restarts, MailGoesOnAfterARestartThoughPosterndAsksForNothing) {
  const int port = free_port();
  run_and_end(port);
  const std::size_t ends = logged("posternd ended");
  begin_hands();
  client_.emplace(socket_path());
  EXPECT_FALSE(client_->running().value());
  EXPECT_TRUE(becomes([&] { return client_->running().value(); })) << log();
  EXPECT_EQ(logged("posternd ended"), ends) << "the one that runs is left alone";
  EXPECT_EQ(logged("generation 1, which was in force last"), 1U);
}

TEST_F(Restarts, MailIsBroughtBackWhenThePortIsFreeAgain) {
  const int port = free_port();
  run_and_end(port);
  break_posternd();
  std::optional<Descriptor> other = listening_at(port);
  begin_hands(false);
  EXPECT_TRUE(becomes([&] { return logged("postfix start: It failed") > 0; })) << log();
  other.reset();
  client_.emplace(socket_path());
  EXPECT_TRUE(becomes([&] { return client_->running().value(); })) << log();
  EXPECT_TRUE(becomes([&] { return logged("Postfix runs") == 1; })) << log();
}

TEST_F(Restarts, WhatPosterndAskedForIsNotDoneAgainWithoutIt) {
  EXPECT_EQ(text_of(client_->stage(generation(mta(), 1))), "");
  EXPECT_EQ(text_of(client_->check(1)), "");
  EXPECT_EQ(text_of(client_->switch_to(1)), "");
  break_posternd();
  ::kill(started()[0], SIGKILL);
  EXPECT_TRUE(becomes([&] { return logged("posternd ended") >= 4; }));
  EXPECT_FALSE(client_->running().value()) << "it had come up, and had not started Postfix";
}

TEST_F(InstanceTest, ReloadIsAnsweredWhenMasterHasReadItsFiles) {
  const auto put = [&](std::uint64_t number, const std::string& master) {
    EXPECT_EQ(text_of(client_->stage(generation(mta(), number, main_lines, master))), "");
    EXPECT_EQ(text_of(client_->check(number)), "");
    EXPECT_EQ(text_of(client_->switch_to(number)), "");
  };
  put(1, log_service);
  ASSERT_EQ(text_of(client_->start()), "");
  EXPECT_EQ(read_file(mta() + "/log/mail.log").empty(), false);
  struct stat status {};
  ASSERT_EQ(::lstat((mta() + "/log/mail.log").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  // A master that has much to read comes to its last line late.
  std::string many;
  for (int i = 1; i <= 300; ++i) many += "dc" + std::to_string(i) + "m1 unix - - y - - smtp\n";
  const int port = free_port();
  const std::string last = "127.0.0.1:" + std::to_string(port) + " inet n - y - - smtpd\n";
  put(2, log_service + many + last);
  ASSERT_EQ(text_of(client_->stage(generation(mta(), 3, main_lines, log_service))), "");
  ASSERT_EQ(text_of(client_->check(3)), "");
  // In one write, so that the switch is there before the reload is answered.
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path().c_str(), socket_path().size());
  ASSERT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const std::string both =
      encode_frame(static_cast<std::uint8_t>(Verb::reload), {}) + encode_frame(static_cast<std::uint8_t>(Verb::switch_to), {"3"});
  ASSERT_EQ(::write(socket.get(), both.data(), both.size()), static_cast<ssize_t>(both.size()));
  char answers[10];
  ASSERT_EQ(::recv(socket.get(), answers, sizeof answers, MSG_WAITALL), 10);
  EXPECT_EQ(std::string(answers, 10), std::string(10, '\0')) << "both are done";
  EXPECT_EQ(link(), "gen/3");
  EXPECT_TRUE(listens(port)) << "master read generation 2 to its end before the switch";
  ASSERT_EQ(text_of(client_->stop()), "");
}

}  // namespace
}  // namespace postern::hands
