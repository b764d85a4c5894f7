#include "transport/connection.h"

#include "base/limits.h"
#include "base/printable.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace postern::transport {

namespace {
constexpr int passes_a_turn = 256;  // then others on this thread have their turn
constexpr std::size_t write_bytes = 128U << 10;
constexpr std::size_t read_bytes = 64U << 10;
constexpr int unanswered_ms = 30'000;
constexpr int unread_most = 4 << 20;       // libssh opens a window of 1.28 MB
constexpr std::size_t message_cost = 256;  // beside its bytes, while it waits
constexpr std::size_t error_bytes = 400;
// What may come from somebody who takes none of our answers meanwhile: libssh keeps those, up to 256 MiB. Two machines
// that ship to each other over a slow line say more than a person.
constexpr std::uint64_t unread_bytes = 4U << 20;
constexpr std::uint64_t unread_framed_bytes = 64U << 20;
constexpr std::uint64_t look_bytes = 64U << 10;
constexpr int farewell_ms = 1'000;  // for what is queued, and for the peer to read it
using Clock = std::chrono::steady_clock;
}  // namespace

void set_socket_options(int fd) {
  const int on = 1;
  const int idle_s = 30;
  const int every_s = 10;
  const int limit_ms = unanswered_ms;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof every_s);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms);
}

Connection::Connection(Hub& hub, Strand strand, ConnectionId id)
    : hub_(hub), strand_(std::move(strand)), id_(id), silence_(strand_), farewell_(strand_), heard_(Clock::now()) {}

int Connection::adopt(int fd) {
  set_socket_options(fd);
  // Two descriptors of one socket: libssh closes its own whenever it finds an error, and the loop
  // must not be left waiting on a number that means something else by then.
  const int theirs = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  watch_ = std::make_unique<Watch>(strand_, fd);
  session_.reset(ssh_new());
  if (session_) {
    ssh_set_blocking(session_.get(), 0);
    ssh_set_counters(session_.get(), &wire_, nullptr);
  }
  return theirs;
}

void Connection::unblock() const {
  const int flags = fcntl(watch_->fd(), F_GETFL);
  if ((flags & O_NONBLOCK) == 0) fcntl(watch_->fd(), F_SETFL, flags | O_NONBLOCK);
}

std::string Connection::ssh_error() const {
  const char* text = session_ ? ssh_get_error(session_.get()) : "";
  return *text == '\0' ? std::string("the other side closed the connection") : base::printable_line(text, error_bytes);
}

void Connection::open_framed(ssh_channel channel, Use use) {
  framed_ = channel;
  use_ = use;
  told_ = false;
  if (use == Use::link) ++hub_.links;
  watch_silence();
}

void Connection::watch_silence() {
  const auto limit = std::chrono::milliseconds(hub_.limits.silence_ms);
  const auto silent = Clock::now() - heard_;
  if (silent >= limit) {
    die(fmt::format("nothing was heard for {} s", hub_.limits.silence_ms / 1000));
    return;
  }
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(limit - silent).count() + 1;
  silence_.after(static_cast<int>(rest), [self = shared_from_this()] { self->watch_silence(); });
}

void Connection::pump() {
  if (dead_ || !session_) return;
  if (pumping_) {  // else a client who has many things refused at once would have us call ourselves as many times
    once_more_ = true;
    return;
  }
  pumping_ = true;
  for (int i = 0; i < passes_a_turn; ++i) {
    const auto before = wire_.in_bytes;
    once_more_ = false;
    pass();
    if (dead_) return;
    const bool heard = wire_.in_bytes != before;
    if (heard) heard_ = Clock::now();
    if (heard || once_more_) continue;
    pumping_ = false;
    arm();
    return;
  }
  pumping_ = false;
  strand_.post([self = shared_from_this()] { self->pump(); });
}

/// libssh takes whatever comes, whether there was a window for it or not, and keeps answers that nobody reads.
bool Connection::within_reason() {
  const bool unread = (ssh_get_status(session_.get()) & SSH_WRITE_PENDING) != 0;
  if (!unread) unread_from_ = wire_.in_bytes;
  if (wire_.in_bytes - unread_from_ > (framed() ? unread_framed_bytes : unread_bytes)) {
    die("it says much and does not read what it is answered");
    return false;
  }
  if (framed() && wire_.in_bytes - looked_at_ >= look_bytes) {
    looked_at_ = wire_.in_bytes;
    if (ssh_channel_poll(framed_, 1) > 0) {
      die("it sent what is no part of a message");
      return false;
    }
  }
  return true;
}

