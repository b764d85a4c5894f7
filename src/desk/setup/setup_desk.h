#pragma once

#include "desk/door/any_desk.h"
#include "desk/setup/new_machine.h"
#include "schema/schema.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace postern::desk {

/// An address that the host has, on one of its links.
struct HostAddress {
  std::string link;     ///< "eth0"
  std::string address;  ///< "192.0.2.10/24"
};

/// What the desk of a machine that is not set up needs of the house around it. All calls on the one
/// thread that owns the truth.
class SetupHouse {
 public:
  virtual ~SetupHouse() = default;

  [[nodiscard]] virtual std::string version() const = 0;
  /// A name that this machine could have; checked by the caller, may be empty.
  [[nodiscard]] virtual std::string proposed_host_name() const = 0;
  /// Addresses that others reach, without loopback and link-local ones.
  [[nodiscard]] virtual std::vector<HostAddress> host_addresses() const = 0;
  /// What whoever sets this machine up should know first.
  [[nodiscard]] virtual std::vector<std::string> warnings() const = 0;
  /// Whether this host can use that address.
  [[nodiscard]] virtual bool has_address(const std::string& address) const = 0;
  /// Whether another program listens there.
  [[nodiscard]] virtual bool port_taken(const std::string& address, std::uint16_t port) const = 0;
  /// Makes the machine and starts it. `answer` comes once, with its serial number; afterwards every
  /// session is moved to the machine's own desk.
  virtual void set_up(const NewMachine& machine, const std::string& passphrase,
                      std::function<void(base::Result<std::string>)> answer) = 0;
};

/// The desk of a machine that is not set up: it proposes, checks and sets up, and refuses everything
/// else (docs/DESK.md, Setting up).
class SetupDesk final : public AnyDesk {
 public:
  SetupDesk(SetupHouse& house, const schema::Schema& schema);

  SessionId open_session(Who who, std::function<void(std::string line)> write, std::function<void()> hang_up) override;
  void close_session(SessionId session) override;
  void receive(SessionId session, std::string_view line) override;

 private:
  struct Seat {
    Who who;
    std::function<void(std::string)> write;
  };

  SetupHouse& house_;
  const schema::Schema& schema_;
  std::map<SessionId, Seat> seats_;
  SessionId next_ = 1;
};

}  // namespace postern::desk
