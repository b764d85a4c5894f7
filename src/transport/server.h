#pragma once

#include "transport/connection.h"

#include <map>
#include <memory>
#include <string>

namespace postern::transport {

class AdminChannel;

/// A connection that came in: key exchange, login (server_login.cpp), then what the verdict allows:
/// an administrator's shells and commands, or one machine link or join.
class ServerConnection final : public Connection {
 public:
  struct Origin {
    base::Source from;          ///< as Admission counts it
    std::string source;         ///< "127.0.0.1:50022"
    std::string door;           ///< our end of it: "127.0.0.1:22"
    bool machine_only = false;  ///< came on a port without admin logins
  };
  /// `id` has entered Admission already; this connection leaves it.
  ServerConnection(Hub& hub, ConnectionId id, Origin origin);
  ~ServerConnection() override;

  /// Takes the accepted socket, on the listeners' strand: a bind may not be used by two threads.
  bool accept(ssh_bind bind, int fd);
  /// Starts the key exchange, on our own strand.
  void begin();

  // On our strand.
  void answer(Verdict verdict);
  void started(std::uint32_t channel, base::Result<SessionStarted> session);
  /// Runs what may block outside the loop's threads.
  void wait_aside(std::function<void()> work) { hub_.waiting.post(std::move(work)); }

 protected:
  void ready() override;
  void advance() override;
  [[nodiscard]] bool reading() const override { return !asked_; }
  void ended(const std::string& reason) override;

 private:
  enum class Door { key_exchange, login, open };

  [[nodiscard]] bool within_bounds();
  void note_progress(Stage stage);
  void exchange_keys();
  /// False: there may be more.
  bool take_messages();
  void take(MessageHandle message);

  // server_login.cpp
  void take_login(MessageHandle message);
  void login_password(MessageHandle message, std::string user, std::string password);
  void login_prompt(ssh_message message);
  void login_prompt_answer(MessageHandle message);
  void login_key(MessageHandle message);
  void ask(MessageHandle message, LoginAsked login);
  void refuse(ssh_message message);
  void refuse_attempt(ssh_message message);
  void admit(Verdict verdict);
  void leave_preauth();

  void open_channel(ssh_message message);
  void take_request(ssh_message message);
  bool grant(AdminChannel& channel, ssh_message message);
  bool open_subsystem(ssh_channel channel, const std::string& name);
  void ask_session(AdminChannel& channel, std::string command, bool exec);
  void free_channels();
  void advance_channels();

  const Origin origin_;
  Door door_ = Door::key_exchange;
  ssh_callbacks_struct callbacks_{};
  bool greeted_ = false;  // its KEXINIT is here
  bool in_turn_ = false;  // waits in Turns
  bool begun_ = false;    // our version text has gone out: a farewell may follow
  bool preauth_ = true;
  bool administrator_ = false;

  MessageHandle asked_;  // the login request that waits for its verdict
  std::string asking_user_;
  std::string asking_key_;
  std::string prompted_user_;
  bool prompted_ = false;
  int attempts_ = 0;
  int login_messages_ = 0;
  std::string user_;
  std::string key_line_;

  std::uint32_t last_channel_ = 0;
  std::map<std::uint32_t, std::shared_ptr<AdminChannel>> channels_;
};

}  // namespace postern::transport
