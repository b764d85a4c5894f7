#include "hands/confine.h"

#include "tests/hands/fixture.h"

#include <ifaddrs.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <functional>

namespace postern::hands {
namespace {

struct ConfineDaemon : ::testing::Test {
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "run this test as root: it becomes another user";
  }
};

/// The lines that `say` writes, as user postern, confined as posternd is.
std::string said_as_daemon(const std::function<void(const std::function<void(const std::string&)>&)>& say) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const auto put = [&](const std::string& line) { (void)!::write(ends[1], (line + "\n").data(), line.size() + 1); };
    if (::setgid(daemon_uid) != 0 || ::setuid(daemon_uid) != 0 || !confine_daemon()) put("GOT nothing to try");
    say(put);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string out;
  char buffer[4096];
  for (ssize_t size = 0; (size = ::read(ends[0], buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(size));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return out;
}

// In a namespace of its own postern would be root, with file systems of its own making: postern-hands, handed a file of
// one that never answers, waited for ever as it closed it.
TEST_F(ConfineDaemon, PosterndReachesNoNamespaceProgramOrProcess) {
  const auto said = said_as_daemon([](const auto& put) {
    const auto tried = [&](const std::string& what, long got) { put((got >= 0 ? "GOT " : "refused ") + what); };
    tried("user namespace", ::unshare(CLONE_NEWUSER));
    tried("mount namespace", ::syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS));
    tried("namespace by clone", ::syscall(SYS_clone, CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0, 0, 0, 0));
    tried("mount", ::mount("x", "/mnt", "tmpfs", 0, ""));
    tried("file system", ::syscall(SYS_fsopen, "tmpfs", 0));
    tried("trace", ::syscall(SYS_pidfd_open, ::getppid(), 0));
    tried("io_uring", ::syscall(SYS_io_uring_setup, 1, nullptr));
    tried("bpf", ::syscall(SYS_bpf, 0, nullptr, 0));
    for (const int family : {AF_VSOCK, AF_ALG, AF_PACKET})
      tried("family " + std::to_string(family), ::socket(family, SOCK_STREAM, 0));
    if (!confines_wholly()) return;
    tried("fork", ::fork());
    char name[] = "/bin/true";
    char* const words[] = {name, nullptr};
    ::execv(name, words);
    put("refused program");
  });
  EXPECT_EQ(said.find("GOT"), std::string::npos) << said;
  EXPECT_GE(std::count(said.begin(), said.end(), '\n'), 11) << said;
  EXPECT_TRUE(!confines_wholly() || said.find("refused program") != std::string::npos) << said;
}

TEST_F(ConfineDaemon, PosterndHasWhatItNeeds) {
  const auto said = said_as_daemon([](const auto& put) {
    for (const int family : {AF_UNIX, AF_INET, AF_INET6})
      if (::socket(family, SOCK_STREAM, 0) < 0) put("no family " + std::to_string(family));
    ifaddrs* addresses = nullptr;
    if (::getifaddrs(&addresses) != 0) put("no addresses");
    std::thread([&] { put("a thread"); }).join();
    put("done");
  });
  EXPECT_EQ(said, "a thread\ndone\n");
}

}  // namespace
}  // namespace postern::hands
