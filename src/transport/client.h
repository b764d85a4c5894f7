#pragma once

#include "base/result.h"
#include "transport/connection.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace postern::transport {

/// A connection that goes out: resolve, connect, key exchange, check of the host key, login, and
/// one framed channel. Everything it tells is told on its strand.
class ClientConnection final : public Connection {
 public:
  enum class Purpose { link, fetch_key, join };
  struct Wish {
    Purpose purpose = Purpose::link;
    std::string host;
    std::uint16_t port = 22;
    std::string pinned_key;  ///< empty only to fetch the key
    std::string user;
    std::string passphrase;  ///< empty: our user key logs in
  };
  struct Tell {
    std::function<void(const std::string& address)> resolved;
    std::function<void(Transport::Fetched)> fetched;
    /// The channel is open; link_up is told next.
    std::function<void()> up;
    /// Once, at the end, whatever came before (but not after fetched).
    std::function<void(base::Error)> ended;
  };
  ClientConnection(Hub& hub, Strand strand, ConnectionId id, Wish wish, Tell tell);

  void begin();

 protected:
  void advance() override;
  void ended(const std::string& reason) override;

 private:
  enum class Stage { reaching, greeting, login, opening, asking, open };

  void resolved(const Transport::Resolution& found);
  void try_next(std::string problem);
  void connect_done(int fd);
  void listen(int fd);
  void greet(int fd);
  void greeting();
  void check_host_key();
  void login();
  void opening();
  void asking();
  void come_up();
  void refuse(const std::string& reason);
  void forget_passphrase();
  [[nodiscard]] std::string place() const;

  Wish wish_;  // its passphrase is wiped when it has been used
  Tell tell_;
  Stage stage_ = Stage::reaching;
  std::vector<std::string> addresses_;
  std::size_t next_ = 0;
  std::string address_;  // the one being tried
  std::unique_ptr<Watch> connecting_;
  Timer patience_;  // for one address
  Timer deadline_;  // for everything until the channel is open
  KeyHandle user_key_;
  ssh_channel channel_ = nullptr;
  base::ErrorCode code_ = base::ErrorCode::unreachable;
};

}  // namespace postern::transport
