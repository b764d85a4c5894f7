// Administrators, by OpenSSH's own client.
#include "transport/addresses.h"
#include "transport/station.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postern::transport::test {
namespace {

constexpr const char* right = "open sesame";

struct Admin : testing::Test {
  Admin() { EXPECT_TRUE(station.listen()); }
  Station station{"newyork", "127.40.2.1"};
};

TEST_F(Admin, ExecHasBothOutputsAndItsExitCode) {
  const auto ran = ssh(station, {"HOST", "echo out; echo err >&2; exit 7"}, right);
  EXPECT_EQ(ran.code, 7);
  EXPECT_EQ(ran.out, "out\n");
  EXPECT_NE(ran.err.find("err\n"), std::string::npos);
  EXPECT_EQ(station.logins.at(0).user, "admin");
  EXPECT_EQ(station.hang_ups, 0);
}

TEST_F(Admin, ExecReadsItsInputToTheEnd) {
  const auto ran = ssh(station, {"HOST", "wc -c"}, right, std::string(1'000'000, 'i'));
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(std::stoi(ran.out), 1'000'000);
}

TEST_F(Admin, MuchInAndMuchOutAtOnceDoNotLockUp) {
  std::string text(12U << 20, 'c');
  for (std::size_t i = 0; i < text.size(); i += 997) text[i] = static_cast<char>('a' + i % 26);
  const auto ran = ssh(station, {"HOST", "cat"}, right, text);
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(ran.out == text) << ran.out.size();
}

TEST_F(Admin, OutputIsWholeWhenTheProcessEndsAtOnce) {
  const auto ran = ssh(station, {"HOST", "head -c 300000 /dev/zero"}, right);
  EXPECT_EQ(ran.out.size(), 300'000U);
}

TEST_F(Admin, InputNobodyReadsDoesNoHarm) {
  const auto ran = ssh(station, {"HOST", "exec <&-; echo done"}, right, std::string(3'000'000, 'n'));
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "done\n");
}

TEST_F(Admin, ShellHasATerminal) {
  const auto ran = ssh(station, {"-tt", "HOST"}, right, "tty; stty size; echo $TERM-x; exit 3\n");
  EXPECT_EQ(ran.code, 3) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("/dev/pts/"), std::string::npos) << ran.out;
}

TEST_F(Admin, ExecMayHaveATerminal) {
  const auto ran = ssh(station, {"-tt", "HOST", "test -t 0 && echo terminal"}, right);
  EXPECT_NE(ran.out.find("terminal"), std::string::npos) << ran.out << ran.err;
}

TEST_F(Admin, KeyboardInteractiveIsAPassphraseToo) {
  const auto ran = ssh(station, {"-o", "PreferredAuthentications=keyboard-interactive", "HOST", "echo yes"}, right);
  EXPECT_EQ(ran.out, "yes\n") << ran.err;
  EXPECT_NE(ran.err.find("assword:"), std::string::npos) << "sshpass and Ansible wait for that: " << ran.err;
  EXPECT_EQ(station.logins.at(0).method, LoginAsked::Method::password);
  EXPECT_EQ(station.logins.at(0).door, station.address + ":" + std::to_string(station.port));
}

TEST_F(Admin, WrongPassphrasesRunOutOfAttempts) {
  const auto ran =
      ssh(station, {"-o", "NumberOfPasswordPrompts=20", "-o", "PreferredAuthentications=password", "HOST", "echo no"}, "wrong");
  EXPECT_EQ(ran.code, 255);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(station.logins.size(), 6U);
  EXPECT_NE(ran.err.find("attempts to log in have failed"), std::string::npos) << ran.err;
}

TEST_F(Admin, OwnKeyLogsIn) {
  const Folder folder;
  for (const auto* type : {"ed25519", "rsa", "ecdsa"}) {
    const auto file = folder.path(type);
    ASSERT_EQ(run({"ssh-keygen", "-q", "-t", type, "-N", "", "-f", file}).code, 0);
    const auto line = run({"cut", "-d", " ", "-f1,2", file + ".pub"}).out;
    station.set_verdict([line](const LoginAsked& asked) {
      return asked.public_line + "\n" == line && asked.password.empty() ? Verdict::administrator : Verdict::refuse;
    });
    const auto ran = ssh(station, {"-i", file, "-o", "PasswordAuthentication=no", "HOST", "echo key"}, "");
    EXPECT_EQ(ran.out, "key\n") << type << ran.err;
  }
}

