#include "daemon/unset.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/version.h"
#include "daemon/daemon.h"
#include "daemon/host.h"

namespace postern::daemon {

Unset::Unset(std::string directory, std::string host_name, const schema::Schema& schema)
    : directory_(std::move(directory)), host_name_(std::move(host_name)), desk_(*this, schema) {}

std::string Unset::version() const { return base::version(); }

std::string Unset::proposed_host_name() const { return host_name_.empty() ? host_name() : host_name_; }

std::vector<desk::HostAddress> Unset::host_addresses() const {
  std::vector<desk::HostAddress> out;
  for (const auto& at : link_addresses())
    if (at.reachable) out.push_back({at.link, fmt::format("{}/{}", at.address, at.prefix_bits)});
  return out;
}

/// DIR/mta/etc leads to the mail engine's files from the first time that a machine put any there.
std::vector<std::string> Unset::warnings() const {
  struct stat known {};
  if (lstat((directory_ + "/mta/etc").c_str(), &known) != 0) return {};
  return {
      fmt::format("{} held a machine before, whose store posternd.db is gone. This makes a new machine. To have "
                  "the old one back, leave now and put a backup of posternd.db in its place.",
                  directory_)};
}

bool Unset::has_address(const std::string& address) const { return can_bind(address); }

bool Unset::port_taken(const std::string& address, std::uint16_t port) const { return daemon::port_taken(address, port); }

void Unset::set_up(const desk::NewMachine& machine, const std::string& passphrase,
                   std::function<void(base::Result<std::string>)> answer) {
  answer(make(machine, passphrase));
  done();
}

}  // namespace postern::daemon
