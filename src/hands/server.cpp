#include "hands/server.h"

#include "hands/house.h"
#include "hands/instance.h"
#include "hands/keeper.h"
#include "hands/log.h"
#include "hands/login.h"
#include "hands/wire.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <optional>
#include <vector>

namespace postern::hands {
namespace {

constexpr std::size_t connections_most = 32;

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

struct Connection {
  Descriptor socket;
  Inbox inbox;
  pid_t worker = 0;  // the child that answers it now
  bool dead = false;
};

/// One request that touches Postfix, in the child made for it.
std::string perform(Instance& instance, Verb verb, const std::vector<std::string>& fields) {
  base::Result<void> done;
  std::vector<std::string> answer;
  const auto with_generation = [&](auto&& act) {
    auto generation = decode_generation(fields.at(0));
    done = generation ? act(*generation) : base::Result<void>(generation.error());
  };
  switch (verb) {
    case Verb::stage: {
      auto stage = decode_stage(fields);
      done = stage ? instance.stage(*stage) : base::Result<void>(stage.error());
      break;
    }
    case Verb::check:
      with_generation([&](std::uint64_t n) { return instance.check(n); });
      break;
    case Verb::switch_to:
      with_generation([&](std::uint64_t n) { return instance.switch_to(n); });
      break;
    case Verb::prune:
      with_generation([&](std::uint64_t n) { return instance.prune(n); });
      break;
    case Verb::start:
      done = instance.start();
      break;
    case Verb::reload:
      done = instance.reload();
      break;
    case Verb::stop:
      done = instance.stop();
      break;
    case Verb::resolver:
      done = instance.resolver(fields);
      break;
    case Verb::running: {
      auto runs = instance.running();
      if (runs)
        answer.emplace_back(*runs ? "yes" : "no");
      else
        done = runs.error();
      break;
    }
    case Verb::login:
      done = base::fail(base::ErrorCode::internal, "A login is not Postfix's.");
      break;
  }
  return done ? encode_frame(reply_done, answer) : encode_error(done.error());
}

class Server {
 public:
  Server(const Options& options, House house, Log log, Descriptor signals)
      : house_(std::move(house)),
        log_(std::move(log)),
        signals_(std::move(signals)),
        instance_(std::move(house_.mta),
                  {options.postfix, options.postfix_daemons, house_.mail_owner, house_.user}),
        logins_(options.bin + "/postern", house_.cli_user),
        keeper_({options.bin + "/posternd", options.machine, options.dir, house_.user}, house_.run,
                house_.log, log_) {}

  void loop();

 private:
  void take_signals();
  void reap();
  void accept();
  void read(Connection& connection);
  void advance(Connection& connection);
  void handle(Connection& connection, const Rule& rule);
  void work(Connection& connection, const Rule& rule, const std::vector<std::string>& fields);
  void login(Connection& connection, const std::vector<std::string>& fields,
             const Descriptor& desk);
  void answer(Connection& connection, const std::string& frame,
              const std::vector<int>& descriptors = {});
  void refuse(Connection& connection, base::Error error);
  void worker_ended(Connection& connection, int status);
  void begin_stop();
  void go_on_stopping();
  void wait();

