#include "features/routing.h"
#include "gateway/draft.h"

#include <fmt/format.h>

namespace postern::features {

void plan_destination_controls(const gateway::Effective& effective, const gateway::Facts&, gateway::Draft& draft) {
  const model::Tree& destinations = effective.tree("destination-controls");
  const Profile standard = default_profile(destinations);
  draft.parameters["default_destination_concurrency_limit"] = fmt::format("{}", standard.connections);
  draft.services[{"smtp", "unix"}] = smtp_client(standard);
  for (const Profile& profile : other_profiles(destinations)) add_transport(profile, draft);
}

}  // namespace postern::features
