#include "hands/wire.h"

#include "base/assert.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace postern::hands {
namespace {

// As many as a sender can send at once (Linux's SCM_MAX_FD): what had no room here would be closed
// by the kernel, in our time.
constexpr std::size_t control_bytes = CMSG_SPACE(253 * sizeof(int));

struct Control {
  alignas(cmsghdr) std::array<char, control_bytes> bytes{};
};

void attach(msghdr& message, Control& control, const std::vector<int>& descriptors) {
  if (descriptors.empty()) return;
  POSTERN_ASSERT(descriptors.size() <= descriptors_most);
  message.msg_control = control.bytes.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
  std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size() * sizeof(int));
}

void detach(msghdr& message, std::vector<Descriptor>& into) {
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(head) + i * sizeof(int), sizeof number);
      const linger none{0, 0};
      ::setsockopt(number, SOL_SOCKET, SO_LINGER, &none, sizeof none);
      into.emplace_back(number);
    }
  }
}

/// One recvmsg.
template <std::size_t size>
ssize_t take_bytes(int socket, std::array<char, size>& buffer, msghdr& message, std::vector<Descriptor>& descriptors) {
  iovec part{buffer.data(), buffer.size()};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (count >= 0) detach(message, descriptors);
  return count;
}

}  // namespace

base::Result<void> send_frame(int socket, const std::string& frame, const std::vector<int>& descriptors) {
  std::size_t sent = 0;
  while (sent < frame.size()) {
    iovec part{const_cast<char*>(frame.data()) + sent, frame.size() - sent};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    Control control;
    if (sent == 0) attach(message, control, descriptors);
    const ssize_t count = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      return base::fail(errno == EAGAIN ? base::ErrorCode::busy : base::ErrorCode::unreachable,
                        fmt::format("postern-hands and its client have lost each other: {}.", std::strerror(errno)));
    sent += static_cast<std::size_t>(count);
  }
  return {};
}

Inbox::Got Inbox::receive(int socket) {
  static thread_local std::array<char, 65536> buffer;
  msghdr message{};
  const ssize_t count = take_bytes(socket, buffer, message, descriptors_);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Got::nothing : Got::end;
  if (count == 0 || (message.msg_flags & MSG_CTRUNC) != 0 || descriptors_.size() > descriptors_most) return Got::end;
  bytes_.append(buffer.data(), static_cast<std::size_t>(count));
  return Got::bytes;
}

std::string Inbox::take(std::vector<Descriptor>& descriptors) {
  POSTERN_ASSERT(has_frame());
  const std::size_t length = head().length;
  std::string rest = bytes_.substr(head_bytes + length);
  std::string body = std::move(bytes_);
  bytes_ = std::move(rest);
  body.resize(head_bytes + length);
  body.erase(0, head_bytes);
  descriptors = std::move(descriptors_);
  descriptors_.clear();
  return body;
}

void shut(int socket) {
  ::shutdown(socket, SHUT_RDWR);  // nobody can send any more
  std::array<char, 65536> buffer;
  ssize_t count = 1;
  while (count > 0 || (count < 0 && errno == EINTR)) {
    msghdr message{};
    std::vector<Descriptor> descriptors;
    count = take_bytes(socket, buffer, message, descriptors);
  }
}

}  // namespace postern::hands
