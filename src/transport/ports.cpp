#include "transport/ports.h"

#include "transport/addresses.h"
#include "transport/keys.h"
#include "transport/server.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>

namespace postern::transport {

namespace {

constexpr int backlog = 4096;       // the kernel cuts it to net.core.somaxconn
constexpr int accepts_a_turn = 64;  // then others on this thread have their turn
constexpr int pause_ms = 200;       // when the process is out of descriptors

/// A listening socket, or the system's reason why not.
base::Result<int> open_listener(const SocketAddress& address) {
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd >= 0) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.family() == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(fd, address.get(), address.size) == 0 && ::listen(fd, backlog) == 0) return fd;
  }
  const std::string reason = std::strerror(errno);
  if (fd >= 0) ::close(fd);
  return base::fail(base::ErrorCode::io, reason);
}

void end(const Hub& hub, ConnectionId id, const std::string& why) {
  const auto connection = hub.find(id);
  if (connection) connection->strand().post([connection, why] { connection->die(why); });
}

}  // namespace

base::Result<std::unique_ptr<Ports>> Ports::make(Hub& hub) {
  auto admin = make_bind(hub.keys.host_private, admin_banner);
  if (!admin) return admin.error();
  auto machine = make_bind(hub.keys.host_private, ccs_banner);
  if (!machine) return machine.error();
  return std::make_unique<Ports>(hub, std::move(*admin), std::move(*machine));
}

Ports::Ports(Hub& hub, BindHandle admin, BindHandle machine)
    : hub_(hub), strand_(hub.loop.strand()), admin_(std::move(admin)), machine_(std::move(machine)), overdue_(strand_) {}

Ports::~Ports() = default;

base::Result<void> Ports::set(const std::vector<Port>& ports) {
  std::promise<std::string> done;
  strand_.post([this, &ports, &done] { done.set_value(replace(ports)); });
  const auto problems = done.get_future().get();
  if (!problems.empty()) return base::fail(base::ErrorCode::io, problems);
  return {};
}

std::string Ports::replace(const std::vector<Port>& ports) {
  close_overdue();
  std::map<Place, bool> wanted;
  for (const auto& port : ports) wanted[{port.address, port.port}] = port.admin_logins;
  std::erase_if(open_, [&wanted](const auto& entry) { return !wanted.contains(entry.first); });
  std::vector<std::string> problems;
  for (const auto& [place, admin_logins] : wanted) {
    auto& listener = open_[place];
    listener.admin_logins = admin_logins;
    if (listener.watch) continue;
    const auto address = parse_address(place.first, place.second);
    const auto fd = address ? open_listener(*address) : base::Result<int>(base::fail(base::ErrorCode::io, "not an IP address"));
    if (!fd) {
      problems.push_back(fmt::format("SSH cannot listen on {} port {}: {}.", place.first, place.second, fd.error().text));
      open_.erase(place);
      continue;
    }
    listener.watch = std::make_unique<Watch>(strand_, *fd);
    listener.pause = std::make_unique<Timer>(strand_);
    listen(place, listener);
  }
  return fmt::format("{}", fmt::join(problems, " "));
}

void Ports::listen(const Place& place, Listener& listener) {
  listener.watch->on_readable([this, place] { accept(place); });
}

void Ports::accept(const Place& place) {
  const auto found = open_.find(place);
  if (found == open_.end()) return;
  auto& listener = found->second;
  for (int i = 0; i < accepts_a_turn; ++i) {
    const int fd = ::accept4(listener.watch->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      welcome(fd, listener.admin_logins);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      hub_.log("error", fmt::format("A connection cannot be accepted: {}.", std::strerror(errno)));
      listener.pause->after(pause_ms, [this, place] { accept(place); });
      return;
    } else if (errno == EAGAIN) {
      break;
    }
  }
  listen(place, listener);
}

void Ports::welcome(int fd, bool admin_logins) {
  SocketAddress peer;
  SocketAddress own;
  peer.size = sizeof peer.storage;
  own.size = sizeof own.storage;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer.storage), &peer.size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&own.storage), &own.size) != 0) {
    ::close(fd);
    return;
  }
  const ConnectionId id = ++hub_.last_id;
  const ServerConnection::Origin origin{source_of(peer), address_port_text(peer), address_port_text(own), !admin_logins};
  const auto entered = hub_.admission.enter(id, origin.from, origin.machine_only, now_ms());
  if (!entered.refused.empty()) {
    ++hub_.refused;
    ::close(fd);
    hub_.log_stranger(origin.from.address, "warning", fmt::format("{} was refused: {}.", origin.source, entered.refused));
    return;
  }
  if (entered.leaves) {
    ++hub_.refused;
    end(hub_, *entered.leaves, "too many connections are logging in, and this one waited longest");
  }
  const auto connection = std::make_shared<ServerConnection>(hub_, id, origin);
  hub_.add(connection);
  if (connection->accept((admin_logins ? admin_ : machine_).get(), fd)) {
    connection->strand().post([connection] { connection->begin(); });
  } else {
    connection->strand().post([connection] { connection->die("SSH could not be started on it"); });
  }
}

void Ports::close_overdue() {
  for (const auto& one : hub_.admission.overdue(now_ms())) end(hub_, one.id, one.why);
  overdue_.after(std::clamp(hub_.limits.login_grace_ms / 4, 20, 500), [this] { close_overdue(); });
}

}  // namespace postern::transport
