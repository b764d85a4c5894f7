#include "applier/probe.h"

#include "applier/conversation.h"
#include "base/printable.h"

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
#include <fstream>
#include <optional>
#include <set>
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
constexpr auto session_time = std::chrono::seconds(20);
constexpr std::chrono::milliseconds first_pause{10};
constexpr std::chrono::milliseconds longest_pause{2000};
// A temporary answer does not pass in milliseconds: so long at least between two askings, and no
// more askings after the other.
constexpr std::chrono::milliseconds trouble_pause{250};
constexpr std::chrono::milliseconds trouble_patience{1000};
constexpr std::size_t reply_shown = 200;

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

/// One session with a listener. Every failure is told with the listener's name.
class Session : public Conversation {
 public:
  explicit Session(const gateway::Probe& probe)
      : Conversation(probe.listener, fmt::format("The listener {} at {} port {}", probe.listener, probe.address, probe.port),
                     session_time),
        probe_(probe) {}

  /// False: refused.
  base::Result<bool> connect();

 private:
  const gateway::Probe& probe_;
};

base::Result<bool> Session::connect() {
  Address there;
  Address here;
  if (!parse(probe_.address, probe_.port, there) || !parse(probe_.address, 0, here)) return failed("has no usable address");
  socket_.reset(socket(there.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_.good()) return failed(fmt::format("cannot be asked: {}", std::strerror(errno)));
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&here.bytes), here.size) != 0)
    return failed(fmt::format("has an address that is not on this host: {}", std::strerror(errno)));
  int reason = 0;
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&there.bytes), there.size) != 0) reason = errno;
  if (reason == EINPROGRESS) {
    if (!wait(POLLOUT)) return failed("does not answer");
    socklen_t size = sizeof reason;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &reason, &size);
  }
  if (reason == ECONNREFUSED) return false;
  if (reason != 0) return failed(fmt::format("does not answer: {}", std::strerror(reason)));
  return true;
}

/// Postfix says by this enhanced code (RFC 3463, X.3.5) that its own files are wrong.
bool is_misconfigured(const std::string& reply) {
  return reply.size() >= 9 && (reply[0] == '4' || reply[0] == '5') && reply.substr(5, 4) == ".3.5";
}

Probed answered(const Session& session, std::string_view to, const std::string& reply) {
  const std::string shown = base::printable_line(reply, reply_shown);
  return {is_misconfigured(reply) ? Proof::broken : Proof::not_provable,
          session.failed(fmt::format("answers {} with \"{}\"", to, shown)).text, false};
}

Probed silent(const base::Error& error) { return {Proof::not_provable, error.text, false}; }

/// The lines up to the mark's; what is wrong with an answer before it.
std::optional<Probed> converse(Session& session, const gateway::Probe& probe, const std::string& mark, std::string& last) {
  std::vector<std::string> lines{"EHLO postern-probe.invalid", "MAIL FROM:<>"};
  if (!probe.recipient.empty()) lines.push_back(fmt::format("RCPT TO:<{}>", probe.recipient));
  lines.push_back(fmt::format("RCPT TO:<{}>", mark));
  for (const std::string& line : lines) {
    auto reply = session.say(line);
    if (!reply) return silent(reply.error());
    last = std::move(*reply);
    const bool is_mark = &line == &lines.back();
    const std::string shown = is_mark ? "the question for its generation" : line;
    if (last.starts_with('4') || is_misconfigured(last)) return answered(session, shown, last);
  }
  return std::nullopt;
}

