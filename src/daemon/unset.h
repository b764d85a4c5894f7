#pragma once

#include <functional>
#include <string>

#include "desk/setup/setup_desk.h"

namespace postern::daemon {

/// A machine that is not set up: its desk, and what this host can offer it.
class Unset final : public desk::SetupHouse {
 public:
  /// `host_name`: proposed where it is one; empty: the host's own.
  Unset(std::string directory, std::string host_name, const schema::Schema& schema);

  desk::AnyDesk& desk() { return desk_; }
  /// Makes and starts the machine; its serial number.
  std::function<base::Result<std::string>(const desk::NewMachine&, const std::string& passphrase)> make;
  /// After the answer has been given, for better or worse.
  std::function<void()> done;

  [[nodiscard]] std::string version() const override;
  [[nodiscard]] std::string proposed_host_name() const override;
  [[nodiscard]] std::vector<desk::HostAddress> host_addresses() const override;
  [[nodiscard]] std::vector<std::string> warnings() const override;
  [[nodiscard]] bool has_address(const std::string& address) const override;
  [[nodiscard]] bool port_taken(const std::string& address, std::uint16_t port) const override;
  void set_up(const desk::NewMachine& machine, const std::string& passphrase,
              std::function<void(base::Result<std::string>)> answer) override;

 private:
  std::string directory_;
  std::string host_name_;
  desk::SetupDesk desk_;
};

}  // namespace postern::daemon
