#include "gateway/draft.h"

#include <fmt/format.h>

namespace postern::features {

/// Nothing of Postfix's carries these texts yet: whoever reads `status` is told.
void plan_text_resources(const gateway::Effective& effective, const gateway::Facts&, gateway::Draft& draft) {
  for (const model::Node& each : effective.tree("text-resources").entries("resource")) {
    const bool has_text = !each.leaf("text").empty();
    if (has_text && each.leaf("type", "footer") == "footer")
      draft.note("text-resources", fmt::format("The footer {} is kept and shared, not stamped: stamping is not in this version.",
                                               each.leaf("name")));
  }
}

}  // namespace postern::features
