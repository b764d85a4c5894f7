#include "hands/confine.h"
#include "tests/hands/fixture.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <set>

namespace postern::hands {
namespace {

class LoginTest : public Machine {
 protected:
  void SetUp() override {
    Machine::SetUp();
    if (IsSkipped()) return;
    begin_hands();
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    desk_.reset(pair[0]);
    given_.reset(pair[1]);
  }
  Started start(const Login& login) {
    Client client(socket_path());
    auto started = client.login(login, given_.get());
    EXPECT_TRUE(started) << (started ? "" : base::to_text(started.error()));
    return started ? std::move(*started) : Started{};
  }

  Descriptor desk_;
  Descriptor given_;
};

/// Reads until `until` has come, or the end.
std::string read_until(const Descriptor& from, const std::string& until) {
  std::string text;
  char buffer[4096];
  while (until.empty() || text.find(until) == std::string::npos) {
    pollfd one{from.get(), POLLIN, 0};
    if (::poll(&one, 1, 20'000) != 1) return text + "<no more came>";
    const ssize_t count = ::read(from.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

/// The number after `name` in what a stand-in says of itself.
std::string fact(const std::string& facts, const std::string& name) {
  for (const auto& line : lines_of(facts))
    if (line.rfind(name + " ", 0) == 0) return line.substr(name.size() + 1, line.find('\r') - name.size() - 1);
  return "";
}

uid_t uid_in(const std::string& facts) { return static_cast<uid_t>(std::stoul("0" + fact(facts, "uid"))); }

void expect_confined(const std::string& facts) {
  const std::string id = std::to_string(uid_in(facts));
  EXPECT_GE(uid_in(facts), 70000U) << "a user of its own";
  EXPECT_LE(uid_in(facts), 89999U);
  const std::string nothing = " 0000000000000000";
  std::vector<std::string> lines;
  for (auto& line : lines_of(facts)) lines.push_back(line.substr(0, line.find('\r')));
  const auto has = [&](const std::string& line) { return std::count(lines.begin(), lines.end(), line) == 1; };
  for (const auto& line : {"uid " + id + " " + id, "CapEff" + nothing, "CapPrm" + nothing, "CapInh" + nothing, "CapBnd" + nothing,
                           "CapAmb" + nothing, std::string("no-new-privileges 1")})
    EXPECT_TRUE(has(line)) << line << " is not in\n" << facts;
  std::vector<std::string> environment;
  std::vector<std::string> descriptors;
  for (const auto& line : lines) {
    if (line.rfind("environment ", 0) == 0) environment.push_back(line.substr(12));
    if (line.rfind("descriptor ", 0) == 0) descriptors.push_back(line.substr(11));
  }
  std::sort(environment.begin(), environment.end());
  EXPECT_EQ(environment, (std::vector<std::string>{"HOME=/nonexistent", "LANG=C.UTF-8", "POSTERN_DESK_FD=3", "TERM=xterm"}));
  EXPECT_EQ(descriptors, (std::vector<std::string>{"0", "1", "2", "3"})) << "nothing else is open";
}

TEST_F(LoginTest, ACommandLineRunsOnPipes) {
  const std::string line = "exit 42";
  Started started = start({false, "xterm", 24, 80, line});
  const std::string facts = read_until(started.out, "");
  expect_confined(facts);
  EXPECT_NE(facts.find("argument --line\nline exit 42\n"), std::string::npos) << facts;
  EXPECT_NE(facts.find("tty no"), std::string::npos);
  EXPECT_EQ(read_until(started.err, ""), "to stderr\n");
  EXPECT_EQ(read_until(desk_, "desk"), "hello desk");
  pollfd ended{started.pidfd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 20'000), 1);
  EXPECT_EQ(exit_code(started.status), 42);
}

TEST_F(LoginTest, AHostileCommandLineIsOneArgument) {
  const std::string line = "a; $(touch /tmp/x) `id` 'b\" \\ *\nc";
  Started started = start({false, "xterm", 24, 80, line});
  started.in.reset();
  EXPECT_NE(read_until(started.out, "").find("argument --line\nline " + line + "\nenvironment"), std::string::npos);
  EXPECT_EQ(exit_code(started.status), 0);
}

TEST_F(LoginTest, AShellRunsOnATerminal) {
  Started started = start({true, "xterm", 41, 123, {}});
  EXPECT_FALSE(started.out.good());
  const std::string facts = read_until(started.in, "ready");
  expect_confined(facts);
  EXPECT_NE(facts.find("argument --login"), std::string::npos);
  EXPECT_NE(facts.find("terminal 41 123"), std::string::npos);
  EXPECT_NE(facts.find("tty yes"), std::string::npos) << "it is the controlling terminal";
  EXPECT_NE(facts.find("to stderr"), std::string::npos);
  ASSERT_EQ(::write(started.in.get(), "quit\n", 5), 5);
  EXPECT_EQ(exit_code(started.status), 7);
}

TEST_F(LoginTest, ASignalIsAnExitCodeToo) {
  Started started = start({false, "xterm", 24, 80, "kill"});
  EXPECT_EQ(exit_code(started.status), 128 + SIGKILL);
}

TEST_F(LoginTest, ClosingTheStatusHangsUp) {
  for (const char* line : {"wait", "stubborn"}) {
    Started started = start({false, "xterm", 24, 80, line});
    read_until(started.out, "ready");
    pollfd ended{started.pidfd.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&ended, 1, 0), 0) << line;
    started.status.reset();
    EXPECT_EQ(::poll(&ended, 1, 20'000), 1) << line;
  }
}

TEST_F(LoginTest, SeveralAtOnceEndEachForItself) {
  Started first = start({false, "xterm", 24, 80, "cat"});
  Started second = start({false, "xterm", 24, 80, "cat"});
  second.in.reset();
  EXPECT_EQ(exit_code(second.status), 0);
  EXPECT_NE(read_until(first.out, "ready").find("ready"), std::string::npos);
  ASSERT_EQ(::write(first.in.get(), "quit", 4), 4);
  EXPECT_EQ(exit_code(first.status), 7);
}

pid_t pid_of(const Started& started) {
  const auto info = read_file("/proc/self/fdinfo/" + std::to_string(started.pidfd.get()));
  for (const auto& line : lines_of(info))
    if (line.rfind("Pid:", 0) == 0) return std::stoi(line.substr(4));
  return 0;
}

TEST_F(LoginTest, ALoginReachesNothingOfAnotherNorOfTheMachine) {
  Started victim = start({true, "xterm", 24, 80, {}});
  const auto facts = read_until(victim.in, "ready");
  const std::string terminal = ::ptsname(victim.in.get());
  struct stat status {};
  ASSERT_EQ(::stat(terminal.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0U) << "who uses a terminal holds it open; nobody opens it by name";
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_TRUE(becomes([&] { return this->started().size() == 1; }));
  Started attacker = start({false, "xterm", 24, 80, "attack " + std::to_string(pid_of(victim)) + " " + terminal + " " + dir()});
  attacker.in.reset();
  const auto said = read_until(attacker.out, "");
  EXPECT_NE(said.find("attacked\n"), std::string::npos) << said;
  EXPECT_GT(std::count(said.begin(), said.end(), '\n'), 60);
  const std::set<std::string> left{"GOT fork", "GOT clone", "GOT memory"};  // to a sanitizer's runtime
  for (const auto& line : lines_of(said))
    if (confines_wholly() || !left.contains(line)) {
      EXPECT_EQ(line.find("GOT"), std::string::npos) << line;
    }
  EXPECT_NE(uid_in(said), uid_in(facts));
  ASSERT_EQ(::write(victim.in.get(), "quit\n", 5), 5);
  EXPECT_EQ(exit_code(victim.status), 7) << "the other has not noticed";
}

/// Whether any process has that real user number.
bool anybody_is(uid_t uid) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream status(entry.path() / "status");
    for (std::string line; std::getline(status, line);)
      if (line ==
          "Uid:\t" + std::to_string(uid) + "\t" + std::to_string(uid) + "\t" + std::to_string(uid) + "\t" + std::to_string(uid))
        return true;
  }
  return false;
}

/// A process of another machine's, or of somebody who took a number of the range.
pid_t squat(uid_t uid) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::syscall(SYS_close_range, 3U, ~0U, 0U);  // an input that it holds would never end
    if (::setresuid(uid, uid, uid) != 0) ::_exit(1);
    while (true) ::pause();
  }
  return pid;
}

TEST_F(LoginTest, NothingOfALoginOutlivesIt) {
  Started started = start({false, "xterm", 24, 80, "cat"});
  const uid_t uid = uid_in(read_until(started.out, "ready"));
  const pid_t left = squat(uid);
  ASSERT_TRUE(becomes([&] {
    return read_file("/proc/" + std::to_string(left) + "/status").find("Uid:\t" + std::to_string(uid)) != std::string::npos;
  }));
  started.in.reset();
  EXPECT_EQ(exit_code(started.status), 0);
  int status = 0;
  ::waitpid(left, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_TRUE(becomes([&] { return !anybody_is(uid); }));
}

TEST_F(LoginTest, ANumberThatSomebodyHasIsPassedOver) {
  if (!confines_wholly()) GTEST_SKIP() << "A sanitizer's build does not look for it.";
  Started first = start({false, "xterm", 24, 80, "cat"});
  const uid_t uid = uid_in(read_until(first.out, "ready"));
  const uid_t next = uid == 89999 ? 70000 : uid + 1;
  const pid_t other = squat(next);
  ASSERT_TRUE(becomes([&] { return anybody_is(next); }));
  Started second = start({false, "xterm", 24, 80, "cat"});
  EXPECT_NE(uid_in(read_until(second.out, "ready")), next);
  EXPECT_TRUE(alive(other)) << "and let alone";
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}

TEST_F(LoginTest, ABadRequestDoesNotEndTheConnectionOfAll) {
  Client client(socket_path());
  ASSERT_TRUE(client.running());
  const std::size_t before = logged("refused");
  for (Login bad : {Login{true, "x/../y", 24, 80, {}}, Login{true, std::string(65, 'x'), 24, 80, {}},
                    Login{true, "x\x1b[2J", 24, 80, {}}, Login{true, "", 24, 80, {}}, Login{true, "xterm", 0, 80, {}},
                    Login{true, "xterm", 24, 10000, {}}, Login{false, "xterm", 24, 80, std::string("status\0more", 11)},
                    Login{false, "xterm", 24, 80, std::string(line_bytes + 1, 'x')}}) {
    const auto answer = client.login(bad, given_.get());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, base::ErrorCode::usage) << base::to_text(answer.error());
  }
  EXPECT_EQ(logged("refused"), before) << "refused is what ends a connection";
  EXPECT_TRUE(client.login({false, "xterm", 24, 80, "exit 0"}, given_.get()));
}

TEST_F(LoginTest, OnlyASocketIsADesk) {
  const Descriptor null(::open("/etc/shadow", O_RDONLY | O_CLOEXEC));
  Client client(socket_path());
  auto started = client.login({}, null.get());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, base::ErrorCode::usage);
}

TEST_F(LoginTest, AMissingInterpreterIsAnError) {
  std::filesystem::remove(bin() + "/postern");
  Client client(socket_path());
  auto started = client.login({}, given_.get());
  ASSERT_FALSE(started);
  EXPECT_NE(base::to_text(started.error()).find(bin() + "/postern"), std::string::npos);
  EXPECT_TRUE(client.running()) << "the connection goes on";
}

TEST_F(LoginTest, EndingPosternHandsHangsUp) {
  Started started = start({false, "xterm", 24, 80, "wait"});
  read_until(started.out, "ready");
  EXPECT_EQ(end_hands(SIGTERM), 0);
  pollfd ended{started.pidfd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 20'000), 1);
}

TEST_F(LoginTest, ACrashOfPosternHandsLosesOnlyTheCode) {
  Started started = start({false, "xterm", 24, 80, "cat"});
  read_until(started.out, "ready");
  ASSERT_TRUE(becomes([&] { return this->started().size() == 1; })) << "else it could not be ended";
  end_hands(SIGKILL);
  pollfd ended{started.pidfd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 0), 0) << "the interpreter goes on";
  started.in.reset();
  EXPECT_EQ(::poll(&ended, 1, 20'000), 1);
  EXPECT_EQ(exit_code(started.status), 255);
}

}  // namespace
}  // namespace postern::hands
