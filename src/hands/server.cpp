#include "hands/server.h"

#include "hands/house.h"
#include "hands/instance.h"
#include "hands/keeper.h"
#include "hands/log.h"
#include "hands/login.h"
#include "hands/requests.h"
#include "hands/rotation.h"
#include "hands/row_writer.h"
#include "hands/wire.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace postern::hands {
namespace {

constexpr std::size_t connections_most = 32;
// What clients can make this process keep: a small frame (and what is read with it) of each
// connection, and as many large ones as this.
constexpr std::size_t small_frame = 256U << 10;
constexpr std::size_t large_frames_most = 2;
constexpr std::int64_t look_every_ms = 5'000;     // at the size of the logs
constexpr std::int64_t frame_ms = 60'000;         // from the first byte of a frame to its last
constexpr std::int64_t silence_most_ms = 10'000;  // of a posternd that asks for nothing: then too
constexpr std::uint64_t ends_in_vain = 3;         // of a posternd that asked for nothing: then mail goes on without it

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

struct Connection {
  Descriptor socket;
  Inbox inbox;
  pid_t worker = 0;       // the child that answers it now
  bool has_room = false;  // for a large frame
  bool dead = false;
  std::int64_t used_ms = 0;   // when it last began or ended something
  std::int64_t begun_ms = 0;  // when its frame began to come; 0: none is under way
};

class Server {
 public:
  Server(const Options& options, House& house, Log log, Descriptor signals)
      : house_(house),
        log_(std::move(log)),
        signals_(std::move(signals)),
        instance_(std::move(house_.mta), {options.postfix, options.postfix_daemons, house_.mail_owner, house_.user}),
        rows_(instance_),
        logins_(options.bin + "/postern", house_.cli_user.gid, std::move(house_.login_uids)),
        keeper_({options.bin + "/posternd", options.machine, options.dir, house_.user}, house_.run, house_.log, log_),
        checked_(instance_.in_force()) {}

  void loop();

 private:
  void take_signals();
  void reap();
  void accept();
  void make_place();
  void read(Connection& connection);
  bool wants_bytes(Connection& connection);
  std::int64_t end_slow_frames();
  std::int64_t bound_logs();
  bool advance(Connection& connection);
  void handle(Connection& connection, const Rule& rule);
  void begin_work(Connection& connection, const Rule& rule, const std::string& body);
  void login(Connection& connection, const std::vector<std::string>& fields, const Descriptor& desk);
  void answer(Connection& connection, const std::string& frame, const std::vector<int>& descriptors = {});
  void refuse(Connection& connection, const base::Error& error);
  void turn_away(Connection& connection, const base::Error& error);
  void take_rows();
  Connection* worker_done(bool good);
  void worker_ended(Connection& connection, int status);
  void begin_stop();
  void go_on_stopping();
  void bring_mail_back();
  void wait();

