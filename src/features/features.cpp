#include "features/features.h"

#include "features/part.h"

namespace postern::features {

const std::vector<gateway::Part>& parts() {
  static const std::vector<gateway::Part> all{
      {"listeners", plan_listeners},
      {"smtp-routes", plan_smtp_routes},
      {"destination-controls", plan_destination_controls},
      {"dns", plan_dns},
  };
  return all;
}

}  // namespace postern::features