  House house_;
  Log log_;
  Descriptor signals_;
  Instance instance_;
  Logins logins_;
  Keeper keeper_;
  std::vector<std::unique_ptr<Connection>> connections_;
  pid_t worker_ = 0;  // one at a time: Postfix's files are one thing
  bool stopping_ = false;
  bool postfix_stopped_ = false;
  bool done_ = false;
};

void Server::loop() {
  log_.line("postern-hands serves");
  keeper_.begin(now_ms());
  while (!done_) wait();
  for (const char* name : {"hands.pid", "hands.sock"}) (void)house_.run.remove(name);
  log_.line("postern-hands ends");
}

/// One poll and what it brought.
void Server::wait() {
  std::vector<pollfd> watched{{signals_.get(), POLLIN, 0},
                              {stopping_ ? -1 : house_.socket.get(), POLLIN, 0},
                              {keeper_.watched(), POLLIN, 0}};
  const std::size_t fixed = watched.size();
  for (const auto& connection : connections_)
    watched.push_back(
        {connection->worker != 0 || connection->inbox.has_frame() ? -1 : connection->socket.get(),
         POLLIN, 0});
  const std::size_t logins = watched.size();
  for (const int descriptor : logins_.status_descriptors()) watched.push_back({descriptor, 0, 0});

  std::int64_t wake = keeper_.tick(now_ms());
  const std::int64_t login_wake = logins_.tick(now_ms());
  if (wake < 0 || (login_wake >= 0 && login_wake < wake)) wake = login_wake;
  const std::int64_t log_wake = keeper_.bound_log(now_ms());
  if (wake < 0 || log_wake < wake) wake = log_wake;
  const int patience =
      wake < 0 ? -1 : static_cast<int>(std::clamp<std::int64_t>(wake - now_ms(), 0, 60'000));
  if (::poll(watched.data(), watched.size(), patience) < 0) return;

  for (std::size_t i = fixed; i < logins; ++i)
    if (watched[i].revents != 0) read(*connections_[i - fixed]);
  for (std::size_t i = logins; i < watched.size(); ++i)
    if (watched[i].revents != 0) logins_.reader_gone(watched[i].fd, now_ms());
  if (watched[2].revents != 0) keeper_.pidfd_ready(now_ms());
  if (watched[0].revents != 0) take_signals();
  if (watched[1].revents != 0) accept();
  for (const auto& connection : connections_) advance(*connection);
  std::erase_if(connections_,
                [](const auto& connection) { return connection->dead && connection->worker == 0; });
  if (stopping_) go_on_stopping();
}

void Server::take_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) begin_stop();
    if (info.ssi_signo == SIGCHLD) reap();
  }
}

void Server::reap() {
  int status = 0;
  pid_t pid = 0;
  while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
    if (keeper_.ended(pid, status, now_ms()) || logins_.ended(pid, status)) continue;
    if (pid != worker_) continue;
    worker_ = 0;
    for (const auto& connection : connections_)
      if (connection->worker == pid) worker_ended(*connection, status);
  }
}

void Server::worker_ended(Connection& connection, int status) {
  connection.worker = 0;
  if (status == 0) return;
  log_.line(fmt::format("the child for a request ended with {}", describe(status)));
  refuse(connection, base::fail(base::ErrorCode::internal,
                                "postern-hands failed in this request; its log says how."));
}

