#include "hostile/line.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

namespace postern::hostile {
namespace {

using Clock = std::chrono::steady_clock;

int left_ms(Clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

[[noreturn]] void become_ssh(const Login& login) {
  const std::string port = std::to_string(login.port);
  const std::string bind = "BindAddress=" + login.from;
  const std::string where = login.user + "@" + login.address;
  ::execlp("ssh", "ssh", "-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
           "LogLevel=ERROR", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", bind.c_str(), "-i", login.key_file.c_str(),
           "-p", port.c_str(), "-s", where.c_str(), login.subsystem.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

}  // namespace

std::string frame_head(std::uint32_t size) {
  std::string head;
  for (int shift = 24; shift >= 0; shift -= 8) head += static_cast<char>(size >> shift & 0xff);
  return head;
}

Line::Line(const Login& login) {
  int to[2];
  int from[2];
  if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) return;
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(to[0], 0);
    ::dup2(from[1], 1);
    become_ssh(login);
  }
  ::close(to[0]);
  ::close(from[1]);
  in_ = to[1];
  out_ = from[0];
  ::fcntl(in_, F_SETFL, O_NONBLOCK);
}

Line::Line(Line&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      in_(std::exchange(other.in_, -1)),
      out_(std::exchange(other.out_, -1)),
      heard_(std::move(other.heard_)) {}

Line::~Line() {
  if (in_ >= 0) ::close(in_);
  if (out_ >= 0) ::close(out_);
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

bool Line::raw(std::string_view bytes, int within_ms) {
  const auto until = Clock::now() + std::chrono::milliseconds(within_ms);
  while (!bytes.empty()) {
    pollfd ready{in_, POLLOUT, 0};
    if (::poll(&ready, 1, left_ms(until)) <= 0 || (ready.revents & POLLERR) != 0) return false;
    const ssize_t done = ::write(in_, bytes.data(), bytes.size());
    if (done > 0) bytes.remove_prefix(static_cast<std::size_t>(done));
    if (done < 0 && errno != EAGAIN) return false;
  }
  return true;
}

bool Line::say(std::string_view message, int within_ms) {
  return raw(frame_head(static_cast<std::uint32_t>(message.size())), within_ms) && raw(message, within_ms);
}

bool Line::fill(int within_ms) {
  pollfd ready{out_, POLLIN, 0};
  if (::poll(&ready, 1, within_ms) <= 0) return false;
  char buffer[65536];
  const ssize_t count = ::read(out_, buffer, sizeof buffer);
  if (count <= 0) return false;
  heard_.append(buffer, static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> Line::hear(int within_ms) {
  const auto until = Clock::now() + std::chrono::milliseconds(within_ms);
  for (;;) {
    if (heard_.size() >= 4) {
      std::uint32_t size = 0;
      for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(heard_[static_cast<std::size_t>(i)]);
      if (heard_.size() - 4 >= size) {
        std::string message = heard_.substr(4, size);
        heard_.erase(0, 4 + size);
        return message;
      }
    }
    if (!fill(left_ms(until))) return std::nullopt;
  }
}

bool Line::closes(int within_ms) {
  const auto until = Clock::now() + std::chrono::milliseconds(within_ms);
  while (left_ms(until) > 0) {
    pollfd ready{out_, POLLIN, 0};
    if (::poll(&ready, 1, left_ms(until)) <= 0) return false;
    char buffer[65536];
    if (::read(out_, buffer, sizeof buffer) <= 0) return true;
  }
  return false;
}

}  // namespace postern::hostile
