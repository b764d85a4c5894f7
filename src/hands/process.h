#pragma once

#include "base/result.h"
#include "hands/descriptor.h"

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// Starting other programs: a fixed path and fixed arguments, an environment of our making, no
/// shell.
namespace postern::hands {

/// A user as the system knows it, or just a number (for tests, where the system user is missing).
struct Account {
  std::string name;  ///< empty: only a number
  uid_t uid = 0;
  gid_t gid = 0;
};
/// "postern" or "4711"; a number without a passwd entry has the group of the same number. Errors:
/// not_found; invalid for root, whom nothing here is started as by name.
base::Result<Account> find_account(const std::string& name);

struct Program {
  std::string path;
  std::vector<std::string> arguments;    ///< with argv[0]
  std::vector<std::string> environment;  ///< "NAME=VALUE"; nothing else is there
  std::vector<int> descriptors;          ///< become 0, 1, 2, …; nothing else is open
  std::optional<Account> account;        ///< none: stays root
  /// The account keeps CAP_NET_BIND_SERVICE (ports below 1024), and can have nothing else ever
  /// again.
  bool low_ports = false;
  bool confined = false;  ///< no capability ever again, and what confine_login() says
  /// Nobody else may be that account: error busy while a process is.
  bool alone = false;
  bool terminal = false;     ///< descriptor 0 becomes the controlling terminal
  std::string folder = "/";  ///< working directory
};

/// Runs it in a session of its own. Errors io: why it could not be started, exec included; busy:
/// see `alone`.
base::Result<pid_t> start(const Program& program);

struct Ended {
  int status = 0;    ///< as of waitpid
  std::string text;  ///< output and errors together, its first 64 KiB
  std::string log;   ///< what came to the log socket, a line each
};
/// Runs it to its end with `input`; killed after `seconds`, which is an error (unreachable).
/// `log_socket`: a datagram socket that it logs to, read meanwhile (its sender waits when ten lines
/// are unread).
base::Result<Ended> run(Program program, const std::string& input, int seconds, int log_socket = -1);

/// Ends every process of that account, which must be nobody's but ours, in one stroke.
void end_all_of(const Account& account);

/// Exit code, or 128 + signal.
int code_of(int status);
/// "exit code 3", "signal 9 (Killed)".
std::string describe(int status);

Descriptor open_pidfd(pid_t pid);
/// Through the pidfd, so that it never hits another process with the same number.
void send_signal(const Descriptor& pidfd, int signal);
/// Whether the process of the pidfd has ended.
bool has_ended(const Descriptor& pidfd);

}  // namespace postern::hands