void Server::accept() {
  Descriptor socket(::accept4(house_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.good()) return;
  auto connection = std::make_unique<Connection>();
  connection->socket = std::move(socket);
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known =
      ::getsockopt(connection->socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  if (!known || (peer.uid != 0 && peer.uid != house_.user.uid))
    return refuse(*connection,
                  base::fail(base::ErrorCode::denied,
                             fmt::format("User {} may not ask postern-hands.", peer.uid)));
  if (connections_.size() >= connections_most)
    return refuse(*connection,
                  base::fail(base::ErrorCode::busy, "Too many connections to postern-hands."));
  connections_.push_back(std::move(connection));
}

void Server::read(Connection& connection) {
  if (connection.dead) return;
  if (connection.inbox.receive(connection.socket.get()) == Inbox::Got::end) connection.dead = true;
}

void Server::advance(Connection& connection) {
  if (connection.dead || connection.worker != 0 || !connection.inbox.has_head()) return;
  const Head head = connection.inbox.head();
  const Rule* rule = rule_of(head.kind);
  if (rule == nullptr)
    return refuse(connection, base::fail(base::ErrorCode::usage,
                                         fmt::format("There is no verb {}.", head.kind)));
  if (head.length > rule->bytes_most)
    return refuse(connection, base::fail(base::ErrorCode::usage,
                                         fmt::format("A request to {} may have {} bytes, not {}.",
                                                     rule->name, rule->bytes_most, head.length)));
  if (!connection.inbox.has_frame() || (rule->touches_postfix && worker_ != 0)) return;
  handle(connection, *rule);
}

void Server::handle(Connection& connection, const Rule& rule) {
  std::vector<Descriptor> descriptors;
  const std::string body = connection.inbox.take(descriptors);
  if (stopping_)
    return refuse(connection, base::fail(base::ErrorCode::busy, "postern-hands is ending."));
  if (descriptors.size() != rule.descriptors)
    return refuse(connection, base::fail(base::ErrorCode::usage,
                                         "Descriptors are missing, or nobody asked for them."));
  auto fields = decode_fields(body, rule.fields_least, rule.fields_most);
  if (!fields) return refuse(connection, fields.error());
  if (rule.touches_postfix) return work(connection, rule, *fields);
  login(connection, *fields, descriptors.at(0));
}

void Server::work(Connection& connection, const Rule& rule,
                  const std::vector<std::string>& fields) {
  const bool numbered = !fields.empty() && rule.verb != Verb::resolver;
  log_.line(numbered ? fmt::format("{} {}", rule.name, fields[0].substr(0, 20))
                     : std::string(rule.name));
  const pid_t pid = ::fork();
  if (pid < 0)
    return refuse(connection, base::fail(base::ErrorCode::busy, "No process could be made."));
  if (pid == 0) {
    const std::string frame = perform(instance_, rule.verb, fields);
    if (frame[4] != reply_done)
      log_.line(base::to_text(decode_error(static_cast<std::uint8_t>(frame[4]),
                                           std::string_view(frame).substr(head_bytes))));
    (void)send_frame(connection.socket.get(), frame, {});
    ::_exit(0);
  }
  worker_ = pid;
  connection.worker = pid;
}

void Server::login(Connection& connection, const std::vector<std::string>& fields,
                   const Descriptor& desk) {
  auto wanted = decode_login(fields);
  if (!wanted) return refuse(connection, wanted.error());
  auto started = logins_.start(*wanted, desk);
  if (!started) {
    log_.line(base::to_text(started.error()));
    return answer(connection, encode_error(started.error()));
  }
  std::vector<int> numbers;
  for (const auto& descriptor : *started) numbers.push_back(descriptor.get());
  answer(connection, encode_frame(reply_done, {}), numbers);
}

void Server::answer(Connection& connection, const std::string& frame,
                    const std::vector<int>& descriptors) {
  if (!send_frame(connection.socket.get(), frame, descriptors)) connection.dead = true;
}

/// For what no client of ours does: says so, and ends the connection.
void Server::refuse(Connection& connection, base::Error error) {
  log_.line(fmt::format("refused: {}", error.text));
  (void)send_frame(connection.socket.get(), encode_error(error), {});
  connection.dead = true;
}

void Server::begin_stop() {
  if (stopping_) return;
  stopping_ = true;
  log_.line("postern-hands was told to end");
  keeper_.stop(now_ms());
  logins_.hang_up(now_ms());
}

/// posternd first, so that nobody asks for Postfix any more; then Postfix.
void Server::go_on_stopping() {
  if (keeper_.runs() || worker_ != 0) return;
  if (postfix_stopped_) {
    done_ = true;
    return;
  }
  postfix_stopped_ = true;
  worker_ = ::fork();
  if (worker_ != 0) {
    if (worker_ < 0) worker_ = 0;
    return;
  }
  auto stopped = instance_.stop();
  if (!stopped) log_.line(base::to_text(stopped.error()));
  ::_exit(0);
}

base::Result<Descriptor> open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  Descriptor signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.good()) return base::fail(base::ErrorCode::io, "Signals cannot be watched.");
  return signals;
}

}  // namespace

base::Result<void> serve(const Options& options) {
  auto house = open_house(options);
  if (!house) return house.error();
  auto log = house->log.open_log("hands.log");
  if (!log) return log.error();
  auto signals = open_signals();
  if (!signals) return signals.error();
  auto written = house->run.write("hands.pid", fmt::format("{}\n", ::getpid()), 0644);
  if (!written) return written;
  Server(options, std::move(*house), Log(std::move(*log)), std::move(*signals)).loop();
  return {};
}

}  // namespace postern::hands