  House& house_;
  Log log_;
  Descriptor signals_;
  Instance instance_;
  RowWriter rows_;
  Logins logins_;
  Keeper keeper_;
  Checked checked_;
  std::vector<std::unique_ptr<Connection>> connections_;
  pid_t worker_ = 0;  // who works now; one at a time: Postfix's files are one thing
  bool stopping_ = false;
  bool postfix_stopped_ = false;
  pid_t bringer_ = 0;                          // the worker that brings mail back
  std::uint64_t bring_at_end_ = ends_in_vain;  // of posternd
  std::int64_t bring_at_ms_ = 0;               // when posternd has been silent for too long
  bool left_to_posternd_ = false;              // what Postfix does: it has asked, or mail was brought back without it
  std::int64_t look_at_ms_ = 0;                // when to look at the logs again
  bool more_to_do_ = false;                    // a request was done: another may lie behind it, read already
  bool done_ = false;
};

void Server::loop() {
  log_.line("postern-hands serves");
  keeper_.begin(now_ms());
  bring_at_ms_ = now_ms() + silence_most_ms;
  while (!done_) wait();
  for (const char* name : {"hands.pid", "hands.sock"}) (void)house_.run.remove(name);
  log_.line("postern-hands ends");
}

/// One poll and what it brought.
void Server::wait() {
  log_.rotate();
  std::vector<pollfd> watched{{signals_.get(), POLLIN, 0},
                              {stopping_ ? -1 : house_.socket.get(), POLLIN, 0},
                              {keeper_.watched(), POLLIN, 0},
                              {rows_.watched(), POLLIN, 0}};
  const std::size_t fixed = watched.size();
  for (const auto& connection : connections_)
    watched.push_back({wants_bytes(*connection) ? connection->socket.get() : -1, POLLIN, 0});
  const std::size_t logins = watched.size();
  for (const int descriptor : logins_.status_descriptors()) watched.push_back({descriptor, 0, 0});

  std::int64_t wake = keeper_.tick(now_ms());
  const std::int64_t login_wake = logins_.tick(now_ms());
  const std::int64_t log_wake = bound_logs();
  const std::int64_t bring_wake = left_to_posternd_ ? -1 : bring_at_ms_;
  for (const std::int64_t other : {login_wake, end_slow_frames(), log_wake, bring_wake})
    if (wake < 0 || (other >= 0 && other < wake)) wake = other;
  const int patience = wake < 0 ? -1 : static_cast<int>(std::clamp<std::int64_t>(wake - now_ms(), 0, 60'000));
  if (::poll(watched.data(), watched.size(), more_to_do_ ? 0 : patience) < 0) return;

  for (std::size_t i = fixed; i < logins; ++i)
    if (watched[i].revents != 0) read(*connections_[i - fixed]);
  for (std::size_t i = logins; i < watched.size(); ++i)
    if (watched[i].revents != 0) logins_.reader_gone(watched[i].fd, now_ms());
  if (watched[3].revents != 0) take_rows();
  if (watched[2].revents != 0) keeper_.pidfd_ready(now_ms());
  if (watched[0].revents != 0) take_signals();
  if (watched[1].revents != 0) accept();
  more_to_do_ = false;
  for (const auto& connection : connections_) more_to_do_ = advance(*connection) || more_to_do_;
  std::erase_if(connections_, [](const auto& connection) {
    if (!connection->dead || connection->worker != 0) return false;
    shut(connection->socket.get());
    return true;
  });
  if (stopping_) return go_on_stopping();
  bring_mail_back();
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
    rows_.ended(pid);
    if (keeper_.ended(pid, status, now_ms()) || logins_.ended(pid, status)) continue;
    if (pid != worker_) continue;
    if (pid == bringer_) {
      bringer_ = 0;
      left_to_posternd_ = left_to_posternd_ || status == 0;
    }
    if (Connection* connection = worker_done(status == 0)) worker_ended(*connection, status);
  }
}

/// Whose request it was that was worked on; none when that connection is gone.
Connection* Server::worker_done(bool good) {
  const pid_t pid = std::exchange(worker_, 0);
  checked_.end(good);
  const auto found =
      std::find_if(connections_.begin(), connections_.end(), [&](const auto& each) { return each->worker == pid; });
  if (found == connections_.end()) return nullptr;
  Connection* connection = found->get();
  connection->worker = 0;
  connection->used_ms = now_ms();
  // Whoever asks without a pause comes after those who wait.
  std::rotate(found, found + 1, connections_.end());
  return connection;
}

/// The answer to a change of rows.
void Server::take_rows() {
  const auto outcome = rows_.answer();
  if (!outcome) return;
  if (!outcome->log.empty()) log_.line(outcome->log);
  Connection* connection = worker_done(outcome->worked == Worked::done);
  if (connection == nullptr) return;
  answer(*connection, outcome->reply);
  connection->dead = connection->dead || outcome->worked == Worked::refused;
}

void Server::worker_ended(Connection& connection, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) <= static_cast<int>(Worked::refused)) {
    connection.dead = connection.dead || WEXITSTATUS(status) == static_cast<int>(Worked::refused);
    return;
  }
  log_.line(fmt::format("the child for a request ended with {}", describe(status)));
  refuse(connection, base::fail(base::ErrorCode::internal, "postern-hands failed in this request; its log says how."));
}

/// Room for one more connection: the one that has been idle longest goes.
void Server::make_place() {
  if (connections_.size() < connections_most) return;
  Connection* oldest = nullptr;
  for (const auto& connection : connections_)
    if (connection->worker == 0 && connection->inbox.empty() && (oldest == nullptr || connection->used_ms < oldest->used_ms))
      oldest = connection.get();
  if (oldest == nullptr) return;
  shut(oldest->socket.get());
  std::erase_if(connections_, [&](const auto& connection) { return connection.get() == oldest; });
}

