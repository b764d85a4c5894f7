#include "tests/hands/fixture.h"

#include <poll.h>
#include <sys/ioctl.h>

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

void expect_confined(const std::string& facts) {
  const std::string id = std::to_string(cli_uid);
  const std::string nothing = " 0000000000000000";
  std::vector<std::string> lines;
  for (auto& line : lines_of(facts)) lines.push_back(line.substr(0, line.find('\r')));
  const auto has = [&](const std::string& line) {
    return std::count(lines.begin(), lines.end(), line) == 1;
  };
  for (const auto& line :
       {"uid " + id + " " + id, "CapEff" + nothing, "CapPrm" + nothing, "CapInh" + nothing,
        "CapBnd" + nothing, "CapAmb" + nothing, std::string("no-new-privileges 1")})
    EXPECT_TRUE(has(line)) << line << " is not in\n" << facts;
  std::vector<std::string> environment;
  std::vector<std::string> descriptors;
  for (const auto& line : lines) {
    if (line.rfind("environment ", 0) == 0) environment.push_back(line.substr(12));
    if (line.rfind("descriptor ", 0) == 0) descriptors.push_back(line.substr(11));
  }
  std::sort(environment.begin(), environment.end());
  EXPECT_EQ(environment, (std::vector<std::string>{"HOME=/nonexistent", "LANG=C.UTF-8",
                                                   "POSTERN_DESK_FD=3", "TERM=xterm"}));
  EXPECT_EQ(descriptors, (std::vector<std::string>{"0", "1", "2", "3"})) << "nothing else is open";
}

TEST_F(LoginTest, ACommandLineRunsOnPipes) {
  const std::string line = "exit 42";
  Started started = start({false, "xterm", 24, 80, line});
  const std::string facts = read_until(started.out, "");
  expect_confined(facts);
  EXPECT_NE(facts.find("argument -c\nargument exit 42\n"), std::string::npos) << facts;
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
  EXPECT_NE(read_until(started.out, "").find("argument -c\nargument " + line + "\nenvironment"),
            std::string::npos);
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
