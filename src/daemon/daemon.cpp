#include "daemon/daemon.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "base/version.h"
#include "daemon/desk_line.h"
#include "daemon/host.h"
#include "daemon/init.h"
#include "daemon/inlet.h"
#include "daemon/log.h"
#include "daemon/logins.h"
#include "daemon/real_world.h"
#include "daemon/unset.h"
#include "machine/join/birth.h"

namespace postern::daemon {

namespace asio = boost::asio;
using base::fail;
using base::Result;
using transport::ConnectionId;

namespace {

/// Everything one posternd is made of, in the order in which it comes up; destroyed in the opposite order.
class Daemon {
 public:
  Daemon(std::string directory, std::string host_name) : directory_(std::move(directory)), host_name_(std::move(host_name)) {}
  /// Lines of clients that are still open learn that the desk is gone before it goes.
  ~Daemon() { desk_->desk = nullptr; }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  Result<void> start();
  /// Until a signal, or until a machine that was just set up does not start.
  Result<void> run() {
    truth_.run();
    return ended_;
  }

 private:
  Result<void> go_live();
  void wait_for_setup();
  void look_for_machine();
  void keep_settling_log();
  Result<std::string> set_up(const desk::NewMachine& told, const std::string& passphrase);
  Result<std::unique_ptr<transport::Transport>> start_transport(const machine::Identity& identity);
  machine::Terms terms_of(const store::Contents& contents) const;
  template <class... Args>
  auto posted(void (Daemon::*what)(Args...)) {
    return [this, what](Args... args) {
      asio::post(truth_, [this, what, ... args = std::move(args)]() mutable {
        if (machine_ != nullptr) (this->*what)(std::move(args)...);
      });
    };
  }
  /// What comes on links and joins.
  template <class... Args>
  auto in_turn(void (Daemon::*what)(ConnectionId, Args...)) {
    return [this, what](ConnectionId id, Args... args) {
      inlet_.put(std::to_string(id), [this, what, id, ... args = std::move(args)]() mutable {
        if (machine_ != nullptr) (this->*what)(id, std::move(args)...);
      });
    };
  }
  void on_login(transport::LoginAsked asked) { logins_->login(std::move(asked)); }
  void on_login_ended(ConnectionId id) { logins_->ended(id); }
  void on_session(transport::SessionAsked asked) { logins_->session(std::move(asked)); }
  void on_link_up(ConnectionId id, std::string key, bool we_dialed) { machine_->link_up(id, key, we_dialed); }
  void on_link_message(ConnectionId id, std::string bytes) {
    machine_->link_message(id, bytes);
    world_->transport().took(id, bytes.size());
  }
  void on_link_down(ConnectionId id, std::string) { machine_->link_down(id); }
  void on_join_open(ConnectionId id, std::string, std::string) {
    if (const auto* who = logins_->who(id)) return machine_->join_open(id, who->name);
    world_->close(id, "no administrator is logged in on this connection");
  }
  void on_join_message(ConnectionId id, std::string bytes) {
    machine_->join_message(id, bytes);
    world_->transport().took(id, bytes.size());
  }
  void on_join_closed(ConnectionId id, std::string reason) { machine_->join_closed(id, reason); }