/// One session.
Probed ask(const gateway::Probe& probe, const Mark& mark) {
  Session session(probe);
  const auto connected = session.connect();
  if (!connected) return silent(connected.error());
  // In the moment before Postfix's master opens a new port, too.
  if (!*connected) return {Proof::not_provable, session.failed("is not open").text, true};
  auto reply = session.say("");
  if (!reply) return silent(reply.error());
  if (is_misconfigured(*reply)) return answered(session, "a connection", *reply);
  if (reply->starts_with('5')) return {};  // its host access table refuses this host
  if (!reply->starts_with("220")) return answered(session, "a connection", *reply);
  std::string last;
  const auto recipient = fmt::format("{}@{}", mark.name, gateway::probe_domain);
  const auto trouble = converse(session, probe, recipient, last);
  (void)session.say("QUIT");  // or mail.log has one more line, for a lost connection
  if (trouble) return *trouble;
  if (last.find(fmt::format("generation {}.", mark.generation)) != std::string::npos) return {};
  return {Proof::not_provable, session.failed("still answers with the settings before").text, true};
}

/// "0100007F:0019" as the kernel writes an address and a port.
std::string kernel_name(const gateway::Probe& probe) {
  Address address;
  if (!parse(probe.address, probe.port, address)) return {};
  std::string out;
  const auto add = [&](const void* bytes, std::size_t size) {
    for (std::size_t i = 0; i < size; i += 4) {
      std::uint32_t word = 0;
      std::memcpy(&word, static_cast<const char*>(bytes) + i, sizeof word);
      out += fmt::format("{:08X}", word);
    }
  };
  if (address.bytes.ss_family == AF_INET)
    add(&reinterpret_cast<const sockaddr_in*>(&address.bytes)->sin_addr, 4);
  else
    add(&reinterpret_cast<const sockaddr_in6*>(&address.bytes)->sin6_addr, 16);
  return out + fmt::format(":{:04X}", probe.port);
}

/// Names of all sockets that listen; false when the table cannot be read.
bool add_listening(const char* path, std::set<std::string>& out) {
  std::ifstream table(path);
  std::string line;
  if (!std::getline(table, line)) return false;
  constexpr std::string_view listens = "0A";
  std::string number;
  std::string local;
  std::string remote;
  std::string state;
  while (table >> number >> local >> remote >> state && std::getline(table, line))
    if (state == listens) out.insert(local);
  return true;
}

}  // namespace

Probed probe(const gateway::Probe& probe, const Mark& mark, std::chrono::milliseconds patience) {
  const Clock::time_point start = Clock::now();
  std::chrono::milliseconds pause = first_pause;
  while (true) {
    Probed answer = ask(probe, mark);
    if (answer.proof == Proof::proved) return answer;
    if (!answer.early) pause = std::max(pause, trouble_pause);
    // What says that it is broken may be the smtpd before, in its last moment.
    const bool passing = answer.early || answer.proof == Proof::broken;
    const auto limit = passing ? patience : std::min(patience, trouble_patience);
    if (Clock::now() - start + pause > limit) return answer;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, longest_pause);
  }
}

base::Result<void> port_is_free(const gateway::Probe& probe) {
  Address address;
  if (!parse(probe.address, probe.port, address)) return {};
  const hands::Descriptor socket(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;  // connections that have ended do not count
  (void)setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const auto* where = reinterpret_cast<const sockaddr*>(&address.bytes);
  const bool taken = (bind(socket.get(), where, address.size) != 0 || listen(socket.get(), 1) != 0) && errno == EADDRINUSE;
  if (!taken) return {};
  return fail(ErrorCode::exists, probe.listener,
              fmt::format("The listener {} cannot be opened: another program listens on {} port {}.", probe.listener,
                          probe.address, probe.port));
}

bool all_listen(const std::vector<gateway::Probe>& probes) {
  std::set<std::string> listening;
  const bool v4 = add_listening("/proc/net/tcp", listening);
  const bool v6 = add_listening("/proc/net/tcp6", listening);
  return std::all_of(probes.begin(), probes.end(), [&](const gateway::Probe& each) {
    const bool known = each.address.find(':') == std::string::npos ? v4 : v6;
    return !known || listening.contains(kernel_name(each));
  });
}

}  // namespace postern::applier