void Connection::pass() {
  advance();
  if (dead_) return;
  if (framed_ != nullptr) read_framed();
  if (dead_) return;
  flush();
  if (dead_ || !within_reason()) return;
  if ((ssh_get_status(session_.get()) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0) {
    die(ssh_error());
  }
}

void Connection::arm() {
  const auto again = [self = shared_from_this()] { self->ready(); };
  if (reading()) watch_->on_readable(again);
  if ((ssh_get_status(session_.get()) & SSH_WRITE_PENDING) != 0) watch_->on_writable(again);
}

void Connection::read_framed() {
  std::array<char, read_bytes> few;
  std::string many;
  for (int i = 0; i < passes_a_turn; ++i) {
    const int ready = ssh_channel_poll(framed_, 0);
    if (ready == 0) return;
    if (is_full()) {  // the channel's window closes, so the other side waits, or goes: libssh takes all it sends
      if (ready > unread_most) die("it sends more than its window has room for");
      return;
    }
    // All that libssh holds, in one read: it opens the window anew at each, whatever still waits.
    const auto size = static_cast<std::size_t>(std::max(ready, 1));
    if (size > few.size()) many.resize(size);
    char* const bytes = size > few.size() ? many.data() : few.data();
    const int count = ready < 0 ? ready : ssh_channel_read_nonblocking(framed_, bytes, static_cast<uint32_t>(size), 0);
    if (count == 0) return;
    if (count < 0) {
      die(count == SSH_EOF ? "the other side closed the link" : ssh_error());
      return;
    }
    take_framed({bytes, static_cast<std::size_t>(count)});
    if (dead_) return;
  }
}

void Connection::take_framed(std::string_view bytes) {
  if (closing_) return;
  in_ += bytes.size();
  hub_.bytes_in += bytes.size();
  while (!bytes.empty() && !dead_) {
    if (reader_.feed(bytes)) {
      deliver(reader_.take());
    } else if (!bytes.empty()) {
      die(fmt::format("a message of {} bytes was announced; {} is the limit", reader_.announced(), base::limits::message_bytes));
    }
  }
}

bool Connection::is_full() const { return untaken_ >= hub_.limits.untaken_bytes && !closing_; }

void Connection::took(std::size_t bytes) {
  const std::size_t cost = bytes + message_cost;
  const std::size_t before = untaken_.fetch_sub(cost);
  const std::size_t limit = hub_.limits.untaken_bytes;
  if (before >= limit && before - cost < limit) strand_.post([self = shared_from_this()] { self->pump(); });
}

void Connection::deliver(std::string message) {
  if (hub_.stopping) return;
  untaken_ += message.size() + message_cost;
  const auto& handler = use_ == Use::link ? hub_.handlers.link_message : hub_.handlers.join_message;
  if (handler) handler(id_, std::move(message));
}

void Connection::send(std::string message) {
  if (message.size() > base::limits::message_bytes) {
    close(fmt::format("a message of {} bytes was to be sent; {} is the limit", message.size(), base::limits::message_bytes));
    return;
  }
  const auto waiting = queued_ += message.size() + 4;
  if (waiting > hub_.limits.queue_bytes) {
    strand_.post(
        [self = shared_from_this(), waiting] { self->die(fmt::format("it is too slow: {} bytes are waiting for it", waiting)); });
    return;
  }
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.push_back(std::move(message));
    if (std::exchange(inbox_posted_, true)) return;
  }
  strand_.post([self = shared_from_this()] { self->take_inbox(); });
}

void Connection::take_inbox() {
  std::vector<std::string> messages;
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_posted_ = false;
    messages.swap(inbox_);
  }
  if (dead_) return;
  for (auto& message : messages) queue_.push(std::move(message));
  flush();  // before looking for input: a commit waits for this
  pump();
}

void Connection::flush() {
  while (framed_ != nullptr && !queue_.front().empty()) {
    const auto bytes = queue_.front();
    const auto room = std::min<std::size_t>(ssh_channel_window_size(framed_), write_bytes);
    if (room == 0 || (ssh_get_status(session_.get()) & SSH_WRITE_PENDING) != 0) return;
    const auto count = static_cast<uint32_t>(std::min(bytes.size(), room));
    const int written = ssh_channel_write(framed_, bytes.data(), count);
    if (written < 0) {
      die(ssh_error());
      return;
    }
    if (written == 0) return;  // a key exchange is under way
    queue_.pop(static_cast<std::size_t>(written));
    queued_ -= static_cast<std::uint64_t>(written);
    out_ += static_cast<std::uint64_t>(written);
    hub_.bytes_out += static_cast<std::uint64_t>(written);
    tell_drained();
  }
  if (closing_ && framed_ != nullptr && queue_.front().empty()) ssh_channel_close(framed_);
}

void Connection::when_drained(std::uint64_t bytes, std::function<void()> then) {
  strand_.post([self = shared_from_this(), bytes, then = std::move(then)]() mutable {
    if (self->dead_ || self->closing_) return;
    self->drain_waits_.push_back({bytes, std::move(then)});
    self->tell_drained();
  });
}

void Connection::tell_drained() {
  if (drain_waits_.empty() || hub_.stopping) return;
  const std::uint64_t waiting = queued_;
  std::vector<DrainWait> reached;
  std::erase_if(drain_waits_, [&](DrainWait& wait) {
    if (wait.bytes < waiting) return false;
    reached.push_back(std::move(wait));
    return true;
  });
  for (const auto& wait : reached) wait.then();
}

void Connection::close(std::string reason) {
  strand_.post([self = shared_from_this(), reason = std::move(reason)] {
    self->take_inbox();  // what was sent before the close goes before it
    self->begin_close(reason);
  });
}

void Connection::begin_close(const std::string& reason) {
  if (dead_ || closing_) return;
  if (framed_ == nullptr) {
    die(reason);
    return;
  }
  closing_ = true;
  drain_waits_.clear();
  tell_end(reason);
  farewell_.after(farewell_ms, [self = shared_from_this(), reason] { self->die(reason); });
  pump();
}

void Connection::tell_end(const std::string& reason) {
  if (std::exchange(told_, true)) return;
  if (use_ == Use::link) --hub_.links;
  if (hub_.stopping) return;
  const auto& handler = use_ == Use::link ? hub_.handlers.link_down : hub_.handlers.join_closed;
  if (handler) handler(id_, reason);
}

void Connection::die(const std::string& reason) {
  if (std::exchange(dead_, true)) return;
  const auto self = shared_from_this();  // the hub may hold the last other one
  hub_.remove(id_);
  silence_.cancel();
  farewell_.cancel();
  drain_waits_.clear();
  tell_end(reason);
  ended(reason);
  framed_ = nullptr;
  session_.reset();
  watch_.reset();
}

Transport::LinkBytes Connection::bytes() const { return {id_, in_, out_, queued_}; }

}  // namespace postern::transport
