#include "hands/login.h"

#include "base/limits.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace postern::hands {
namespace {

constexpr std::size_t sessions_most = base::limits::sessions;
constexpr std::int64_t grace_ms = 2000;

base::Error failed(const char* what) {
  return base::fail(base::ErrorCode::io, fmt::format("{}: {}.", what, std::strerror(errno)));
}

/// What the interpreter runs on, and what the client holds of it.
struct Ends {
  std::vector<Descriptor> inner;  // its 0, 1, 2
  std::vector<Descriptor> outer;
};

base::Result<Ends> open_terminal(const Login& login) {
  winsize size{};
  size.ws_row = static_cast<unsigned short>(login.rows);
  size.ws_col = static_cast<unsigned short>(login.columns);
  int master = -1;
  int slave = -1;
  if (::openpty(&master, &slave, nullptr, nullptr, &size) != 0) return failed("No terminal could be made");
  Ends ends;
  ends.outer.emplace_back(master);
  ends.inner.emplace_back(slave);
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  ::fcntl(slave, F_SETFD, FD_CLOEXEC);
  // It stays root's: who uses it holds it open, and nobody else can open it.
  if (::fchmod(slave, 0600) != 0) return failed("The terminal could not be closed to others");
  for (int i = 0; i < 2; ++i) ends.inner.emplace_back(::fcntl(slave, F_DUPFD_CLOEXEC, 0));
  return ends;
}

base::Result<Ends> open_pipes() {
  Ends ends;
  for (int i = 0; i < 3; ++i) {
    int pair[2];
    if (::pipe2(pair, O_CLOEXEC) != 0) return failed("No pipe could be made");
    ends.inner.emplace_back(pair[i == 0 ? 0 : 1]);
    ends.outer.emplace_back(pair[i == 0 ? 1 : 0]);
  }
  return ends;
}

bool is_unix_stream(int descriptor) {
  int domain = 0;
  int type = 0;
  socklen_t size = sizeof domain;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return false;
  size = sizeof type;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && domain == AF_UNIX && type == SOCK_STREAM;
}

}  // namespace

Logins::Logins(std::string program, gid_t group, LoginUids uids)
    : program_(std::move(program)), group_(group), uids_(std::move(uids)) {}

/// A number that a process of others has is left alone, and the next one taken.
base::Result<pid_t> Logins::start_as_own_user(Program program, uid_t& uid) {
  constexpr int tries = 100;
  base::Result<pid_t> pid = base::fail(base::ErrorCode::busy, "All user numbers for logins are taken.");
  for (int i = 0; i < tries && !pid && pid.error().code == base::ErrorCode::busy; ++i) {
    const auto next = uids_.take();
    if (!next) break;
    uid = *next;
    program.account = Account{"", uid, group_};
    pid = hands::start(program);
    if (!pid) uids_.give_back(uid);
  }
  return pid;
}

base::Result<std::vector<Descriptor>> Logins::start(const Login& login, const Descriptor& desk) {
  if (sessions_.size() >= sessions_most)
    return base::fail(base::ErrorCode::busy, fmt::format("{} logins are open already.", sessions_most));
  if (!is_unix_stream(desk.get())) return base::fail(base::ErrorCode::usage, "The descriptor that came is no desk's socket.");
  auto ends = login.terminal ? open_terminal(login) : open_pipes();
  if (!ends) return ends.error();
  int status[2];
  if (::pipe2(status, O_CLOEXEC) != 0) return failed("No pipe could be made");
  Descriptor told(status[0]);
  Descriptor tells(status[1]);

  Program program;
  program.path = program_;
  // The line not as an argument: everybody on the host can read those.
  program.arguments = {"postern", login.line ? "--line" : "--login"};
  program.environment = {"TERM=" + login.term, "LANG=C.UTF-8", "HOME=/nonexistent", "POSTERN_DESK_FD=3"};
  if (login.line) program.environment.push_back("POSTERN_LINE=" + *login.line);
  program.descriptors = {ends->inner[0].get(), ends->inner[1].get(), ends->inner[2].get(), desk.get()};
  program.confined = true;
  program.alone = true;
  program.terminal = login.terminal;
  uid_t uid = 0;
  auto pid = start_as_own_user(std::move(program), uid);
  if (!pid) return pid.error();
  ends->outer.push_back(open_pidfd(*pid));
  ends->outer.push_back(std::move(told));
  auto& session = sessions_[*pid];
  session.status = std::move(tells);
  session.uid = uid;
  return std::move(ends->outer);
}

bool Logins::ended(pid_t pid, int status) {
  const auto session = sessions_.find(pid);
  if (session == sessions_.end()) return false;
  const int code = code_of(status);
  if (session->second.status.good()) (void)!::write(session->second.status.get(), &code, sizeof code);
  end_all_of({"", session->second.uid, group_});
  uids_.give_back(session->second.uid);
  sessions_.erase(session);
  return true;
}

std::vector<int> Logins::status_descriptors() const {
  std::vector<int> descriptors;
  for (const auto& [pid, session] : sessions_)
    if (session.status.good()) descriptors.push_back(session.status.get());
  return descriptors;
}

void Logins::hang_up_one(pid_t pid, Session& session, std::int64_t now_ms) {
  // Not reaped yet, so the number is still its own; the session's other processes hang up with it.
  ::kill(-pid, SIGHUP);
  ::kill(pid, SIGHUP);
  if (session.kill_ms < 0) session.kill_ms = now_ms + grace_ms;
}

void Logins::reader_gone(int status_descriptor, std::int64_t now_ms) {
  for (auto& [pid, session] : sessions_) {
    if (session.status.get() != status_descriptor) continue;
    session.status.reset();
    return hang_up_one(pid, session, now_ms);
  }
}

void Logins::hang_up(std::int64_t now_ms) {
  for (auto& [pid, session] : sessions_) hang_up_one(pid, session, now_ms);
}

std::int64_t Logins::tick(std::int64_t now_ms) {
  std::int64_t next = -1;
  for (auto& [pid, session] : sessions_) {
    if (session.kill_ms < 0) continue;
    if (session.kill_ms <= now_ms) {
      ::kill(-pid, SIGKILL);
      ::kill(pid, SIGKILL);
      session.kill_ms = now_ms + grace_ms;
    }
    if (next < 0 || session.kill_ms < next) next = session.kill_ms;
  }
  return next;
}

}  // namespace postern::hands
