#include "features/features.h"
#include "gateway/claims.h"

#include <fmt/format.h>

namespace postern::features {

/// What posternd listens on itself.
std::vector<gateway::Claim> claims_interfaces(const gateway::Effective& effective) {
  std::vector<gateway::Claim> all;
  for (const Service& each : services(effective.tree("interfaces"))) {
    const auto claim = [&](bool is, std::uint16_t port, const char* name, const char* leaf) {
      if (!is) return;
      all.push_back({each.address, port, "interfaces", fmt::format("interface['{}']/{}/port", each.interface_name, leaf),
                     fmt::format("{} of the interface {}", name, each.interface_name)});
    };
    claim(each.ssh, each.ssh_port, "SSH", "ssh");
    claim(each.ccs, each.ccs_port, "CCS", "ccs");
    claim(each.https, each.https_port, "HTTPS", "https");
  }
  return all;
}

}  // namespace postern::features
