#include "features/words.h"
#include "gateway/draft.h"

namespace postern::features {

/// Rows of virtual(5): cleanup looks each recipient up, and what it stands for again.
void plan_aliases(const gateway::Effective& effective, const gateway::Facts& facts, gateway::Draft& draft) {
  const std::string here = "@" + lower(facts.host_name);
  auto& rows = draft.tables["virtual_alias"];
  for (const model::Node& alias : effective.tree("aliases").entries("alias")) {
    std::string targets;
    if (const model::Node* all = alias.child("target"); all != nullptr)
      for (const std::string& target : all->values) targets += (targets.empty() ? "" : ", ") + target;
    if (targets.empty()) continue;
    const std::string address = lower(alias.leaf("address"));
    rows[address] = targets;
    // The gateway's own name has no mailboxes, but for aliases.
    if (address.ends_with(here)) draft.tables["no_mailboxes"][address.substr(address == here ? 1 : 0)] = "DUNNO";
  }
}

}  // namespace postern::features
