#include "gateway/draft.h"
#include "features/routing.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::features {
namespace {

// As many processes as one destination may have connections, but never fewer than Postfix's own
// default, or one slow destination would hold up all others.
constexpr std::uint32_t least_processes = 100;

gateway::MasterService smtp_client(const Profile& profile) {
  gateway::MasterService service;
  service.command = "smtp";
  service.max_processes = fmt::format("{}", std::max(profile.connections, least_processes));
  if (profile.messages == 1) {
    service.options.emplace_back("smtp_connection_cache_on_demand", "no");
  } else {
    // Postfix counts the uses after the first.
    service.options.emplace_back("smtp_connection_reuse_count_limit", fmt::format("{}", profile.messages - 1));
  }
  return service;
}

}  // namespace

void plan_destination_controls(const gateway::Effective& effective, const gateway::Facts&, gateway::Draft& draft) {
  const model::Tree& destinations = effective.tree("destination-controls");
  const Profile standard = default_profile(destinations);
  draft.parameters["default_destination_concurrency_limit"] = fmt::format("{}", standard.connections);
  draft.services[{"smtp", "unix"}] = smtp_client(standard);
  for (const Profile& profile : other_profiles(destinations)) {
    const std::string name = transport_name(profile, standard);
    draft.parameters[name + "_destination_concurrency_limit"] = fmt::format("{}", profile.connections);
    draft.services[{name, "unix"}] = smtp_client(profile);
  }
}

}  // namespace postern::features
