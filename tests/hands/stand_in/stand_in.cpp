// Stands in for posternd and for postern in the tests of postern-hands: says what it was given.
//   as posternd: appends "PID UID CAPABILITIES\n" to DIR/started; then waits for SIGTERM, or dies
//   at once when DIR/die is there,
//                or ignores SIGTERM when DIR/stubborn is there.
//   as postern:  prints who and where it is, one fact a line, then by its line: "exit N", "cat",
//   "wait", "kill".
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

extern char** environ;

namespace {

std::string status_line(const char* name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.rfind(name, 0) == 0)
      return line.substr(line.find_first_not_of(": \t", std::strlen(name)));
  return "?";
}

bool there(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

int as_posternd(int argc, char** argv) {
  if (argc != 5) return 9;
  const std::string dir = argv[4];
  if (there(dir + "/stubborn")) ::signal(SIGTERM, SIG_IGN);
  {
    std::ofstream out(dir + "/started", std::ios::app);
    out << ::getpid() << ' ' << ::getuid() << ' ' << status_line("CapEff") << ' ' << argv[2]
        << std::endl;
  }
  if (there(dir + "/die")) return 3;
  while (true) ::pause();
}

void tell_descriptors() {
  for (int number = 0; number < 256; ++number)
    if (::fcntl(number, F_GETFD) >= 0) std::printf("descriptor %d\n", number);
}

int as_postern(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 4096);
  for (int i = 1; i < argc; ++i) std::printf("argument %s\n", argv[i]);
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
  const std::string line = argc == 3 ? argv[2] : "cat";
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
  return name.size() >= 8 && name.substr(name.size() - 8) == "posternd" ? as_posternd(argc, argv)
                                                                        : as_postern(argc, argv);
}
