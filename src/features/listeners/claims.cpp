#include "features/features.h"
#include "features/words.h"
#include "gateway/claims.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::features {

/// A listener whose interface is not there listens nowhere.
std::vector<gateway::Claim> claims_listeners(const gateway::Effective& effective) {
  const std::vector<Service> interfaces = services(effective.tree("interfaces"));
  std::vector<gateway::Claim> all;
  for (const model::Node& each : effective.tree("listeners").entries("listener")) {
    const auto on = std::ranges::find(interfaces, each.leaf("interface"), &Service::interface_name);
    if (on == interfaces.end()) continue;
    all.push_back({on->address, static_cast<std::uint16_t>(number(each, "port", 25)), "listeners",
                   fmt::format("listener['{}']/port", each.leaf("name")), fmt::format("the listener {}", each.leaf("name"))});
  }
  return all;
}

}  // namespace postern::features
