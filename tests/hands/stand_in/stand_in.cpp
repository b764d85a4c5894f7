// Stands in for posternd and for postern in the tests of postern-hands: says what it was given.
//   as posternd: appends "PID UID CAPABILITIES\n" to DIR/started; then waits for SIGTERM, or dies
//   at once when DIR/die is there,
//                or ignores SIGTERM when DIR/stubborn is there.
//   as postern:  prints who and where it is, one fact a line, then by its line: "exit N", "cat",
//   "wait", "kill", or "attack PID TERMINAL DIR": what of that process and that machine is within
//   reach.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

extern char** environ;

namespace {

std::string status_line(const char* name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.rfind(name, 0) == 0) return line.substr(line.find_first_not_of(": \t", std::strlen(name)));
  return "?";
}

bool there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

int as_posternd(int argc, char** argv) {
  if (argc != 5) return 9;
  const std::string dir = argv[4];
  if (there(dir + "/stubborn")) ::signal(SIGTERM, SIG_IGN);
  {
    std::ofstream out(dir + "/started", std::ios::app);
    out << ::getpid() << ' ' << ::getuid() << ' ' << status_line("CapEff") << ' ' << argv[2] << std::endl;
  }
  if (there(dir + "/die")) return 3;
  while (true) ::pause();
}

void tell_descriptors() {
  for (int number = 0; number < 256; ++number)
    if (::fcntl(number, F_GETFD) >= 0) std::printf("descriptor %d\n", number);
}

void report(const std::string& what, bool got) {
  std::printf("%s %s%s\n", got ? "GOT" : "refused", what.c_str(), got ? "" : (std::string(": ") + std::strerror(errno)).c_str());
}

bool opens(const std::string& path, int flags) { return ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY) >= 0; }

