#include "transport/dialer.h"

#include "transport/client.h"
#include "transport/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::transport {

namespace {

/// A link that lived this long ends the doubling; one that is closed at once by its peer does not.
constexpr std::int64_t settled_ms = 5'000;

}  // namespace

Dialer::Dialer(Hub& hub, Target target)
    : hub_(hub),
      target_(std::move(target)),
      strand_(hub.loop.strand()),
      timer_(strand_),
      random_(std::random_device{}()),
      delay_ms_(hub.limits.redial_first_ms) {
  state_.name = target_.name;
  state_.last_error = "not dialed yet";
}

void Dialer::start() {
  strand_.post([self = shared_from_this()] { self->dial(); });
}

void Dialer::stop() {
  strand_.post([self = shared_from_this()] {
    self->stopped_ = true;
    self->timer_.cancel();
    if (const auto connection = self->connection_.lock()) {
      connection->close("this machine is not to be linked any more");
    }
  });
}

DialState Dialer::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

void Dialer::dial() {
  if (stopped_ || hub_.stopping) return;
  ClientConnection::Wish wish;
  wish.host = target_.host;
  wish.port = target_.port;
  wish.pinned_key = target_.pinned_key;
  wish.user = machine_user;
  const auto weak = weak_from_this();
  ClientConnection::Tell tell;
  tell.resolved = [weak](const std::string& address) {
    if (const auto self = weak.lock()) {
      const std::scoped_lock lock(self->mutex_);
      self->state_.address = address;
    }
  };
  tell.up = [weak] {
    if (const auto self = weak.lock()) self->up();
  };
  tell.ended = [weak](const base::Error& error) {
    if (const auto self = weak.lock()) self->ended(error.text);
  };
  const auto connection = std::make_shared<ClientConnection>(hub_, strand_, ++hub_.last_id, std::move(wish), std::move(tell));
  connection_ = connection;
  hub_.add(connection);
  connection->begin();
}

void Dialer::up() {
  up_since_ms_ = now_ms();
  const std::scoped_lock lock(mutex_);
  state_.connected = true;
  state_.last_error.clear();
}

void Dialer::ended(const std::string& reason) {
  bool news = false;
  {
    const std::scoped_lock lock(mutex_);
    news = state_.last_error != reason;
    state_.connected = false;
    state_.last_error = reason;
  }
  if (news) hub_.log("warning", fmt::format("Link to {}: {}.", target_.host, reason));
  if (stopped_) return;
  if (up_since_ms_ != 0 && now_ms() - up_since_ms_ >= settled_ms) delay_ms_ = hub_.limits.redial_first_ms;
  up_since_ms_ = 0;
  std::uniform_int_distribution<int> spread(delay_ms_ / 2, delay_ms_);
  timer_.after(spread(random_), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->dial();
  });
  delay_ms_ = std::min(delay_ms_ * 2, hub_.limits.redial_most_ms);
}

}  // namespace postern::transport
