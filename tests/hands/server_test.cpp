#include "hands/wire.h"
#include "tests/hands/fixture.h"

namespace postern::hands {
namespace {

class Server : public Machine {};

int connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
  ::close(socket);
  return -1;
}

/// Sends raw bytes and reads to the end of the connection: the error that was answered, and that it
/// was closed.
base::Error refusal(const std::string& path, const std::string& bytes, const std::vector<int>& descriptors = {}) {
  const Descriptor socket(connect_to(path));
  EXPECT_TRUE(socket.good());
  EXPECT_TRUE(send_frame(socket.get(), bytes, descriptors));
  Inbox inbox;
  while (inbox.receive(socket.get()) != Inbox::Got::end) {
  }
  if (!inbox.has_frame()) return base::fail(base::ErrorCode::internal, "no answer");
  std::vector<Descriptor> none;
  const auto kind = inbox.head().kind;
  return decode_error(kind, inbox.take(none));
}

TEST_F(Server, RefusesWhatIsNotInItsTableAndGoesOn) {
  begin_hands();
  const auto code = [&](const std::string& bytes) { return refusal(socket_path(), bytes).code; };
  EXPECT_EQ(code(encode_frame(99, {})), base::ErrorCode::usage) << "no such verb";
  EXPECT_EQ(code(encode_frame(0, {})), base::ErrorCode::usage);
  EXPECT_EQ(code(encode_frame(4, {"extra"})), base::ErrorCode::usage) << "start has no fields";
  EXPECT_EQ(code(encode_frame(2, {})), base::ErrorCode::usage) << "check needs one";
  EXPECT_EQ(code(std::string("\0\0\0\x05\x02"
                             "\0\0\0\x09x",
                             10)),
            base::ErrorCode::usage)
      << "a field that is cut off";
  EXPECT_EQ(code(std::string("\xff\xff\xff\xff\x01", 5)), base::ErrorCode::usage) << "more than a stage may have";
  EXPECT_EQ(code(std::string("\0\1\0\0\x02", 5)), base::ErrorCode::usage) << "more than a check may have";
  EXPECT_EQ(code(encode_frame(10, encode_login({}))), base::ErrorCode::usage) << "a login without its desk";
  const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_EQ(refusal(socket_path(), encode_frame(7, {}), {null.get()}).code, base::ErrorCode::usage);
  Client client(socket_path());
  EXPECT_FALSE(client.running().value());
}

TEST_F(Server, RefusesStrangers) {
  begin_hands();
  struct stat status {};
  ASSERT_EQ(::stat(socket_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(status.st_uid, daemon_uid);
  const auto as = [&](uid_t uid, const std::function<bool()>& act) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::setresuid(uid, uid, uid) == 0 && act() ? 0 : 1);
    int result = -1;
    ::waitpid(child, &result, 0);
    return result == 0;
  };
  const auto served = [&] { return bool(Client(socket_path()).running()); };
  EXPECT_TRUE(as(daemon_uid, served));
  EXPECT_TRUE(as(stranger_uid, [&] { return connect_to(socket_path()) < 0; })) << "the file's mode";
  ::chmod(socket_path().c_str(), 0666);
  EXPECT_TRUE(as(stranger_uid, [&] {
    auto answer = Client(socket_path()).running();
    return !answer && answer.error().code == base::ErrorCode::denied;
  })) << "the kernel's word for who asks";
  EXPECT_TRUE(as(cli_uid, [&] { return !served(); }));
  EXPECT_TRUE(as(daemon_uid, served));
}

TEST_F(Server, TellsWhyALargeRequestIsRefused) {
  begin_hands();
  Client client(socket_path());
  Stage stage{1, {}};
  for (const char* name : {"1.cidr", "2.cidr", "3.cidr", "4.cidr", "5.cidr", "6.cidr", "7.cidr", "8.cidr", "9.cidr"})
    stage.files.push_back({name, std::string(file_bytes, 'x'), 0644});
  auto staged = client.stage(stage);
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().code, base::ErrorCode::usage);
  EXPECT_NE(staged.error().text.find("stage may have"), std::string::npos) << staged.error().text;
  EXPECT_TRUE(client.running()) << "with a new connection";
}

