#include "hands/client.h"

#include "base/assert.h"
#include "hands/wire.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace postern::hands {
namespace {

constexpr int answer_ms = 180'000;  // Postfix's tools have their own, shorter limits

base::Error unreachable(std::string text) { return base::fail(base::ErrorCode::unreachable, "postern-hands", std::move(text)); }

/// The other end has closed, or says something nobody asked for: of no use any more.
bool stale(int socket) {
  pollfd one{socket, POLLIN, 0};
  return ::poll(&one, 1, 0) != 0;
}

}  // namespace

int exit_code(const Descriptor& status) {
  int code = 255;
  while (::read(status.get(), &code, sizeof code) < 0 && errno == EINTR) {
  }
  return code;
}

Client::Client(std::string socket_path) : path_(std::move(socket_path)) {}

base::Result<void> Client::connect() {
  if (socket_.good() && !stale(socket_.get())) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return unreachable(fmt::format("The path of the socket is too long: {}.", path_));
  std::memcpy(address.sun_path, path_.c_str(), path_.size());
  socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket_.good() && ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  const int why = errno;
  socket_.reset();
  return unreachable(fmt::format("postern-hands does not answer at {} ({}). Is it running?", path_, std::strerror(why)));
}

base::Result<Client::Reply> Client::receive() {
  Inbox inbox;
  while (!inbox.has_frame()) {
    pollfd one{socket_.get(), POLLIN, 0};
    const int ready = ::poll(&one, 1, answer_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return unreachable("postern-hands did not answer in time.");
    if (ready < 0 || inbox.receive(socket_.get()) == Inbox::Got::end)
      return unreachable("postern-hands ended before it answered.");
    if (inbox.has_head() && inbox.head().length > reply_bytes) return unreachable("postern-hands answered too much.");
  }
  Reply reply;
  const std::uint8_t kind = inbox.head().kind;
  const std::string body = inbox.take(reply.descriptors);
  if (kind != reply_done) return decode_error(kind, body);
  auto fields = decode_fields(body, 0, 8);
  if (!fields) return fields.error();
  reply.fields = std::move(*fields);
  return reply;
}

base::Result<Client::Reply> Client::ask(Verb verb, const std::vector<std::string>& fields, const std::vector<int>& descriptors) {
  const std::lock_guard lock(mutex_);
  auto done = connect();
  if (!done) return done.error();
  // What is refused is answered and closed before all of it is sent: the answer is there all the
  // same.
  done = send_frame(socket_.get(), encode_frame(static_cast<std::uint8_t>(verb), fields), descriptors);
  auto reply = receive();
  if (!done || (!reply && reply.error().code == base::ErrorCode::unreachable)) socket_.reset();
  return reply;
}

base::Result<void> Client::tell(Verb verb, const std::vector<std::string>& fields) {
  auto reply = ask(verb, fields);
  if (!reply) return reply.error();
  return {};
}

base::Result<void> Client::stage(const Stage& stage) { return tell(Verb::stage, encode_stage(stage)); }
base::Result<void> Client::check(std::uint64_t generation) { return tell(Verb::check, {std::to_string(generation)}); }
base::Result<void> Client::switch_to(std::uint64_t generation) { return tell(Verb::switch_to, {std::to_string(generation)}); }
base::Result<void> Client::start() { return tell(Verb::start, {}); }
base::Result<void> Client::reload() { return tell(Verb::reload, {}); }
base::Result<void> Client::stop() { return tell(Verb::stop, {}); }
base::Result<void> Client::prune(std::uint64_t oldest) { return tell(Verb::prune, {std::to_string(oldest)}); }
base::Result<void> Client::table(const TableChange& change) { return tell(Verb::table, encode_table(change)); }
base::Result<void> Client::sweep(const std::vector<std::string>& keep) { return tell(Verb::sweep, keep); }
base::Result<void> Client::resolver(const std::vector<std::string>& addresses) { return tell(Verb::resolver, addresses); }

base::Result<bool> Client::running() {
  auto reply = ask(Verb::running, {});
  if (!reply) return reply.error();
  return reply->fields.size() == 1 && reply->fields[0] == "yes";
}

base::Result<Descriptor> Client::door() { return service(Verb::door); }

base::Result<Descriptor> Client::listing() { return service(Verb::listing); }

base::Result<Descriptor> Client::service(Verb verb) {
  auto reply = ask(verb, {});
  if (!reply) return reply.error();
  if (reply->descriptors.size() != 1)
    return unreachable(fmt::format("postern-hands did not hand over the {}.", rule_of(verb).name));
  return std::move(reply->descriptors[0]);
}

base::Result<Queue> Client::queue() {
  auto reply = ask(Verb::queue, {});
  if (!reply) return reply.error();
  Queue queue;
  const std::array counts{&queue.incoming, &queue.active, &queue.deferred, &queue.hold};
  bool good = reply->fields.size() == counts.size() + 1;
  for (std::size_t i = 0; good && i < counts.size(); ++i) {
    const std::string& field = reply->fields[i];
    const char* end = field.data() + field.size();
    const auto [rest, error] = std::from_chars(field.data(), end, *counts[i]);
    good = error == std::errc() && rest == end;
  }
  if (!good) return unreachable("postern-hands did not count the queue.");
  queue.master = reply->fields.back() == "yes";
  return queue;
}

base::Result<Started> Client::login(const Login& login, int desk) {
  auto reply = ask(Verb::login, encode_login(login), {desk});
  if (!reply) return reply.error();
  auto& got = reply->descriptors;
  if (got.size() != (login.terminal ? 3U : 5U)) return unreachable("postern-hands did not hand over what a login runs on.");
  Started started;
  started.status = std::move(got.back());
  started.pidfd = std::move(got[got.size() - 2]);
  started.in = std::move(got[0]);
  if (!login.terminal) {
    started.out = std::move(got[1]);
    started.err = std::move(got[2]);
  }
  return started;
}

}  // namespace postern::hands
