#include "transport/client.h"

#include "base/printable.h"
#include "transport/addresses.h"
#include "transport/keys.h"
#include "transport/resolver.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace postern::transport {

namespace {

constexpr int connect_ms = 5'000;    // per address
constexpr int deadline_ms = 20'000;  // until the channel is open
constexpr int silence_ms = 3'000;    // of one who may wait for our greeting first

/// A non-blocking socket on its way to `to`, or the system's reason.
base::Result<int> start_connect(const SocketAddress& to, const std::string& bind_address) {
  const int fd = ::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return base::fail(base::ErrorCode::io, std::strerror(errno));
  const auto from = bind_address.empty() ? std::nullopt : parse_address(bind_address, 0);
  const bool binds = from && from->family() == to.family();
  if ((binds && ::bind(fd, from->get(), from->size) != 0) || (::connect(fd, to.get(), to.size) != 0 && errno != EINPROGRESS)) {
    const std::string reason = std::strerror(errno);
    ::close(fd);
    return base::fail(base::ErrorCode::io, reason);
  }
  return fd;
}

std::string short_fingerprint(const std::string& line) {
  const auto prints = fingerprints(line);
  return prints ? prints->sha256 : std::string("no key");
}

}  // namespace

ClientConnection::ClientConnection(Hub& hub, Strand strand_in, ConnectionId id, Wish wish, Tell tell)
    : Connection(hub, std::move(strand_in), id),
      wish_(std::move(wish)),
      tell_(std::move(tell)),
      patience_(strand()),
      deadline_(strand()) {}

std::string ClientConnection::place() const {
  return wish_.host == address_ || address_.empty() ? fmt::format("{} port {}", wish_.host, wish_.port)
                                                    : fmt::format("{} ({}) port {}", wish_.host, address_, wish_.port);
}

void ClientConnection::begin() {
  if (dead()) return;
  deadline_.after(deadline_ms, [self = shared_from_this(), this] {
    die(fmt::format("{} did not complete the connection within {} s", place(), deadline_ms / 1000));
  });
  const auto self = std::static_pointer_cast<ClientConnection>(shared_from_this());
  look_up(strand(), hub_.ways().dns_servers, wish_.host, false,
          [self](const Transport::Resolution& found) { self->resolved(found); });
}

void ClientConnection::resolved(const Transport::Resolution& found) {
  if (dead()) return;
  addresses_ = found.addresses;
  try_next(found.problem);
}

void ClientConnection::try_next(std::string problem) {
  connecting_.reset();
  patience_.cancel();
  while (next_ < addresses_.size()) {
    address_ = addresses_[next_++];
    if (tell_.resolved) tell_.resolved(address_);
    const auto to = parse_address(address_, wish_.port);
    const auto fd = to ? start_connect(*to, hub_.ways().bind_address)
                       : base::Result<int>(base::fail(base::ErrorCode::io, "not an IP address"));
    if (!fd) {
      problem = fmt::format("{} cannot be reached: {}", place(), fd.error().text);
      continue;
    }
    connecting_ = std::make_unique<Watch>(strand(), *fd);
    const auto self = std::static_pointer_cast<ClientConnection>(shared_from_this());
    connecting_->on_writable([self, number = *fd] { self->connect_done(number); });
    patience_.after(connect_ms, [self] { self->try_next(fmt::format("{} does not answer", self->place())); });
    return;
  }
  die(problem);
}

void ClientConnection::connect_done(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) {
    const auto self = std::static_pointer_cast<ClientConnection>(shared_from_this());
    connecting_->on_readable([self, fd] { self->listen(fd); });
    patience_.after(silence_ms, [self, fd] { self->listen(fd); });
    return;
  }
  if (error == ECONNREFUSED) {
    try_next(wish_.host == address_ ? fmt::format("{}: neither SSH nor CCS is on there", place())
                                    : fmt::format("{} resolves to {}, where neither SSH nor CCS is on at port {}", wish_.host,
                                                  address_, wish_.port));
    return;
  }
  try_next(fmt::format("{} cannot be reached: {}", place(), std::strerror(error)));
}

/// libssh skips whatever comes before an SSH greeting (RFC 4253, 4.2), a mail server's, too, until the deadline.
void ClientConnection::listen(int fd) {
  if (dead()) return;
  constexpr std::string_view greeting = "SSH-";
  patience_.cancel();
  char first[80];
  const ssize_t size = ::recv(fd, first, sizeof first, MSG_PEEK | MSG_DONTWAIT);
  const std::string_view said(first, size > 0 ? static_cast<std::size_t>(size) : 0);
  if (said.substr(0, greeting.size()) != greeting.substr(0, said.size()))
    return die(fmt::format("{} speaks something else than SSH: \"{}\"", place(),
                           base::printable_line(said.substr(0, said.find_first_of("\r\n")), said.size())));
  const int ours = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  connecting_.reset();
  greet(ours);
}

void ClientConnection::greet(int fd) {
  int theirs = adopt(fd);
  if (!session_ || theirs < 0 || theirs > 0xffff ||  // libssh 0.10 keeps 16 bits of it
      !set_client_options(session_.get(), wish_.user) || ssh_options_set(session_.get(), SSH_OPTIONS_FD, &theirs) != SSH_OK) {
    if (theirs >= 0) ::close(theirs);
    die(fmt::format("SSH could not be started to {}: {}", place(), ssh_error()));
    return;
  }
  stage_ = Stage::greeting;
  pump();
}

