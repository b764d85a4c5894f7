#include "hands/row_writer.h"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace postern::hands {
namespace {

constexpr int ended_early = 3;  // unlike any Worked: who waits for an answer is told

// An answer: a frame whose kind is Worked, with the log's line and the frame for the client.
constexpr std::size_t answer_most = 128U << 10;

std::string packed(const Outcome& outcome) {
  return encode_frame(static_cast<std::uint8_t>(outcome.worked), {outcome.log, outcome.reply});
}

/// None when it is no answer of ours.
std::optional<Outcome> unpacked(std::string_view bytes) {
  if (bytes.size() < head_bytes) return std::nullopt;
  const Head head = decode_head(bytes);
  auto fields = decode_fields(bytes.substr(head_bytes), 2, 2);
  if (!fields || head.kind > static_cast<std::uint8_t>(Worked::refused)) return std::nullopt;
  return Outcome{static_cast<Worked>(head.kind), std::move((*fields)[1]), std::move((*fields)[0])};
}

/// Others wait until the last descriptor of their connection, login or lock is closed.
bool close_all_but(std::array<int, 3> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = 0;
  for (const int descriptor : kept) {
    const auto end = static_cast<unsigned>(descriptor);
    if (end > first && ::syscall(SYS_close_range, first, end - 1, 0) != 0) return false;
    first = end + 1;
  }
  return ::syscall(SYS_close_range, first, ~0U, 0) == 0;
}

}  // namespace

std::optional<pid_t> RowWriter::begin(std::string_view body) {
  // One that has just ended is noticed by the sending.
  for (int tries = 0; tries < 2; ++tries) {
    if (pid_ == 0 && !make()) return std::nullopt;
    const auto sent = ::send(socket_.get(), body.data(), body.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == static_cast<ssize_t>(body.size())) return pid_;
    pid_ = 0;
    socket_.reset();
  }
  return std::nullopt;
}

bool RowWriter::make() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
  Descriptor ours(ends[0]);
  Descriptor its(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return false;
  if (pid == 0) {
    // A parent that is started again must not meet a second writer.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) ::_exit(ended_early);
    if (!close_all_but({STDERR_FILENO, its.get(), instance_.folder()})) ::_exit(ended_early);
    work(its.get());
  }
  pid_ = pid;
  socket_ = std::move(ours);
  return true;
}

void RowWriter::work(int socket) {
  std::string body(bytes_most, '\0');
  std::optional<Tables> open;
  for (;;) {
    const ssize_t size = ::recv(socket, body.data(), body.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) ::_exit(ended_early);
    const std::string_view request = std::string_view(body).substr(0, static_cast<std::size_t>(size));
    const std::string answer = packed(work_out(instance_, rule_of(Verb::table), request, open));
    if (::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) ::_exit(ended_early);
  }
}

std::optional<Outcome> RowWriter::answer() {
  answer_.resize(answer_most);
  const ssize_t size = ::recv(socket_.get(), answer_.data(), answer_.size(), MSG_DONTWAIT);
  if (size > 0) {
    auto outcome = unpacked(std::string_view(answer_).substr(0, static_cast<std::size_t>(size)));
    if (!outcome && pid_ > 0) ::kill(pid_, SIGKILL);  // it is not itself any more: its end is told
    return outcome;
  }
  // It has ended: the parent is told of that as of every child.
  if (size == 0) socket_.reset();
  return std::nullopt;
}

void RowWriter::ended(pid_t pid) {
  if (pid != pid_) return;
  pid_ = 0;
  socket_.reset();
}

}  // namespace postern::hands