TEST_F(Server, ServesOneFolderOnce) {
  begin_hands();
  const pid_t first = hands_;
  const pid_t second = ::fork();
  if (second == 0) {
    ::close(2);
    ::execl((std::string(POSTERN_BIN) + "/postern-hands").c_str(), "postern-hands", "--machine", "a.postern.test", "--dir",
            dir().c_str(), "--bin", bin().c_str(), "--user", "61001", "--cli-user", "61002", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(second, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_TRUE(alive(first));
  EXPECT_TRUE(Client(socket_path()).running());
}

TEST_F(Server, KeepsPosterndRunningAsItsUserWithLowPortsOnly) {
  begin_hands();
  ASSERT_TRUE(becomes([&] { return started().size() == 1; }));
  EXPECT_EQ(lines_of(read_file(dir() + "/started"))[0], std::to_string(started()[0]) + " 61001 0000000000000400 a.postern.test");
  EXPECT_EQ(std::stoi(read_file(dir() + "/run/posternd.pid")), started()[0]);
  EXPECT_EQ(std::stoi(read_file(dir() + "/run/hands.pid")), hands_);
  ::kill(started()[0], SIGKILL);
  ASSERT_TRUE(becomes([&] { return started().size() == 2; }));
  EXPECT_TRUE(alive(started()[1]));
  EXPECT_EQ(logged("ended (signal 9 (Killed)); it is started again in 100 ms"), 1U);
}

TEST_F(Server, PosterndCanBecomeNothingElse) {
  begin_hands();
  ASSERT_TRUE(becomes([&] { return started().size() == 1; }));
  const std::string proc = "/proc/" + std::to_string(started()[0]);
  const auto status = read_file(proc + "/status");
  for (const char* line :
       {"CapBnd:\t0000000000000400\n", "CapPrm:\t0000000000000400\n", "CapAmb:\t0000000000000400\n", "NoNewPrivs:\t1\n"})
    EXPECT_NE(status.find(line), std::string::npos) << line << status;
  EXPECT_NE(read_file(proc + "/limits").find("Max core file size        0 "), std::string::npos);
}

TEST_F(Server, TakesOverAPosterndThatOutlivedIt) {
  begin_hands();
  ASSERT_TRUE(becomes([&] { return started().size() == 1; }));
  end_hands(SIGKILL);
  EXPECT_TRUE(alive(started()[0])) << "posternd outlives postern-hands";
  begin_hands();
  EXPECT_TRUE(becomes([&] { return logged("was running already and is watched again") == 1; }));
  EXPECT_EQ(started().size(), 1U);
  ::kill(started()[0], SIGKILL);
  ASSERT_TRUE(becomes([&] { return started().size() == 2; })) << "and is kept running";
  EXPECT_EQ(end_hands(SIGTERM), 0);
  EXPECT_FALSE(alive(started()[1]));
}

TEST_F(Server, DoesNotTakeOverAnotherProcess) {
  std::filesystem::create_directory(dir() + "/run");
  write_file(dir() + "/run/posternd.pid", std::to_string(::getpid()) + "\n");
  begin_hands();
  ASSERT_TRUE(becomes([&] { return started().size() == 1; }));
  EXPECT_EQ(logged("was running already"), 0U);
}

/// A folder of posternd's with files, a link to `outside` and, by descriptors, folders `depth`
/// deep.
void plant_folder(const std::string& path, const std::string& outside, int depth) {
  ASSERT_EQ(::mkdir(path.c_str(), 0755), 0);
  ASSERT_EQ(::chown(path.c_str(), daemon_uid, daemon_uid), 0);
  write_file(path + "/file", "x");
  write_file(path + "/.lifted-0", "x");
  std::filesystem::create_directory(path + "/.lifted-1");
  std::filesystem::create_directory_symlink(outside, path + "/link");
  Descriptor at(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < depth; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), "d", 0700), 0);
    ASSERT_EQ(::symlinkat(outside.c_str(), at.get(), "l"), 0);
    at = Descriptor(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(at.good());
  }
}

TEST_F(Server, StartsWhateverPosterndLeftInItsFolders) {
  const std::string outside = root_ + "/outside";
  std::filesystem::create_directory(outside);
  write_file(outside + "/precious", "precious");
  std::filesystem::create_directory(dir() + "/run");
  std::filesystem::create_directory(dir() + "/log");
  for (const char* name : {"hands.pid", ".hands.pid.new", "posternd.pid", ".posternd.pid.new", "hands.lock"})
    plant_folder(dir() + "/run/" + name, outside, 10);
  // Deeper than a process usually may have descriptors.
  plant_folder(dir() + "/run/hands.sock", outside, 1500);
  write_file(dir() + "/log/hands.log", "not root's\n");
  ASSERT_EQ(::chown((dir() + "/log/hands.log").c_str(), daemon_uid, daemon_uid), 0);
  plant_folder(dir() + "/log/hands.log.not-roots", outside, 3);
  std::filesystem::create_symlink(outside + "/precious", dir() + "/log/posternd.log");
  begin_hands();
  ASSERT_TRUE(becomes([&] { return started().size() == 1; }));
  EXPECT_TRUE(Client(socket_path()).running());
  EXPECT_EQ(std::stoi(read_file(dir() + "/run/hands.pid")), hands_);
  EXPECT_EQ(read_file(dir() + "/log/hands.log.not-roots"), "not root's\n");
  EXPECT_EQ(log().find("not root's"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_symlink(dir() + "/log/posternd.log.not-roots"));
  EXPECT_TRUE(std::filesystem::is_directory(dir() + "/run/hands.lock.not-roots"));
  for (const char* name : {"/run/hands.lock", "/log/hands.log", "/log/posternd.log"}) {
    struct stat status {};
    ASSERT_EQ(::lstat((dir() + name).c_str(), &status), 0) << name;
    EXPECT_TRUE(S_ISREG(status.st_mode) && status.st_uid == 0) << name;
  }
  EXPECT_EQ(read_file(outside + "/precious"), "precious") << "no link was followed";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(outside), {}), 1);
}

TEST_F(Server, EndsWithPosternd) {
  begin_hands();
  ASSERT_TRUE(becomes([&] { return started().size() == 1; }));
  EXPECT_EQ(end_hands(SIGTERM), 0);
  EXPECT_FALSE(alive(started()[0]));
  for (const char* gone : {"/run/posternd.pid", "/run/hands.pid", "/run/hands.sock"})
    EXPECT_FALSE(std::filesystem::exists(dir() + gone)) << gone;
  EXPECT_EQ(logged("posternd ended (signal 15 (Terminated))"), 1U);
}

}  // namespace
}  // namespace postern::hands
