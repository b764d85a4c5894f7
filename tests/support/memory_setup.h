#pragma once

#include "desk/setup/setup_desk.h"
#include "support/memory_fleet.h"

namespace postern::support {

/// A MemoryWorld before its machine is set up.
class MemorySetup final : public desk::SetupHouse {
 public:
  MemorySetup(MemoryFleet& fleet, MemoryWorld& world) : fleet_(fleet), world_(world), desk_(*this, fleet.schema()) {}

  desk::AnyDesk& desk() { return desk_; }

  [[nodiscard]] std::string version() const override { return "0.1.0"; }
  [[nodiscard]] std::string proposed_host_name() const override { return world_.host_name_; }
  [[nodiscard]] std::vector<desk::HostAddress> host_addresses() const override { return {{"eth0", world_.address_ + "/8"}}; }
  [[nodiscard]] std::vector<std::string> warnings() const override { return {}; }
  [[nodiscard]] bool has_address(const std::string& address) const override { return world_.can_bind(address); }
  /// The host's own SSH server is there, as on most hosts.
  [[nodiscard]] bool port_taken(const std::string&, std::uint16_t port) const override { return port == 22; }
  void set_up(const desk::NewMachine& machine, const std::string& secret,
              std::function<void(base::Result<std::string>)> answer) override;

 private:
  MemoryFleet& fleet_;
  MemoryWorld& world_;
  desk::SetupDesk desk_;
};

}  // namespace postern::support
