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

void add_way(const std::string& key, const Way& way, const Profile& standard, gateway::Draft& draft) {
  const bool rest = key == "*";
  const auto table = [&draft](std::string_view name) -> auto& { return draft.tables[std::string(name)]; };
  table(rest ? gateway::rest_table : "transport")[rest ? std::string(gateway::rest_key) : key] = way.row;
  for (const Profile& profile : way.profiles)
    if (profile != standard) add_transport(profile, draft);
  if (way.turns.empty()) return;
  const std::string set = set_name(way);
  table(rest ? gateway::rest_table : gateway::shared_table)[rest ? std::string(gateway::rest_shared_key) : key] = set;
  for (unsigned turn = 0; turn < gateway::turns; ++turn)
    table(gateway::turns_table)[gateway::turn_key(set, turn)] = way.turns[turn % way.turns.size()];
}

}  // namespace

void plan_smtp_routes(const gateway::Effective& effective, const gateway::Facts& facts, gateway::Draft& draft) {
  const model::Tree& routes = effective.tree("smtp-routes");
  const model::Tree& destinations = effective.tree("destination-controls");
  const Profile standard = default_profile(destinations);
  const std::string here = lower(facts.host_name);
  // There from the start, so that the first route to several hosts costs no reload.
  if (for_several_hosts(standard) != standard) add_transport(for_several_hosts(standard), draft);
  for (const auto& [key, way] : ways(routes, destinations)) {
    // Mail for the gateway's own name bounces (gateway/base.cpp) unless a route is for just that
    // name.
    if (key == here && !has_route(routes, here)) continue;
    if (key == here) draft.tables["no_mailboxes"].erase(here);
    if (key == gateway::probe_domain) continue;  // the applier's
    add_way(key, way, standard, draft);
  }
}

}  // namespace postern::features
