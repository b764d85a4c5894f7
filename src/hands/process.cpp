#include "hands/process.h"

#include "hands/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

namespace postern::hands {
namespace {

constexpr std::size_t text_bytes = 64U << 10;

base::Error failed(const std::string& path, std::string_view what, int why) {
  return base::fail(base::ErrorCode::io, path, fmt::format("{}: {}.", what, std::strerror(why)));
}

void drain(int log_socket, std::string& log) {
  std::array<char, 4096> line{};
  while (log_socket >= 0) {
    const ssize_t size = ::recv(log_socket, line.data(), line.size(), MSG_DONTWAIT);
    if (size <= 0) return;
    if (log.size() < text_bytes) log.append(line.data(), static_cast<std::size_t>(size)).push_back('\n');
  }
}

/// Waits for the end, or kills after the deadline. False: it was killed.
bool wait_for(pid_t pid, int seconds, int log_socket, Ended& ended) {
  const Descriptor pidfd = open_pidfd(pid);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  bool in_time = true;
  while (pidfd.good()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    std::array<pollfd, 2> watched{pollfd{pidfd.get(), POLLIN, 0}, pollfd{log_socket, POLLIN, 0}};
    const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    drain(log_socket, ended.log);
    if ((ready < 0 && errno == EINTR) || (ready > 0 && watched[0].revents == 0)) continue;
    if (ready == 0) {
      in_time = false;
      ::kill(-pid, SIGKILL);  // with what it started: it leads a session
    }
    break;
  }
  while (::waitpid(pid, &ended.status, 0) < 0 && errno == EINTR) {
  }
  drain(log_socket, ended.log);
  return in_time;
}

std::string content_of(int descriptor) {
  std::string text(text_bytes, '\0');
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

}  // namespace

base::Result<Account> find_account(const std::string& name) {
  uid_t number = 0;
  const char* end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data(), end, number);
  const bool is_number = !name.empty() && error == std::errc() && rest == end;
  errno = 0;
  const passwd* entry = is_number ? ::getpwuid(number) : ::getpwnam(name.c_str());
  Account account;
  if (entry != nullptr)
    account = {entry->pw_name, entry->pw_uid, entry->pw_gid};
  else if (is_number)
    account = {"", number, number};
  else
    return base::fail(base::ErrorCode::not_found,
                      fmt::format("There is no system user {}. Make it, e.g. with adduser --system.", name));
  if (account.uid == 0) return base::fail(base::ErrorCode::invalid, "Nothing is started as root. Name another system user.");
  return account;
}

base::Result<pid_t> start(const Program& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed(program.path, "No pipe could be made", errno);
  Descriptor tells(ends[0]);
  Descriptor told(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return failed(program.path, "No process could be made", errno);
  if (pid == 0) become(program, told.get());  // never returns
  told.reset();
  int why = 0;
  ssize_t size = 0;
  while ((size = ::read(tells.get(), &why, sizeof why)) < 0 && errno == EINTR) {
  }
  if (size == 0) return pid;  // exec closed the pipe
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (why == EBUSY)
    return base::fail(base::ErrorCode::busy, program.path,
                      fmt::format("Another process has the user number {}.", program.account->uid));
  return failed(program.path, "The program could not be started", why);
}

base::Result<Ended> run(Program program, const std::string& input, int seconds, int log_socket) {
  const Descriptor in(::memfd_create("input", MFD_CLOEXEC));
  const Descriptor out(::memfd_create("output", MFD_CLOEXEC));
  // Not pipes: what a tool leaves running in the background would hold a pipe open.
  if (!in.good() || !out.good() || ::pwrite(in.get(), input.data(), input.size(), 0) != static_cast<ssize_t>(input.size()))
    return failed(program.path, "No room for its input and output", errno);
  program.descriptors = {in.get(), out.get(), out.get()};
  auto pid = start(program);
  if (!pid) return pid.error();
  Ended ended;
  if (!wait_for(*pid, seconds, log_socket, ended))
    return base::fail(
        base::ErrorCode::unreachable, program.path,
        fmt::format("It did not end within {} s and was killed. It said: {}{}", seconds, content_of(out.get()), ended.log));
  ended.text = content_of(out.get());
  return ended;
}

void end_all_of(const Account& account) {
  const pid_t pid = ::fork();
  if (pid < 0) return;
  if (pid == 0) {
    if (become_only(account)) ::kill(-1, SIGKILL);
    ::_exit(0);
  }
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

int code_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

std::string describe(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

Descriptor open_pidfd(pid_t pid) { return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

void send_signal(const Descriptor& pidfd, int signal) { ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0); }

bool has_ended(const Descriptor& pidfd) {
  pollfd one{pidfd.get(), POLLIN, 0};
  return ::poll(&one, 1, 0) != 0;
}

}  // namespace postern::hands
