#include "applier/probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace postern::applier {
namespace {

using base::ErrorCode;
using base::fail;
using Clock = std::chrono::steady_clock;

// A greeting may wait for a name server that does not answer.
constexpr auto patience = std::chrono::seconds(20);
constexpr auto refusal_patience = std::chrono::seconds(3);

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

bool parse(const std::string& text, std::uint16_t port, Address& out) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.bytes);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.bytes);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.size = sizeof(sockaddr_in);
    return true;
  }
  if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) != 1) return false;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  out.size = sizeof(sockaddr_in6);
  return true;
}

/// One session. Every failure is told with the listener's name.
class Session {
 public:
  Session(const gateway::Probe& probe, Clock::time_point deadline)
      : probe_(probe), deadline_(deadline) {}
  ~Session() {
    if (socket_ >= 0) close(socket_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// False: refused.
  base::Result<bool> connect();
  /// Sends a line unless it is empty, and takes the whole reply; its last line.
  base::Result<std::string> say(const std::string& line);

  [[nodiscard]] base::Error failed(std::string_view what) const {
    return fail(ErrorCode::io, probe_.listener,
                fmt::format("The listener at {} port {} {}.", probe_.address, probe_.port, what));
  }

 private:
  bool wait(short events) const;
  base::Result<std::string> line();

  const gateway::Probe& probe_;
  Clock::time_point deadline_;
  int socket_ = -1;
  std::string unread_;
};

bool Session::wait(short events) const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
  pollfd what{socket_, events, 0};
  return poll(&what, 1, static_cast<int>(std::max<long>(left.count(), 0))) > 0;
}

base::Result<bool> Session::connect() {
  Address there;
  Address here;
  if (!parse(probe_.address, probe_.port, there) || !parse(probe_.address, 0, here))
    return failed("has no usable address");
  socket_ = socket(there.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return failed(fmt::format("cannot be asked: {}", std::strerror(errno)));
  if (bind(socket_, reinterpret_cast<const sockaddr*>(&here.bytes), here.size) != 0)
    return failed(fmt::format("has an address that is not on this host: {}", std::strerror(errno)));
  int reason = 0;
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&there.bytes), there.size) != 0)
    reason = errno;
  if (reason == EINPROGRESS) {
    if (!wait(POLLOUT)) return failed("does not answer");
    socklen_t size = sizeof reason;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &reason, &size);
  }
  if (reason == ECONNREFUSED) return false;
  if (reason != 0) return failed(fmt::format("does not answer: {}", std::strerror(reason)));
  return true;
}

base::Result<std::string> Session::line() {
  std::size_t end = 0;
  while ((end = unread_.find('\n')) == std::string::npos) {
    if (unread_.size() > 65536) return failed("says too much");
    if (!wait(POLLIN))
      return failed("takes connections but does not speak: its smtpd does not start");
    char buffer[4096];
    const ssize_t got = recv(socket_, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return failed("closed the connection");
    unread_.append(buffer, static_cast<std::size_t>(got));
  }
  std::string out = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  if (out.ends_with('\r')) out.pop_back();
  return out;
}

base::Result<std::string> Session::say(const std::string& text) {
  if (!text.empty()) {
    const std::string bytes = text + "\r\n";
    if (send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size()))
      return failed("closed the connection");
  }
  while (true) {
    auto reply = line();
    if (!reply) return reply.error();
    if (reply->size() < 3) return failed("does not speak SMTP");
    if (reply->size() == 3 || (*reply)[3] != '-') return reply;
  }
}

/// A temporary error other than "no room now", which no settings cause.
bool is_trouble(const std::string& reply) {
  return reply.starts_with('4') && !reply.starts_with("452");
}

enum class Answer : unsigned char { good, refused, old_generation };

// Refused: nobody listens, as in the moment before Postfix's master opens a new port.
base::Result<Answer> ask(Session& session, const gateway::Probe& probe, std::uint64_t generation) {
  const auto connected = session.connect();
  if (!connected) return connected.error();
  if (!*connected) return Answer::refused;
  auto reply = session.say("");
  if (!reply) return reply.error();
  if (reply->starts_with('5')) return Answer::good;  // its host access table refuses this host
  if (!reply->starts_with("220")) return session.failed(fmt::format("greets with \"{}\"", *reply));
  std::vector<std::string> lines{"EHLO postern-probe.invalid", "MAIL FROM:<>"};
  if (!probe.recipient.empty()) lines.push_back(fmt::format("RCPT TO:<{}>", probe.recipient));
  lines.push_back(fmt::format("RCPT TO:<{}>", gateway::probe_recipient));
  for (const std::string& line : lines) {
    reply = session.say(line);
    if (!reply) return reply.error();
    if (is_trouble(*reply))
      return session.failed(fmt::format("answers {} with \"{}\"", line, *reply));
  }
  const bool current = reply->find(fmt::format("generation {}.", generation)) != std::string::npos;
  (void)session.say("QUIT");
  return current ? Answer::good : Answer::old_generation;
}

}  // namespace

base::Result<void> probe(const gateway::Probe& probe, std::uint64_t generation) {
  const Clock::time_point start = Clock::now();
  while (true) {
    Session session(probe, start + patience);
    const base::Result<Answer> answer = ask(session, probe, generation);
    if (!answer) return answer.error();
    if (*answer == Answer::good) return {};
    const Clock::duration waited = Clock::now() - start;
    if (*answer == Answer::refused && waited > refusal_patience)
      return session.failed("is not open");
    if (waited > patience) return session.failed("still answers with the settings before");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace postern::applier
