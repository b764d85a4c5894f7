#include "applier/conversation.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace postern::applier {

base::Error Conversation::failed(std::string_view what) const {
  return base::fail(base::ErrorCode::io, where_, fmt::format("{} {}.", who_, what));
}

bool Conversation::wait(short events) const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
  pollfd what{socket_.get(), events, 0};
  return poll(&what, 1, static_cast<int>(std::max<long>(left.count(), 0))) > 0;
}

base::Result<std::string> Conversation::line() {
  std::size_t end = 0;
  while ((end = unread_.find('\n')) == std::string::npos) {
    if (unread_.size() > 65536) return failed("says too much");
    if (!wait(POLLIN)) return failed(fmt::format("takes connections but says nothing for {} s", patience_.count()));
    char buffer[4096];
    const ssize_t got = recv(socket_.get(), buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return failed("closed the connection");
    unread_.append(buffer, static_cast<std::size_t>(got));
  }
  std::string out = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  if (out.ends_with('\r')) out.pop_back();
  return out;
}

base::Result<std::string> Conversation::say(const std::string& text) {
  if (!text.empty()) {
    const std::string bytes = text + "\r\n";
    if (send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      return failed("closed the connection");
  }
  while (true) {
    auto reply = line();
    if (!reply) return reply.error();
    if (reply->size() < 3 || reply->find_first_not_of("0123456789") < 3) return failed("does not speak SMTP");
    if (reply->size() == 3 || (*reply)[3] != '-') return reply;
  }
}

}  // namespace postern::applier