  std::string directory_;
  std::string host_name_;
  Result<void> ended_;
  asio::io_context truth_{1};
  asio::signal_set signals_{truth_, SIGTERM, SIGINT};
  Inlet inlet_{truth_};  ///< of links and joins
  std::unique_ptr<const schema::Schema> schema_;
  std::unique_ptr<RealWorld> world_;
  std::unique_ptr<machine::Machine> machine_;
  std::shared_ptr<DeskHandle> desk_ = std::make_shared<DeskHandle>(truth_);
  std::unique_ptr<Unset> unset_;  ///< only until the machine is set up
  asio::steady_timer look_{truth_};
  asio::steady_timer settle_log_{truth_};
  std::unique_ptr<Logins> logins_;
  std::unique_ptr<DeskDoor> door_;
};

/// Each connection that is not logged in has two descriptors, and there are two kinds of ports that count their own:
/// together they get half of what this process may have open.
transport::Limits limits_here() {
  transport::Limits limits;
  const auto descriptors = static_cast<int>(raise_descriptor_limit());
  limits.preauth_total = std::clamp(descriptors / 8, limits.preauth_per_source, limits.preauth_total);
  return limits;
}

machine::Terms Daemon::terms_of(const store::Contents& contents) const {
  machine::Terms out;
  out.version = base::version();
  out.facts.instance_dir = directory_ + "/mta";
  out.facts.version = out.version;
  const auto bind = contents.notes.find(std::string(machine::note_bind_address));
  if (bind != contents.notes.end()) out.facts.bind_address = bind->second;
  return out;
}

Result<std::unique_ptr<transport::Transport>> Daemon::start_transport(const machine::Identity& identity) {
  transport::Handlers handlers;
  handlers.login = posted(&Daemon::on_login);
  handlers.session = posted(&Daemon::on_session);
  handlers.login_ended = posted(&Daemon::on_login_ended);
  handlers.link_up = in_turn(&Daemon::on_link_up);
  handlers.link_message = in_turn(&Daemon::on_link_message);
  handlers.link_down = in_turn(&Daemon::on_link_down);
  handlers.join_open = in_turn(&Daemon::on_join_open);
  handlers.join_message = in_turn(&Daemon::on_join_message);
  handlers.join_closed = in_turn(&Daemon::on_join_closed);
  handlers.log = [](const std::string& level, const std::string& text, const std::string& stranger) {
    stranger.empty() ? log_line(level, text) : log_stranger(stranger, level, text);
  };
  return transport::Transport::start({identity.host_private, identity.user_private}, limits_here(), std::move(handlers));
}

/// The same error, saying in which file.
base::Error of_file(base::Error error, const std::string& path) {
  if (error.where.empty()) error.where = path;
  return error;
}

Result<void> Daemon::go_live() {
  auto store = store::Store::open(store_path(directory_));
  if (!store) return store.error();
  auto contents = (*store)->load();
  if (!contents) return contents.error();
  const auto identity = machine::read_identity(contents->notes);
  if (!identity) return of_file(identity.error(), store_path(directory_));
  auto transport = start_transport(*identity);
  if (!transport) return transport.error();
  const std::string hands_socket = directory_ + "/run/hands.sock";
  const auto terms = terms_of(*contents);
  world_ =
      std::make_unique<RealWorld>(truth_, std::make_unique<store::Writer>(std::move(*store)), std::move(*transport),
                                  std::make_unique<applier::Applier>(applier::Options{hands_socket, terms.facts.instance_dir}));
  auto machine = machine::Machine::start(*world_, *schema_, terms, std::move(*contents));
  if (!machine) return of_file(machine.error(), store_path(directory_));
  machine_ = std::move(*machine);
  logins_ = std::make_unique<Logins>(truth_, *machine_, desk_, world_->transport(), hands_socket);
  spdlog::info("{} runs as {}", base::version(), identity->serial);
  return {};
}

void Daemon::wait_for_setup() {
  unset_ = std::make_unique<Unset>(directory_, host_name_, *schema_);
  unset_->make = [this](const desk::NewMachine& told, const std::string& passphrase) { return set_up(told, passphrase); };
  unset_->done = [this] {
    if (machine_ == nullptr) return;
    desk_->exchange(machine_->desk());
    asio::post(truth_, [this] { unset_.reset(); });  // it is still in the call that set the machine up
  };
  desk_->desk = &unset_->desk();
  look_for_machine();
  spdlog::warn("{} holds no machine yet: it waits for systemsetup at the console", directory_);
}

/// `posternd init` may set the machine up beside this process.
void Daemon::look_for_machine() {
  look_.expires_after(std::chrono::seconds(1));
  look_.async_wait([this](const boost::system::error_code& error) {
    if (error || machine_ != nullptr) return;
    const auto there = store::Store::exists(store_path(directory_));
    if (there && !*there) return look_for_machine();
    ended_ = there ? go_live() : there.error();  // one that cannot be opened is told of like at a start
    if (!ended_) return truth_.stop();
    unset_->done();
  });
}

void Daemon::keep_settling_log() {
  settle_log();
  settle_log_.expires_after(std::chrono::seconds(2));
  settle_log_.async_wait([this](const boost::system::error_code& error) {
    if (!error) keep_settling_log();
  });
}

/// On the thread of the truth, which has nothing else to do before there is one.
Result<std::string> Daemon::set_up(const desk::NewMachine& told, const std::string& passphrase) {
  auto made = init(directory_, told, passphrase);
  if (!made) return made.error();
  spdlog::info("{} is set up", told.host_name);
  ended_ = go_live();
  if (ended_) return machine_->identity().serial;
  truth_.stop();
  return fail(ended_.error().code, ended_.error().where,
              fmt::format("The machine is set up, but it did not start: {} posternd tries again.", ended_.error().text));
}

Result<void> Daemon::start() {
  auto schema = schema::Schema::load();
  if (!schema) return schema.error();
  schema_ = std::move(*schema);
  const auto there = store::Store::exists(store_path(directory_));
  if (!there) return there.error();
  if (*there) {
    auto live = go_live();
    if (!live) return live;
    desk_->desk = &machine_->desk();
  } else {
    wait_for_setup();
  }
  door_ = std::make_unique<DeskDoor>(truth_, desk_, directory_ + "/run/desk.sock");
  auto opened = door_->open();
  if (!opened) return opened;
  keep_settling_log();
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    spdlog::info("ends on signal {}", signal);
    truth_.stop();
  });
  return {};
}

}  // namespace

Result<void> run(const std::string& directory, const std::string& host_name) {
  Daemon daemon(directory, host_name);
  auto started = daemon.start();
  return started ? daemon.run() : started;
}

}  // namespace postern::daemon
