#include "features/routing.h"

#include "base/crypto.h"
#include "base/ids.h"
#include "features/words.h"
#include "gateway/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace postern::features {
namespace {

// As many processes as one destination may have connections, but never fewer than Postfix's own
// default, or one slow destination would hold up all others.
constexpr std::uint32_t least_processes = 100;

using Equals = std::vector<std::string>;  ///< hosts of one preference, in a fixed order

struct Route {
  std::string fixed;          ///< the whole row, for a route that needs no smtp transport
  std::vector<Equals> hosts;  ///< the lowest preference first; none: those of DNS
};

std::string key_of(std::string_view domain) { return domain == "ALL" ? "*" : lower(domain); }

Profile profile_of(const model::Node& destination) {
  return {number(destination, "maximum-connections", 500), number(destination, "messages-per-connection", 50)};
}

std::vector<Equals> hosts_of(const model::Node& route) {
  std::map<std::uint32_t, std::set<std::pair<std::string, std::uint32_t>>> by_preference;
  for (const model::Node& each : route.entries("destination"))
    by_preference[number(each, "preference", 0)].emplace(lower(each.leaf("host")), number(each, "port", 25));
  std::vector<Equals> out;
  for (const auto& [preference, hosts] : by_preference) {
    Equals& equals = out.emplace_back();
    for (const auto& [host, port] : hosts) equals.push_back(fmt::format("{}:{}", in_brackets(host), port));
  }
  return out;
}

/// The hosts of each preference, begun at another one in each turn.
std::string next_hops(const std::vector<Equals>& hosts, std::size_t turn) {
  std::vector<std::string> all;
  for (const Equals& equals : hosts)
    for (std::size_t i = 0; i < equals.size(); ++i) all.push_back(equals[(turn + i) % equals.size()]);
  return base::join(all, ", ");
}

/// How many orders there are so that the hosts of each preference get as much. Each may have one connection at least; where
/// they would be too many, the hosts that are tried first share.
std::size_t orders(const std::vector<Equals>& hosts, std::uint32_t connections) {
  const std::size_t most = std::min<std::size_t>(gateway::turns, connections);
  std::size_t all = 1;
  std::size_t first = 1;
  for (const Equals& equals : hosts) {
    if (first == 1) first = equals.size();
    all = std::lcm(all, equals.size());
    if (all > most) return std::min(first, most);
  }
  return all;
}

Route route_of(const model::Node& route) {
  const std::string_view action = route.leaf("action", "hosts");
  if (action == "drop") return {"discard:dropped by an SMTP route", {}};
  if (action == "mx") return {};
  return {{}, hosts_of(route)};
}

/// The value of the longest key that covers `key`, in transport(5)'s order: itself, ".parent" ones,
/// "*".
template <class T>
const T* covering(const std::map<std::string, T>& all, const std::string& key) {
  const auto exact = all.find(key);
  if (exact != all.end()) return &exact->second;
  for (std::size_t dot = key.find('.', 1); dot != std::string::npos; dot = key.find('.', dot + 1)) {
    const auto parent = all.find(key.substr(dot));
    if (parent != all.end()) return &parent->second;
  }
  const auto rest = all.find("*");
  return rest == all.end() ? nullptr : &rest->second;
}

std::string clone_name(const Profile& profile) { return fmt::format("dc{}m{}", profile.connections, profile.messages); }

bool has_several(const std::vector<Equals>& hosts) { return hosts.size() > 1 || (hosts.size() == 1 && hosts.front().size() > 1); }

Way way_of(const Route& route, Profile profile, const Profile& standard) {
  if (!route.fixed.empty()) return {route.fixed, {}, {}};
  if (has_several(route.hosts)) profile = for_several_hosts(profile);
  Way way{fmt::format("{}:{}", transport_name(profile, standard), next_hops(route.hosts, 0)), {}, {profile}};
  const std::size_t count = orders(route.hosts, profile.connections);
  if (count == 1) return way;
  profile.connections /= static_cast<std::uint32_t>(count);
  way.profiles.insert(profile);
  for (std::size_t turn = 0; turn < count; ++turn)
    way.turns.push_back(fmt::format("{}:{}", transport_name(profile, standard), next_hops(route.hosts, turn)));
  return way;
}

}  // namespace

Profile default_profile(const model::Tree& destinations) {
  for (const model::Node& each : destinations.entries("destination"))
    if (each.leaf("domain") == "Default") return profile_of(each);
  return {};
}

Profile for_several_hosts(Profile profile) {
  profile.messages = 1;
  return profile;
}

std::set<Profile> other_profiles(const model::Tree& destinations) {
  std::set<Profile> profiles;
  for (const model::Node& each : destinations.entries("destination")) profiles.insert(profile_of(each));
  profiles.erase(default_profile(destinations));
  return profiles;
}

std::string transport_name(const Profile& profile, const Profile& standard) {
  return profile == standard ? "smtp" : clone_name(profile);
}

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

void add_transport(const Profile& profile, gateway::Draft& draft) {
  const std::string name = clone_name(profile);
  draft.parameters[name + "_destination_concurrency_limit"] = fmt::format("{}", profile.connections);
  draft.services[{name, "unix"}] = smtp_client(profile);
}

std::map<std::string, Way> ways(const model::Tree& routes, const model::Tree& destinations) {
  const Profile standard = default_profile(destinations);
  std::map<std::string, Route> by_route;
  std::map<std::string, Profile> by_destination;
  std::set<std::string> keys;
  for (const model::Node& each : routes.entries("route")) by_route.emplace(key_of(each.leaf("domain")), route_of(each));
  for (const model::Node& each : destinations.entries("destination"))
    if (each.leaf("domain") != "Default") by_destination.emplace(key_of(each.leaf("domain")), profile_of(each));
  for (const auto& each : by_route) keys.insert(each.first);
  for (const auto& each : by_destination) keys.insert(each.first);

  std::map<std::string, Way> out;
  for (const std::string& key : keys) {
    const Route* route = covering(by_route, key);
    const Profile* profile = covering(by_destination, key);
    out.emplace(key, way_of(route == nullptr ? Route{} : *route, profile == nullptr ? standard : *profile, standard));
  }
  return out;
}

std::string set_name(const Way& way) { return base::to_hex(base::sha256(base::join(way.turns, "\n"))).substr(0, 32); }

}  // namespace postern::features