TEST_F(Admin, NoFilesAndNoForwarding) {
  const Folder folder;
  const auto file = folder.write("file", "text");
  std::vector<std::string> options;
  for (auto word : ssh_options(station)) options.push_back(word == "-p" ? "-P" : word);
  const auto ask = folder.write("ask", "#!/bin/sh\necho 'open sesame'\n", 0700);
  const std::vector<std::string> environment{"SSH_ASKPASS=" + ask, "SSH_ASKPASS_REQUIRE=force"};
  auto words = options;
  words.insert(words.begin(), {"scp", "-O"});
  words.insert(words.end(), {file, "admin@" + station.address + ":/tmp/no"});
  auto ran = run(words, "", environment);
  EXPECT_NE(ran.code, 0);
  EXPECT_NE(ran.err.find("Files cannot be copied"), std::string::npos) << ran.err;
  words = options;
  words.insert(words.begin(), "sftp");
  words.push_back("admin@" + station.address);
  ran = run(words, "", environment);
  EXPECT_NE(ran.code, 0);
  EXPECT_NE(ran.err.find("subsystem request failed"), std::string::npos) << ran.err;
  ran = ssh(station, {"-W", station.address + ":" + std::to_string(station.port), "HOST"}, right);
  EXPECT_NE(ran.code, 0);
  EXPECT_NE(ran.err.find("administratively prohibited"), std::string::npos) << ran.err;
  ran = ssh(station, {"-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", "HOST", "echo no"}, right);
  EXPECT_NE(ran.code, 0);
  EXPECT_EQ(ran.out, "");
}

TEST_F(Admin, TheProcessIsToldWhenTheClientIsKilled) {
  const Folder folder;
  const auto ask = folder.write("ask", "#!/bin/sh\necho 'open sesame'\n", 0700);
  std::vector<std::string> words{"ssh", "-l", "admin"};
  for (const auto& option : ssh_options(station)) words.push_back(option);
  words.insert(words.end(), {"-n", station.address, "sleep 600"});
  std::vector<char*> argv, env;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> environment{"SSH_ASKPASS=" + ask, "SSH_ASKPASS_REQUIRE=force", "PATH=/usr/bin:/bin"};
  for (auto& word : environment) env.push_back(word.data());
  env.push_back(nullptr);
  pid_t pid = -1;
  ASSERT_EQ(posix_spawnp(&pid, "ssh", nullptr, nullptr, argv.data(), env.data()), 0);
  EXPECT_TRUE(station.wait([&] { return station.sessions.size() == 1; }));
  EXPECT_EQ(station.transport->counters().sessions, 1U);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  EXPECT_TRUE(station.wait([&] { return station.hang_ups == 1; }));
  EXPECT_TRUE(station.eventually([&] { return station.transport->counters().sessions == 0; }));
}

TEST_F(Admin, OneConnectionHasManyChannels) {
  const Folder folder;
  const auto socket = folder.path("master");
  const auto master = ssh(station, {"-M", "-S", socket, "-f", "-N", "HOST"}, right);
  ASSERT_EQ(master.code, 0) << master.err;
  for (int i = 0; i < 20; ++i) {  // more, one after another, than may be open at once
    const auto ran = ssh(station, {"-S", socket, "HOST", "echo " + std::to_string(i)}, "unused");
    EXPECT_EQ(ran.out, std::to_string(i) + "\n") << ran.err;
  }
  EXPECT_EQ(station.logins.size(), 1U);
  EXPECT_EQ(station.transport->counters().sessions, 1U);
  ssh(station, {"-S", socket, "-O", "exit", "HOST"}, "unused");
  EXPECT_TRUE(station.eventually([&] { return station.transport->counters().sessions == 0; }));
}

TEST_F(Admin, ResizedWindowReachesTheTerminal) {
  const Folder folder;
  const auto ask = folder.write("ask", "#!/bin/sh\necho 'open sesame'\n", 0700);
  std::string command = "ssh -tt -l admin";
  for (const auto& option : ssh_options(station)) command += " " + option;
  const auto script =
      folder.write("script", "set timeout 20\nset stty_init {rows 30 columns 101}\nspawn " + command + " " + station.address +
                                 "\nexpect \"# \"\nsend \"stty size\\r\"\nexpect \"30 101\"\n"
                                 "stty rows 41 columns 119 < $spawn_out(slave,name)\n"
                                 "exec kill -WINCH [exp_pid]\n"
                                 "send {until test \"$(stty size)\" = \"41 119\"; do :; done; exit 5}\n"
                                 "send \"\\r\"\nexpect eof\nexit [lindex [wait] 3]\n");
  const auto ran = run({"expect", "-f", script}, "", {"SSH_ASKPASS=" + ask, "SSH_ASKPASS_REQUIRE=force"});
  EXPECT_EQ(ran.code, 5) << ran.out << ran.err;
}

