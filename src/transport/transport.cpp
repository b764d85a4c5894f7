#include "transport/transport.h"

#include "transport/admin_channel.h"
#include "transport/client.h"
#include "transport/dialer.h"
#include "transport/hub.h"
#include "transport/keys.h"
#include "transport/members.h"
#include "transport/ports.h"
#include "transport/resolver.h"
#include "transport/server.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <utility>

namespace postern::transport {

using base::ErrorCode;
using base::fail;

struct Transport::State {
  State(Keys keys, Limits limits, Handlers handlers) : hub(std::move(keys), limits, std::move(handlers)) {}

  ResolverLibrary resolver;
  Hub hub;
  std::unique_ptr<Ports> ports;
  std::shared_ptr<Members> members = std::make_shared<Members>(hub);

  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<Dialer>> dialers;
  /// What join_dial has fetched and a person may confirm.
  struct Join {
    std::string host;
    std::uint16_t port = 22;
    Fetched fetched;
  };
  std::map<ConnectionId, Join> joins;

  void set_targets(const std::vector<Target>& targets);
};

namespace {

/// Fetched keys that nobody confirmed: more than these are forgotten, oldest first.
constexpr std::size_t joins_kept = 16;

/// A started session on its way to its strand; discarded when it never gets there.
struct Parcel {
  explicit Parcel(base::Result<SessionStarted> content_in) : content(std::move(content_in)) {}
  ~Parcel() {
    if (!taken && content) discard(*content);
  }
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;
  base::Result<SessionStarted> content;
  bool taken = false;
};

void start_client(Hub& hub, ConnectionId id, ClientConnection::Wish wish, ClientConnection::Tell tell) {
  const auto connection = std::make_shared<ClientConnection>(hub, hub.loop.strand(), id, std::move(wish), std::move(tell));
  hub.add(connection);
  connection->strand().post([connection] { connection->begin(); });
}

}  // namespace

void Transport::State::set_targets(const std::vector<Target>& targets) {
  const std::scoped_lock lock(mutex);
  std::map<std::string, std::shared_ptr<Dialer>> kept;
  for (const auto& target : targets) {
    const auto found = dialers.find(target.name);
    if (found != dialers.end() && found->second->target() == target) {
      kept.emplace(target.name, found->second);
      dialers.erase(found);
      continue;
    }
    const auto [place, is_new] = kept.try_emplace(target.name, std::make_shared<Dialer>(hub, target));
    if (is_new) place->second->start();
  }
  for (const auto& [name, dialer] : dialers) dialer->stop();
  dialers = std::move(kept);
}

Transport::Transport(std::unique_ptr<State> state) : state_(std::move(state)) {}

base::Result<std::unique_ptr<Transport>> Transport::start(Keys keys, Limits limits, Handlers handlers) {
  if (auto key = import_private(keys.user_private, "user key"); !key) return key.error();
  auto state = std::make_unique<State>(std::move(keys), limits, std::move(handlers));
  auto ports = Ports::make(state->hub);
  if (!ports) return ports.error();
  state->ports = std::move(*ports);
  return std::unique_ptr<Transport>(new Transport(std::move(state)));
}

Transport::~Transport() {
  state_->hub.stopping = true;
  state_->hub.loop.stop();
  state_->hub.waiting_loop.stop();
  // No other thread is left, so everything may be taken apart from here.
  state_->ports->close_all();
  for (const auto& connection : state_->hub.all()) connection->die("this machine is shutting down");
  state_->dialers.clear();
  state_->members.reset();
}

base::Result<void> Transport::set_up(Setup setup) {
  state_->hub.set_ways({setup.bind_address, setup.dns_servers});
  state_->members->set(setup.members);  // first: seats are kept when the ports open
  auto bound = state_->ports->set(setup.ports);
  state_->set_targets(setup.targets);
  return bound;
}

void Transport::answer(ConnectionId id, Verdict verdict) {
  const auto server = std::dynamic_pointer_cast<ServerConnection>(state_->hub.find(id));
  if (server) {
    server->strand().post([server, verdict] { server->answer(verdict); });
  } else if (verdict == Verdict::administrator) {
    state_->hub.loop.strand().post([hub = &state_->hub, id] { hub->tell_login_ended(id); });
  }
}

void Transport::started(ConnectionId id, std::uint32_t channel, base::Result<SessionStarted> session) {
  const auto parcel = std::make_shared<Parcel>(std::move(session));
  const auto server = std::dynamic_pointer_cast<ServerConnection>(state_->hub.find(id));
  if (!server) return;
  server->strand().post([server, channel, parcel] {
    parcel->taken = true;
    server->started(channel, std::move(parcel->content));
  });
}

void Transport::send(ConnectionId link, std::string message) {
  if (const auto connection = state_->hub.find(link)) connection->send(std::move(message));
}

void Transport::when_drained(ConnectionId link, std::uint64_t bytes, std::function<void()> then) {
  if (const auto connection = state_->hub.find(link)) connection->when_drained(bytes, std::move(then));
}

void Transport::took(ConnectionId id, std::size_t bytes) {
  if (const auto connection = state_->hub.find(id)) connection->took(bytes);
}

void Transport::close(ConnectionId id, std::string reason) {
  if (const auto connection = state_->hub.find(id)) connection->close(std::move(reason));
  const std::scoped_lock lock(state_->mutex);
  state_->joins.erase(id);
}

void Transport::join_dial(std::string host, std::uint16_t port, std::function<void(base::Result<Fetched>)> done) {
  const ConnectionId id = ++state_->hub.last_id;
  ClientConnection::Wish wish;
  wish.purpose = ClientConnection::Purpose::fetch_key;
  wish.host = std::move(host);
  wish.port = port;
  wish.user = "postern-join";  // libssh wants one; it is sent only with a login
  ClientConnection::Tell tell;
  // The key is kept and the connection closed: a person takes longer to compare a fingerprint than
  // a member grants for a login. join_login connects again and takes this very key only.
  tell.fetched = [state = state_.get(), place = wish.host, port, done](Fetched fetched) {
    {
      const std::scoped_lock lock(state->mutex);
      state->joins[fetched.connection] = {place, port, fetched};
      if (state->joins.size() > joins_kept) state->joins.erase(state->joins.begin());
    }
    done(std::move(fetched));
  };
  tell.ended = [done](const base::Error& error) { done(error); };
  start_client(state_->hub, id, std::move(wish), std::move(tell));
}

void Transport::join_login(ConnectionId id, std::string user, std::string passphrase,
                           std::function<void(base::Result<void>)> done) {
  State::Join join;
  {
    const std::scoped_lock lock(state_->mutex);
    const auto found = state_->joins.find(id);
    if (found != state_->joins.end()) join = found->second;
  }
  if (user.empty()) {
    done(fail(ErrorCode::usage, "A user's name is needed to log in to a member."));
    return;
  }
  if (join.host.empty()) {
    done(fail(ErrorCode::not_found, "This connection is not open any more: dial the member again."));
    return;
  }
  if (join.fetched.is_ccs) {
    done(fail(ErrorCode::denied, fmt::format("{} port {} is a CCS port, for links between members: join at the "
                                             "administrators' SSH port.",
                                             join.host, join.port)));
    return;
  }
  ClientConnection::Wish wish{ClientConnection::Purpose::join, join.host,       join.port,
                              join.fetched.host_key,           std::move(user), std::move(passphrase)};
  const auto open = std::make_shared<bool>(false);
  ClientConnection::Tell tell;
  tell.up = [state = state_.get(), id, open, done] {
    *open = true;
    {
      const std::scoped_lock lock(state->mutex);
      state->joins.erase(id);
    }
    done(base::Result<void>());
  };
  tell.ended = [open, done](const base::Error& error) {
    if (!*open) done(error);  // afterwards join_closed tells it
  };
  start_client(state_->hub, id, std::move(wish), std::move(tell));
}

std::vector<DialState> Transport::dial_states() const {
  const std::scoped_lock lock(state_->mutex);
  std::vector<DialState> states;
  for (const auto& [name, dialer] : state_->dialers) states.push_back(dialer->state());
  return states;
}

void Transport::resolve(std::string host, std::function<void(Resolution)> done) {
  transport::look_up(state_->hub.loop.strand(), state_->hub.ways().dns_servers, host, true, std::move(done));
}

void Transport::look_up(base::DnsQuestion question, std::function<void(base::DnsAnswer)> done) {
  state_->resolver.look_up_records(state_->hub.loop.strand(), state_->hub.ways().dns_servers, std::move(question),
                                   std::move(done));
}

Transport::Counters Transport::counters() const {
  const auto& hub = state_->hub;
  return {hub.links, hub.sessions, hub.refused, hub.admission.size(), hub.bytes_in, hub.bytes_out};
}

std::vector<Transport::LinkBytes> Transport::link_bytes() const {
  std::vector<LinkBytes> list;
  for (const auto& connection : state_->hub.all()) {
    if (connection->is_link()) list.push_back(connection->bytes());
  }
  return list;
}

}  // namespace postern::transport
