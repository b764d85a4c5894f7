#include "features/words.h"
#include "gateway/draft.h"

namespace postern::features {

/// Rows of virtual(5): cleanup looks each recipient up, and what it stands for again.
void plan_aliases(const gateway::Effective& effective, const gateway::Facts&, gateway::Draft& draft) {
  auto& rows = draft.tables["virtual_alias"];
  for (const model::Node& alias : effective.tree("aliases").entries("alias")) {
    std::string targets;
    if (const model::Node* all = alias.child("target"); all != nullptr)
      for (const std::string& target : all->values) targets += (targets.empty() ? "" : ", ") + target;
    if (targets.empty()) continue;
    rows[lower(alias.leaf("address"))] = targets;
  }
}

}  // namespace postern::features
