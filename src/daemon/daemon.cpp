#include "daemon/daemon.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include "daemon/desk_line.h"
#include "daemon/logins.h"
#include "daemon/real_world.h"
#include "machine/birth.h"

namespace postern::daemon {

namespace asio = boost::asio;
using base::Result;
using transport::ConnectionId;

namespace {

/// Everything one posternd is made of, in the order in which it comes up; destroyed in the opposite order.
class Daemon {
 public:
  explicit Daemon(std::string directory) : directory_(std::move(directory)) {}
  /// Lines of clients that are still open learn that the desk is gone before it goes.
  ~Daemon() { desk_->desk = nullptr; }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  Result<void> start();
  void run() { truth_.run(); }

 private:
  Result<std::unique_ptr<transport::Transport>> start_transport(const machine::Identity& identity);
  machine::Setup setup(const store::Contents& contents) const;
  template <class... Args>
  auto posted(void (Daemon::*what)(Args...)) {
    return [this, what](Args... args) {
      asio::post(truth_, [this, what, ... args = std::move(args)]() mutable {
        if (machine_ != nullptr) (this->*what)(std::move(args)...);
      });
    };
  }
  void on_login(transport::LoginAsked asked) { logins_->login(std::move(asked)); }
  void on_login_ended(ConnectionId id) { logins_->ended(id); }
  void on_session(transport::SessionAsked asked) { logins_->session(std::move(asked)); }
  void on_link_up(ConnectionId id, std::string key, bool we_dialed) { machine_->link_up(id, key, we_dialed); }
  void on_link_message(ConnectionId id, std::string bytes) { machine_->link_message(id, bytes); }
  void on_link_down(ConnectionId id, std::string) { machine_->link_down(id); }
  void on_join_open(ConnectionId id, std::string, std::string) {
    if (const auto* who = logins_->who(id)) return machine_->join_open(id, who->name);
    world_->close(id, "no administrator is logged in on this connection");
  }
  void on_join_message(ConnectionId id, std::string bytes) { machine_->join_message(id, bytes); }
  void on_join_closed(ConnectionId id, std::string reason) { machine_->join_closed(id, reason); }

  std::string directory_;
  asio::io_context truth_{1};
  asio::signal_set signals_{truth_, SIGTERM, SIGINT};
  std::unique_ptr<const schema::Schema> schema_;
  std::unique_ptr<RealWorld> world_;
  std::unique_ptr<machine::Machine> machine_;
  std::shared_ptr<DeskHandle> desk_ = std::make_shared<DeskHandle>();
  std::unique_ptr<Logins> logins_;
  std::unique_ptr<DeskDoor> door_;
};

machine::Setup Daemon::setup(const store::Contents& contents) const {
  machine::Setup out;
  out.version = version_text();
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
  handlers.link_up = posted(&Daemon::on_link_up);
  handlers.link_message = posted(&Daemon::on_link_message);
  handlers.link_down = posted(&Daemon::on_link_down);
  handlers.join_open = posted(&Daemon::on_join_open);
  handlers.join_message = posted(&Daemon::on_join_message);
  handlers.join_closed = posted(&Daemon::on_join_closed);
  handlers.log = [](const std::string& level, const std::string& text) {
    spdlog::log(spdlog::level::from_str(level), "{}", text);
  };
  return transport::Transport::start({identity.host_private, identity.user_private}, {}, std::move(handlers));
}

Result<void> Daemon::start() {
  auto schema = schema::Schema::load();
  if (!schema) return schema.error();
  schema_ = std::move(*schema);
  auto store = store::Store::open(directory_ + "/posternd.db");
  if (!store) return store.error();
  auto contents = (*store)->load();
  if (!contents) return contents.error();
  const auto identity = machine::read_identity(contents->notes);
  if (!identity) return identity.error();
  auto transport = start_transport(*identity);
  if (!transport) return transport.error();
  const std::string hands_socket = directory_ + "/run/hands.sock";
  const auto machine_setup = setup(*contents);
  world_ = std::make_unique<RealWorld>(
      truth_, std::make_unique<store::Writer>(std::move(*store)), std::move(*transport),
      std::make_unique<applier::Applier>(applier::Setup{hands_socket, machine_setup.facts.instance_dir}));
  auto machine = machine::Machine::start(*world_, *schema_, machine_setup, std::move(*contents));
  if (!machine) return machine.error();
  machine_ = std::move(*machine);
  desk_->desk = &machine_->desk();
  logins_ = std::make_unique<Logins>(truth_, *machine_, desk_, world_->transport(), hands_socket);
  door_ = std::make_unique<DeskDoor>(truth_, desk_, directory_ + "/run/desk.sock");
  auto opened = door_->open();
  if (!opened) return opened;
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    spdlog::info("ends on signal {}", signal);
    truth_.stop();
  });
  spdlog::info("{} runs as {}", version_text(), identity->serial);
  return {};
}

}  // namespace

std::string version_text() { return "0.1.0"; }

Result<void> run(const std::string& directory) {
  Daemon daemon(directory);
  auto started = daemon.start();
  if (!started) return started;
  daemon.run();
  return {};
}

}  // namespace postern::daemon
