#include "gateway/draft.h"
#include "features/routing.h"
#include "features/words.h"

namespace postern::features {
namespace {

bool has_route(const model::Tree& routes, const std::string& domain) {
  for (const model::Node& each : routes.entries("route"))
    if (lower(each.leaf("domain")) == domain) return true;
  return false;
}

}  // namespace

void plan_smtp_routes(const gateway::Effective& effective, const gateway::Facts& facts, gateway::Draft& draft) {
  const model::Tree& routes = effective.tree("smtp-routes");
  const std::string here = lower(facts.host_name);
  auto& rows = draft.tables["transport"];
  for (auto& [key, value] : transport_rows(routes, effective.tree("destination-controls"))) {
    // Mail for the gateway's own name bounces (gateway/base.cpp) unless a route is for just that
    // name.
    if (key == here && !has_route(routes, here)) continue;
    if (key == here) draft.tables["no_mailboxes"].erase(here);
    if (key == gateway::probe_domain) continue;  // the applier's
    if (key == "*")
      draft.tables[std::string(gateway::rest_table)][std::string(gateway::rest_key)] = std::move(value);
    else
      rows[key] = std::move(value);
  }
}

}  // namespace postern::features