void ClientConnection::advance() {
  switch (stage_) {
    case Stage::reaching: break;
    case Stage::greeting: greeting(); break;
    case Stage::login: login(); break;
    case Stage::opening: opening(); break;
    case Stage::asking: asking(); break;
    case Stage::open:
      while (ssh_message message = ssh_message_get(session_.get())) {
        ssh_message_reply_default(message);  // a server has nothing to ask of us
        ssh_message_free(message);
      }
      break;
  }
}

void ClientConnection::greeting() {
  const int result = ssh_connect(session_.get());
  unblock();
  if (result == SSH_AGAIN) return;
  if (result != SSH_OK) {
    die(fmt::format("{} does not complete SSH's key exchange: {}", place(), ssh_error()));
    return;
  }
  check_host_key();
}

void ClientConnection::check_host_key() {
  ssh_key key = nullptr;
  if (ssh_get_server_publickey(session_.get(), &key) != SSH_OK) {
    die(fmt::format("{} shows no host key", place()));
    return;
  }
  const KeyHandle owned(key);
  const auto line = public_line(key);
  if (wish_.purpose == Purpose::fetch_key) {
    const char* banner = ssh_get_serverbanner(session_.get());
    const bool is_ccs = banner != nullptr && std::string_view(banner).ends_with(ccs_banner);
    const auto fetched = std::exchange(tell_, {}).fetched;
    die("its host key was all that was asked");  // first: its id is taken again by the login
    if (fetched) fetched({id(), line, is_ccs});
    return;
  }
  if (!same_key(line, wish_.pinned_key)) {
    refuse(fmt::format("host key differs: {} shows {}, but {} is expected", place(), short_fingerprint(line),
                       short_fingerprint(wish_.pinned_key)));
    return;
  }
  stage_ = Stage::login;
  login();
}

void ClientConnection::login() {
  int result = SSH_AUTH_ERROR;
  if (!wish_.passphrase.empty()) {
    result = ssh_userauth_password(session_.get(), nullptr, wish_.passphrase.c_str());
  } else {
    if (!user_key_) {
      auto key = import_private(hub_.keys.user_private, "user key");
      if (!key) {
        refuse(key.error().text);
        return;
      }
      user_key_ = std::move(*key);
    }
    result = ssh_userauth_publickey(session_.get(), nullptr, user_key_.get());
  }
  if (result == SSH_AUTH_AGAIN) return;
  user_key_.reset();
  const bool by_key = wish_.passphrase.empty();
  forget_passphrase();
  if (result != SSH_AUTH_SUCCESS) {
    const bool denied = result == SSH_AUTH_DENIED || result == SSH_AUTH_PARTIAL;
    const auto reason = denied ? fmt::format("{} refuses our {}", place(), by_key ? "key" : "passphrase")
                               : fmt::format("{}: login failed: {}", place(), ssh_error());
    denied ? refuse(reason) : die(reason);
    return;
  }
  stage_ = Stage::opening;
  opening();
}

void ClientConnection::opening() {
  if (channel_ == nullptr) channel_ = ssh_channel_new(session_.get());
  const int result = channel_ == nullptr ? SSH_ERROR : ssh_channel_open_session(channel_);
  if (result == SSH_AGAIN) return;
  if (result != SSH_OK) {
    die(fmt::format("{} opens no channel: {}", place(), ssh_error()));
    return;
  }
  if (const auto packet = greatest_packet(channel_); packet < least_greatest_packet) {
    die(fmt::format("{} takes packets of {} bytes; {} are the least", place(), packet, least_greatest_packet));
    return;
  }
  stage_ = Stage::asking;
  asking();
}

void ClientConnection::asking() {
  const char* name = wish_.purpose == Purpose::link ? "postern-link" : "postern-join";
  const int result = ssh_channel_request_subsystem(channel_, name);
  if (result == SSH_AGAIN) return;
  if (result != SSH_OK) {
    refuse(fmt::format("{} does not take {}", place(), wish_.purpose == Purpose::link ? "machine links" : "joining machines"));
    return;
  }
  stage_ = Stage::open;
  come_up();
}

void ClientConnection::come_up() {
  deadline_.cancel();
  open_framed(channel_, wish_.purpose == Purpose::link ? Use::link : Use::join);
  if (tell_.up) tell_.up();
  if (wish_.purpose == Purpose::link && hub_.handlers.link_up && !hub_.stopping) {
    hub_.handlers.link_up(id(), wish_.pinned_key, true);
  }
}

void ClientConnection::forget_passphrase() {
  ::explicit_bzero(wish_.passphrase.data(), wish_.passphrase.size());
  wish_.passphrase.clear();
}

void ClientConnection::refuse(const std::string& reason) {
  code_ = base::ErrorCode::denied;
  die(reason);
}

void ClientConnection::ended(const std::string& reason) {
  patience_.cancel();
  deadline_.cancel();
  connecting_.reset();
  channel_ = nullptr;
  forget_passphrase();
  const auto tell = std::exchange(tell_, {});
  if (tell.ended && !hub_.stopping) tell.ended(base::fail(code_, reason));
}

}  // namespace postern::transport