bool connects(const std::string& path) {
  const int number = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (number < 0) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return ::connect(number, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

void attack_process(const std::string& name, pid_t pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  char byte = 0;
  char link[64];
  iovec here{&byte, 1};
  iovec there{reinterpret_cast<void*>(0x400000), 1};
  report(name + " signal", ::kill(pid, 0) == 0);
  report(name + " pidfd", ::syscall(SYS_pidfd_open, pid, 0) >= 0);
  report(name + " pidfd_getfd", ::syscall(SYS_pidfd_getfd, 3, 3, 0) >= 0);
  report(name + " ptrace", ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0);
  report(name + " read memory", ::process_vm_readv(pid, &here, 1, &there, 1, 0) == 1);
  report(name + " write memory", ::process_vm_writev(pid, &here, 1, &there, 1, 0) == 1);
  report(name + " mem", opens(proc + "/mem", O_RDWR));
  report(name + " maps", opens(proc + "/maps", O_RDONLY) && std::ifstream(proc + "/maps").get() > 0);
  report(name + " environ", std::ifstream(proc + "/environ").get() > 0);
  report(name + " descriptors", ::opendir((proc + "/fd").c_str()) != nullptr);
  report(name + " descriptor", ::readlink((proc + "/fd/3").c_str(), link, sizeof link) > 0);
  report(name + " desk by /proc", opens(proc + "/fd/3", O_RDWR));
  report(name + " terminal by /proc", opens(proc + "/fd/0", O_RDWR));
  report(name + " folder", opens(proc + "/cwd/.", O_RDONLY));
  rlimit limit{1, 1};
  report(name + " limits", ::syscall(SYS_prlimit64, pid, RLIMIT_NOFILE, &limit, nullptr) == 0);
}

int attack(const std::string& line) {
  std::istringstream words(line);
  std::string word;
  std::string terminal;
  std::string dir;
  pid_t victim = 0;
  words >> word >> victim >> terminal >> dir;
  pid_t posternd = 0;
  pid_t hands = 0;
  std::ifstream(dir + "/run/posternd.pid") >> posternd;
  std::ifstream(dir + "/run/hands.pid") >> hands;
  attack_process("login", victim);
  attack_process("posternd", posternd);
  attack_process("hands", hands);
  report("terminal", opens(terminal, O_RDWR));
  report("own terminal by name", opens("/dev/pts/0", O_RDWR) || opens("/dev/pts/1", O_RDWR));
  for (const char* name : {"desk.sock", "hands.sock"}) report(name, connects(dir + "/run/" + name));
  for (const char* name : {"", "/run", "/log"})
    report("list DIR" + std::string(name), ::opendir((dir + name).c_str()) != nullptr);
  struct stat status {};
  const uid_t other = ::stat(("/proc/" + std::to_string(victim)).c_str(), &status) == 0 ? status.st_uid : 0;
  report("become root", ::setuid(0) == 0);
  report("become the other", ::setresuid(other, other, other) == 0);
  report("become its group", ::setgid(0) == 0);
  report("fork", ::fork() >= 0);
  report("clone", ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0);
  report("user namespace", ::unshare(CLONE_NEWUSER) == 0);
  report("socket", ::socket(AF_INET, SOCK_STREAM, 0) >= 0);
  report("io_uring", ::syscall(SYS_io_uring_setup, 1, nullptr) >= 0);
  report("file", ::open("/tmp/postern-attack", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0);
  report("nameless file", ::open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) >= 0);
  report("shared memory", ::syscall(SYS_shmget, 4711, 4096, 0600 | 01000) >= 0);
  report("typing into a terminal", ::ioctl(0, TIOCSTI, "x") == 0);
  report("memory", ::mmap(nullptr, 4UL << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  int number = 0;
  while (number >= 0 && number < 100) number = ::fcntl(1, F_DUPFD_CLOEXEC, 0);
  report("100 descriptors", number >= 100);
  std::printf("attacked\n");
  return 0;
}

int as_postern(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 4096);
  for (int i = 1; i < argc; ++i) std::printf("argument %s\n", argv[i]);
  const char* given = std::getenv("POSTERN_LINE");
  const std::string line = given == nullptr ? "cat" : given;
  if (given != nullptr) std::printf("line %s\n", given);
  ::unsetenv("POSTERN_LINE");
  for (char** each = environ; *each != nullptr; ++each) std::printf("environment %s\n", *each);
  tell_descriptors();
  std::printf("uid %u %u\ngroups %s\n", ::getuid(), ::geteuid(), status_line("Groups").c_str());
  for (const char* name : {"CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"})
    std::printf("%s %s\n", name, status_line(name).c_str());
  std::printf("no-new-privileges %d\n", ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  winsize size{};
  if (::ioctl(0, TIOCGWINSZ, &size) == 0) std::printf("terminal %d %d\n", size.ws_row, size.ws_col);
  std::printf("tty %s\n", ::open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0 ? "yes" : "no");
  const char hello[] = "hello desk";
  if (::write(3, hello, sizeof hello - 1) < 0) std::printf("no desk\n");
  std::fprintf(stderr, "to stderr\n");
  std::printf("ready\n");
  std::fflush(stdout);
  if (line.rfind("attack ", 0) == 0) return attack(line);
  if (line.rfind("exit ", 0) == 0) return std::atoi(line.c_str() + 5);
  if (line == "kill") ::raise(SIGKILL);
  if (line == "stubborn") ::signal(SIGHUP, SIG_IGN);
  if (line == "stubborn" || line == "wait")
    while (true) ::pause();
  char buffer[256];
  for (ssize_t count = 0; (count = ::read(0, buffer, sizeof buffer)) > 0;) {
    if (std::string(buffer, static_cast<std::size_t>(count)).rfind("quit", 0) == 0) return 7;
    (void)!::write(1, buffer, static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argv[0];
  return name.size() >= 8 && name.substr(name.size() - 8) == "posternd" ? as_posternd(argc, argv) : as_postern(argc, argv);
}
