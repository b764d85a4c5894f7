#include "transport/server.h"

#include "transport/admin_channel.h"
#include "transport/keys.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>
#include <vector>

namespace postern::transport {

namespace {

constexpr std::size_t channels_at_once = 16;
constexpr std::size_t command_bytes = 64U << 10;
constexpr int messages_a_pass = 64;
constexpr float kexinit_awaited = 0.55F;  // libssh's status: 0.4 and 0.5 after the banner, 0.6 after KEXINIT

/// scp and rsync run a program of theirs on the far side, sftp asks for a subsystem: there are no
/// files here.
bool is_file_transfer(std::string_view command) {
  const auto name = command.substr(0, command.find(' '));
  const auto base = name.substr(name.find_last_of('/') + 1);
  return base == "scp" || base == "rsync" || base == "sftp-server" || base == "internal-sftp";
}

}  // namespace

ServerConnection::ServerConnection(Hub& hub, ConnectionId id, Origin origin)
    : Connection(hub, hub.loop.strand(), id), origin_(std::move(origin)) {}

ServerConnection::~ServerConnection() = default;

bool ServerConnection::accept(ssh_bind bind, int fd) {
  const int theirs = adopt(fd);
  if (!session_) {
    ::close(theirs);
    return false;
  }
  if (ssh_bind_accept_fd(bind, session_.get(), theirs) != SSH_OK) return false;
  if (!offer_no_compression(session_.get())) return false;
  ssh_callbacks_init(&callbacks_);
  callbacks_.userdata = &greeted_;
  callbacks_.connect_status_function = [](void* greeted, float status) {
    if (status > kexinit_awaited) *static_cast<bool*>(greeted) = true;
  };
  ssh_set_callbacks(session_.get(), &callbacks_);
  ssh_set_blocking(session_.get(), 0);
  unblock();
  return true;
}

void ServerConnection::begin() {
  if (!dead()) ready();
}

/// Before the login, work is done in turn by source; afterwards at once. Nobody is first by its
/// address: known ones that log in all the time would keep newcomers waiting.
void ServerConnection::ready() {
  if (!preauth_) return pump();
  if (dead() || std::exchange(in_turn_, true)) return;
  hub_.turns.ask(origin_.from, false, strand(), [weak = weak_from_this()] {
    const auto self = std::static_pointer_cast<ServerConnection>(weak.lock());
    if (!self) return;
    self->in_turn_ = false;
    self->begun_ = true;
    self->pump();
  });
}

/// What a stranger makes us keep is bounded: libssh alone would take packets of 256 KiB each.
bool ServerConnection::within_bounds() {
  const auto most = door_ == Door::key_exchange ? hub_.limits.greeting_bytes : hub_.limits.login_bytes;
  if (!preauth_ || received() <= most) return true;
  die(fmt::format("it sent {} bytes without logging in", received()));
  return false;
}

void ServerConnection::note_progress(Stage stage) {
  if (preauth_) hub_.admission.progress(id(), stage, now_ms());
}

void ServerConnection::advance() {
  if (!within_bounds()) return;
  switch (door_) {
    case Door::key_exchange: exchange_keys(); break;
    case Door::login:
    case Door::open: {
      const bool all = take_messages();
      if (dead()) return;
      if (all) free_channels();
      advance_channels();
      break;
    }
  }
}

void ServerConnection::exchange_keys() {
  const int result = ssh_handle_key_exchange(session_.get());
  unblock();
  if (greeted_) note_progress(Stage::key_exchange);
  if (result == SSH_AGAIN) return;
  if (result != SSH_OK) {
    die(fmt::format("the key exchange failed: {}", ssh_error()));
    return;
  }
  ssh_set_auth_methods(session_.get(), origin_.machine_only
                                           ? SSH_AUTH_METHOD_PUBLICKEY
                                           : SSH_AUTH_METHOD_PUBLICKEY | SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE);
  door_ = Door::login;
  note_progress(Stage::login);
  (void)take_messages();
}

bool ServerConnection::take_messages() {
  for (int i = 0; i < messages_a_pass; ++i) {
    if (dead() || asked_) return true;
    MessageHandle message(ssh_message_get(session_.get()));
    if (!message) return true;
    take(std::move(message));
  }
  pump();  // once more; a client who always has another waits for the others on this thread
  return false;
}

void ServerConnection::take(MessageHandle message) {
  const int type = ssh_message_type(message.get());
  if (type == SSH_REQUEST_AUTH && door_ == Door::login) {
    take_login(std::move(message));
  } else if (type == SSH_REQUEST_CHANNEL_OPEN && door_ == Door::open) {
    open_channel(message.get());
  } else if (type == SSH_REQUEST_CHANNEL && door_ == Door::open) {
    take_request(message.get());
  } else {
    ssh_message_reply_default(message.get());  // accepts services, refuses forwarding
  }
}

void ServerConnection::open_channel(ssh_message message) {
  if (ssh_message_subtype(message) != SSH_CHANNEL_SESSION || channels_.size() >= channels_at_once) {
    ssh_message_reply_default(message);
    return;
  }
  const ssh_channel opened = ssh_message_channel_request_open_reply_accept(message);
  if (opened == nullptr) return;
  if (const auto packet = greatest_packet(opened); packet < least_greatest_packet)
    return die(fmt::format("its channel takes packets of {} bytes; {} are the least", packet, least_greatest_packet));
  const auto number = ++last_channel_;
  const auto self = std::static_pointer_cast<ServerConnection>(shared_from_this());
  channels_.emplace(number, std::make_shared<AdminChannel>(self, strand(), session_.get(), opened, number));
}

void ServerConnection::take_request(ssh_message message) {
  const ssh_channel wanted = ssh_message_channel_request_channel(message);
  for (const auto& [number, channel] : channels_) {
    if (channel->channel() != wanted) continue;
    const auto kept = channel;
    if (!grant(*kept, message)) ssh_message_reply_default(message);
    return;
  }
  ssh_message_reply_default(message);
}

// The callbacks that replace these accessors answer at once; we read requests as messages because
// logins are answered later, and libssh does only one of both.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
bool ServerConnection::grant(AdminChannel& channel, ssh_message message) {
  const int kind = ssh_message_subtype(message);
  if (kind == SSH_CHANNEL_REQUEST_SUBSYSTEM) {
    const char* name = ssh_message_channel_request_subsystem(message);
    if (channel.has_begun() || !open_subsystem(channel.channel(), name == nullptr ? "" : name)) {
      return false;
    }
    channel.hand_over();
    ssh_message_channel_request_reply_success(message);
    return true;
  }
  if (!administrator_ || channel.handed_over()) return false;
  switch (kind) {
    case SSH_CHANNEL_REQUEST_PTY: {
      const char* term = ssh_message_channel_request_pty_term(message);
      channel.set_terminal(term == nullptr ? "" : term, ssh_message_channel_request_pty_width(message),
                           ssh_message_channel_request_pty_height(message));
      break;
    }
    case SSH_CHANNEL_REQUEST_WINDOW_CHANGE:
      channel.resize(ssh_message_channel_request_pty_width(message), ssh_message_channel_request_pty_height(message));
      break;
    case SSH_CHANNEL_REQUEST_ENV: break;  // taken and forgotten: nothing of the client's environment reaches a process here
    case SSH_CHANNEL_REQUEST_SHELL:
      if (channel.has_begun()) return false;
      ssh_message_channel_request_reply_success(message);
      ask_session(channel, {}, false);
      return true;
    case SSH_CHANNEL_REQUEST_EXEC: {
      const char* command = ssh_message_channel_request_command(message);
      if (command == nullptr || channel.has_begun()) return false;
      ssh_message_channel_request_reply_success(message);
      ask_session(channel, command, true);
      return true;
    }
    default: return false;
  }
  ssh_message_channel_request_reply_success(message);
  return true;
}
#pragma GCC diagnostic pop

bool ServerConnection::open_subsystem(ssh_channel channel, const std::string& name) {
  if (framed()) return false;
  if (name == "postern-link" && !administrator_) {
    open_framed(channel, Use::link);
    if (hub_.handlers.link_up) hub_.handlers.link_up(id(), key_line_, false);
    return true;
  }
  if (name == "postern-join" && administrator_) {
    open_framed(channel, Use::join);
    if (hub_.handlers.join_open) hub_.handlers.join_open(id(), user_, origin_.source);
    return true;
  }
  hub_.log("warning", fmt::format("{} from {} asked for the subsystem \"{}\", which is not offered.", user_, origin_.source,
                                  name.substr(0, 64)));
  return false;
}

void ServerConnection::ask_session(AdminChannel& channel, std::string command, bool exec) {
  SessionAsked asked;
  if (!channel.ask(asked)) return;
  if (exec && is_file_transfer(command)) {
    channel.refuse("Files cannot be copied to or from this machine by scp, sftp or rsync.\n");
    return;
  }
  if (command.size() > command_bytes) {
    channel.refuse("This command line is too long.\n");
    return;
  }
  if (!hub_.handlers.session) {
    channel.refuse("This machine gives no sessions.\n");
    return;
  }
  asked.connection = id();
  asked.user = user_;
  asked.source = origin_.source;
  asked.exec = exec;
  asked.command = std::move(command);
  hub_.handlers.session(std::move(asked));
}

void ServerConnection::started(std::uint32_t number, base::Result<SessionStarted> session) {
  const auto found = channels_.find(number);
  if (dead() || found == channels_.end()) {
    if (session) discard(*session);
    return;
  }
  const auto channel = found->second;
  if (session) {
    channel->start(std::move(*session));
  } else {
    channel->refuse(session.error().text + "\n");
  }
}

/// Right after take_messages has emptied libssh's queue, and only what was over before that: each
/// look at a channel may read the socket, and a request that comes with the client's close waits in
/// that queue with a bare pointer to its channel.
void ServerConnection::free_channels() {
  std::erase_if(channels_, [](const auto& entry) {
    if (!entry.second->seen_over) return false;
    ssh_channel_free(entry.second->channel());
    return true;
  });
}

void ServerConnection::advance_channels() {
  std::vector<std::shared_ptr<AdminChannel>> list;  // advance may come back to us through a wake
  for (const auto& [number, channel] : channels_) list.push_back(channel);
  for (const auto& channel : list) {
    if (channel->seen_over) continue;
    channel->advance();
    if (channel->overfed()) return die("it sent more into a channel than it was asked for");
    hub_.bytes_in += std::exchange(channel->bytes_in, 0);
    hub_.bytes_out += std::exchange(channel->bytes_out, 0);
    if (!channel->over()) continue;
    channel->seen_over = true;
    strand().post([self = shared_from_this()] { self->pump(); });
  }
}

void ServerConnection::ended(const std::string& reason) {
  asked_.reset();
  if (std::exchange(preauth_, false)) {
    hub_.admission.leave(id());
    hub_.log_stranger(origin_.from.address, "info", fmt::format("{} did not log in: {}.", origin_.source, reason));
  }
  for (const auto& [number, channel] : channels_) channel->hang_up();
  channels_.clear();
  if (std::exchange(administrator_, false)) {
    hub_.admission.leave_administrator();
    --hub_.sessions;
    hub_.tell_login_ended(id());
  }
  if (session_ && begun_) {
    ssh_session_set_disconnect_message(session_.get(), reason.c_str());
    ssh_set_fd_towrite(session_.get());  // else the farewell only joins a buffer that is freed next
    ssh_disconnect(session_.get());
  }
}

}  // namespace postern::transport