TEST_F(Admin, AMachineMayOnlyLink) {
  station.set_verdict([](const LoginAsked&) { return Verdict::machine; });
  const Folder folder;
  const auto file = folder.write("key", key("losangeles.user").private_pem);
  auto ran = ssh(station, {"-i", file, "HOST", "echo no"}, "", "", "postern-machine");
  EXPECT_NE(ran.err.find("exec request failed"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.out, "");
  ran = ssh(station, {"-i", file, "-s", "HOST", "postern-join"}, "", "", "postern-machine");
  EXPECT_NE(ran.err.find("subsystem request failed"), std::string::npos) << ran.err;
  EXPECT_TRUE(station.joins.empty());
  EXPECT_TRUE(station.ended_logins.empty());
}

TEST_F(Admin, AMachineKeyLogsInAsNoOtherUser) {
  station.set_verdict([](const LoginAsked& asked) { return asked.public_line.empty() ? Verdict::refuse : Verdict::machine; });
  const Folder folder;
  const auto file = folder.write("key", key("losangeles.user").private_pem);
  const auto ran = ssh(station, {"-i", file, "-s", "HOST", "postern-link"}, "");
  EXPECT_NE(ran.err.find("Permission denied"), std::string::npos) << ran.err;
  EXPECT_TRUE(station.links.empty());
}

TEST_F(Admin, TheEndOfALoginIsToldOnce) {
  EXPECT_EQ(ssh(station, {"HOST", "echo in"}, right).out, "in\n");
  ASSERT_TRUE(station.wait([&] { return station.ended_logins.size() == 1; }));
  EXPECT_EQ(station.ended_logins[0], station.logins.at(0).connection);
  ssh(station, {"-o", "NumberOfPasswordPrompts=1", "HOST", "echo no"}, "wrong");
  EXPECT_EQ(ssh(station, {"HOST", "echo in"}, right).out, "in\n");
  ASSERT_TRUE(station.wait([&] { return station.ended_logins.size() == 2; }));
  EXPECT_EQ(station.ended_logins[1], station.sessions.at(1).connection);
}

TEST_F(Admin, ALateExitCodeHoldsNobodyUp) {
  std::mutex gate;
  std::unique_lock held(gate);
  {
    const std::scoped_lock lock(station.mutex);
    station.on_exit_code = [&] { const std::scoped_lock wait(gate); };
  }
  for (int i = 0; i < 2; ++i) {  // as many as there are threads to block
    const auto ran = ssh(station, {"HOST", "echo out; exit 7"}, right);
    EXPECT_EQ(ran.out, "out\n");
    EXPECT_EQ(ran.code, 255);
  }
  held.unlock();
  EXPECT_EQ(ssh(station, {"HOST", "exit 7"}, right).code, 7);
}

TEST_F(Admin, ATerminalThatIsClosedIsNotResized) {
  const Folder folder;
  const auto closed = folder.path("closed");
  const auto resized = folder.path("resized");
  const auto ask = folder.write("ask", "#!/bin/sh\necho 'open sesame'\n", 0700);
  std::string command = "ssh -tt -l admin";
  for (const auto& option : ssh_options(station)) command += " " + option;
  // The process outlives its terminal's last descriptor. The two short pauses let the transport meet the
  // end of the output and the new size on its way there: neither shows outside.
  const auto script =
      folder.write("script", "set timeout 20\nset stty_init {rows 30 columns 101}\nspawn " + command + " " + station.address +
                                 " {trap '' HUP; exec <&- >&- 2>&-; touch " + closed + "; while [ ! -e " + resized +
                                 " ]; do sleep 0.1; done; exit 6}\nwhile {![file exists " + closed +
                                 "]} {after 20}\nafter 100\nstty rows 41 columns 119 < $spawn_out(slave,name)\n"
                                 "exec kill -WINCH [exp_pid]\nafter 200\nexec touch " +
                                 resized + "\nexpect eof\nexit [lindex [wait] 3]\n");
  const auto ran = run({"expect", "-f", script}, "", {"SSH_ASKPASS=" + ask, "SSH_ASKPASS_REQUIRE=force"});
  EXPECT_EQ(ran.code, 6) << ran.out << ran.err;
  for (std::size_t i = 0; i < station.sizes.size(); ++i) EXPECT_NE(station.sizes[i].first, 119);
}

TEST(AdminLimits, PortForMachinesTakesNoPassphrase) {
  Station station("newyork", "127.40.2.2");
  ASSERT_TRUE(station.listen(false));
  const auto ran = ssh(station, {"-v", "HOST", "echo no"}, right);
  EXPECT_EQ(ran.code, 255);
  EXPECT_TRUE(station.logins.empty());
  EXPECT_NE(ran.err.find("postern-ccs"), std::string::npos);
  EXPECT_NE(ran.err.find("Permission denied (publickey)"), std::string::npos) << ran.err;
}

TEST(AdminLimits, GraceEnds) {
  Limits limits;
  limits.login_grace_ms = 200;
  Station station("newyork", "127.40.2.3", limits);
  ASSERT_TRUE(station.listen());
  const int fd = tcp_connect(station.address, station.port);
  ASSERT_GE(fd, 0);
  EXPECT_TRUE(closed_within(fd, 5s));
  close(fd);
}

TEST(AdminLimits, CapsBeforeLogin) {
  Limits limits;
  limits.preauth_per_source = 3;
  Station station("newyork", "127.40.2.4", limits);
  ASSERT_TRUE(station.listen());
  std::vector<int> open;
  for (int i = 0; i < 3; ++i) open.push_back(tcp_connect(station.address, station.port));
  // The fourth is closed without a handshake; the three are let be.
  const int fourth = tcp_connect(station.address, station.port);
  ASSERT_GE(fourth, 0);
  EXPECT_TRUE(closed_within(fourth, 5s));
  EXPECT_FALSE(closed_within(open[0], 100ms));
  EXPECT_EQ(station.transport->counters().refused, 1U);
  close(fourth);
  close(open[0]);
  // A place is free again as soon as it has been left.
  ASSERT_TRUE(station.wait([&] { return station.log.size() >= 2; }));
  EXPECT_EQ(ssh(station, {"HOST", "echo in"}, right).out, "in\n");
  close(open[1]);
  close(open[2]);
}

TEST(AdminLimits, SilentConnectionsToPeopleDoNotKeepMachinesOut) {
  Limits limits;
  limits.preauth_total = 2;
  Station station("newyork", "127.40.2.7", limits);
  Station other("losangeles", "127.40.2.8");
  const auto ccs_port = free_port(station.address);
  station.setup.ports = {{station.address, station.port, true}, {station.address, ccs_port, false}};
  ASSERT_TRUE(station.transport->set_up(station.setup));
  const int first = tcp_connect(station.address, station.port);
  const int second = tcp_connect(station.address, station.port);
  const int third = tcp_connect(station.address, station.port);
  EXPECT_TRUE(closed_within(third, 5s));
  auto target = other.target(station);
  target.port = ccs_port;
  other.set_targets({target});
  EXPECT_TRUE(other.wait_links(1));
  for (const int fd : {first, second, third}) close(fd);
}

TEST(AdminLimits, SourcesAreAddressesOrNetworksOf64Bits) {
  const auto all = [](const char* text) { return source_of(parse_address(text, 22).value()); };
  const auto source = [&](const char* text) { return all(text).address; };
  EXPECT_EQ(all("127.4.5.9"), (base::Source{"127.4.5.9", "127.4.5.0/24", "127.4.0.0/16"}));
  EXPECT_EQ(all("2001:db8:1:2:3:4:5:6"), (base::Source{"2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8::/32"}));
  EXPECT_EQ(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9"));
  EXPECT_NE(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
}

TEST(AdminLimits, SessionsAreCountedLinksAreNot) {
  Limits limits;
  limits.admin_sessions = 0;
  Station station("newyork", "127.40.2.5", limits);
  Station other("losangeles", "127.40.2.6");
  ASSERT_TRUE(station.listen());
  const auto ran = ssh(station, {"HOST", "echo no"}, right);
  EXPECT_EQ(ran.code, 255);
  EXPECT_NE(ran.err.find("which is the limit"), std::string::npos) << ran.err;
  EXPECT_TRUE(station.wait([&] { return station.ended_logins.size() == 1; }));
  other.dial(station);
  EXPECT_TRUE(other.wait_links(1));
}

}  // namespace
}  // namespace postern::transport::test