void Server::accept() {
  Descriptor socket(::accept4(house_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.good()) return;
  auto connection = std::make_unique<Connection>();
  connection->socket = std::move(socket);
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(connection->socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  if (!known || (peer.uid != 0 && peer.uid != house_.user.uid))
    return turn_away(*connection,
                     base::fail(base::ErrorCode::denied, fmt::format("User {} may not ask postern-hands.", peer.uid)));
  make_place();
  if (connections_.size() >= connections_most)
    return turn_away(*connection, base::fail(base::ErrorCode::busy, "Too many connections to postern-hands."));
  connection->used_ms = now_ms();
  connections_.push_back(std::move(connection));
}

/// Whether more of a frame may be read now. Only so many large ones are taken at once; others wait
/// in the socket.
bool Server::wants_bytes(Connection& connection) {
  if (connection.dead || connection.worker != 0 || connection.inbox.has_frame()) return false;
  if (!connection.inbox.has_head() || connection.inbox.head().length <= small_frame || connection.has_room) return true;
  const auto large = std::count_if(connections_.begin(), connections_.end(), [](const auto& each) { return each->has_room; });
  if (static_cast<std::size_t>(large) >= large_frames_most) return false;
  connection.has_room = true;
  connection.begun_ms = now_ms();
  connection.inbox.make_room();
  return true;
}

/// When the next one is due, or -1.
std::int64_t Server::end_slow_frames() {
  std::int64_t next = -1;
  const std::int64_t now = now_ms();
  for (const auto& connection : connections_) {
    if (connection->begun_ms == 0 || !wants_bytes(*connection)) continue;
    const std::int64_t due = std::max(connection->begun_ms + frame_ms, now);
    if (due == now) refuse(*connection, base::fail(base::ErrorCode::usage, "The request did not come whole."));
    if (next < 0 || due < next) next = due;
  }
  return next;
}

/// When they are to be looked at again.
std::int64_t Server::bound_logs() {
  if (now_ms() < look_at_ms_) return look_at_ms_;
  look_at_ms_ = now_ms() + look_every_ms;
  for (const auto& rotated : {keeper_.bound_log(), instance_.bound_log(mail_log_bytes)})
    if (!rotated) log_.line(base::to_text(rotated.error()));
  return look_at_ms_;
}

void Server::read(Connection& connection) {
  if (connection.dead) return;
  if (connection.inbox.receive(connection.socket.get()) == Inbox::Got::end) {
    connection.dead = true;
    connection.inbox = Inbox();  // its descriptors, before others bring theirs
  }
  if (connection.begun_ms == 0 && !connection.inbox.empty()) connection.begun_ms = now_ms();
}

/// Whether a request was taken.
bool Server::advance(Connection& connection) {
  if (connection.dead || connection.worker != 0 || !connection.inbox.has_head()) return false;
  const Head head = connection.inbox.head();
  const Rule* rule = rule_of(head.kind);
  if (rule == nullptr)
    refuse(connection, base::fail(base::ErrorCode::usage, fmt::format("There is no verb {}.", head.kind)));
  else if (head.length > rule->bytes_most)
    refuse(connection, base::fail(base::ErrorCode::usage, fmt::format("A request to {} may have {} bytes, not {}.", rule->name,
                                                                      rule->bytes_most, head.length)));
  if (connection.dead || !connection.inbox.has_frame() || (rule->touches_postfix && worker_ != 0)) return false;
  handle(connection, *rule);
  return true;
}

void Server::handle(Connection& connection, const Rule& rule) {
  std::vector<Descriptor> descriptors;
  const std::string body = connection.inbox.take(descriptors);
  connection.has_room = false;
  connection.begun_ms = connection.inbox.empty() ? 0 : now_ms();
  connection.used_ms = now_ms();
  if (stopping_) return refuse(connection, base::fail(base::ErrorCode::busy, "postern-hands is ending."));
  if (descriptors.size() != rule.descriptors)
    return refuse(connection, base::fail(base::ErrorCode::usage, "Descriptors are missing, or nobody asked for them."));
  if (rule.touches_postfix) return begin_work(connection, rule, body);
  auto fields = decode_fields(body, rule.fields_least, rule.fields_most);
  if (!fields) return refuse(connection, fields.error());
  login(connection, *fields, descriptors.at(0));
}

void Server::begin_work(Connection& connection, const Rule& rule, const std::string& body) {
  const bool looks = rule.verb == Verb::running || rule.verb == Verb::queue || rule.verb == Verb::listing;
  left_to_posternd_ = left_to_posternd_ || !looks;
  const auto generation = generation_of(rule, body);
  // Rows and the door come with every commit, and the questions with every look.
  if (!looks && rule.verb != Verb::table && rule.verb != Verb::door)
    log_.line(generation ? fmt::format("{} {}", rule.name, *generation) : std::string(rule.name));
  const auto may = checked_.begin(rule, body);
  if (!may) {
    log_.line(base::to_text(may.error()));
    return answer(connection, encode_error(may.error()));
  }
  if (RowWriter::takes(rule, body))
    if (const auto writer = rows_.begin(body)) {
      worker_ = connection.worker = *writer;
      return;
    }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    checked_.end(false);
    return refuse(connection, base::fail(base::ErrorCode::busy, "No process could be made."));
  }
  if (pid == 0) {
    // A parent that is killed and started again must not meet work, nor its own lock, of before.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) ::_exit(static_cast<int>(Worked::failed));
    ::_exit(static_cast<int>(work(instance_, rule, body, connection.socket.get(), log_)));
  }
  worker_ = pid;
  connection.worker = pid;
}

void Server::login(Connection& connection, const std::vector<std::string>& fields, const Descriptor& desk) {
  auto wanted = decode_login(fields);
  // Answered only: all logins of posternd share this connection.
  if (!wanted) return answer(connection, encode_error(wanted.error()));
  auto started = logins_.start(*wanted, desk);
  if (!started) {
    log_.line(base::to_text(started.error()));
    return answer(connection, encode_error(started.error()));
  }
  std::vector<int> numbers;
  for (const auto& descriptor : *started) numbers.push_back(descriptor.get());
  answer(connection, encode_frame(reply_done, {}), numbers);
}

void Server::answer(Connection& connection, const std::string& frame, const std::vector<int>& descriptors) {
  if (!send_frame(connection.socket.get(), frame, descriptors)) connection.dead = true;
}

/// For what no client of ours does: says so, and ends the connection.
void Server::refuse(Connection& connection, const base::Error& error) {
  log_.line(fmt::format("refused: {}", error.text));
  (void)send_frame(connection.socket.get(), encode_error(error), {});
  connection.dead = true;
}

/// One that was never let in.
void Server::turn_away(Connection& connection, const base::Error& error) {
  refuse(connection, error);
  shut(connection.socket.get());
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

/// After a restart of the host a posternd that does not come up (its store is damaged, say, or gone, so that it waits to be set
/// up) must not keep mail back: what was in force last is put to work, judged as ever. When that fails (a port is still taken,
/// say), it is tried again as often as posternd is, and after each silence.
void Server::bring_mail_back() {
  if (left_to_posternd_ || worker_ != 0) return;
  const bool in_vain = keeper_.ends() >= bring_at_end_;
  if (!in_vain && now_ms() < bring_at_ms_) return;
  bring_at_end_ = std::max(bring_at_end_, keeper_.ends() + 1);
  bring_at_ms_ = now_ms() + silence_most_ms;
  const std::uint64_t generation = instance_.in_force();
  if (generation == 0) return;
  log_.line(fmt::format("posternd {}: Postfix is started, if it does not run, with generation {}, which was in force last",
                        in_vain ? "does not come up" : "asks for nothing", generation));
  worker_ = ::fork();
  if (worker_ != 0) {
    if (worker_ < 0) worker_ = 0;
    bringer_ = worker_;
    return;
  }
  const auto started = instance_.start();
  log_.line(started ? "Postfix runs" : base::to_text(started.error()));
  ::_exit(started ? 0 : 1);
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
  auto log = Log::open(house->log, "hands.log");
  if (!log) return log.error();
  auto signals = open_signals();
  if (!signals) return signals.error();
  auto written = house->run.write("hands.pid", fmt::format("{}\n", ::getpid()), 0644);
  if (!written) return written;
  Server(options, *house, std::move(*log), std::move(*signals)).loop();
  return {};
}

}  // namespace postern::hands
