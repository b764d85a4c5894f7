#include "features/routing.h"

#include "features/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <vector>

namespace postern::features {
namespace {

struct Route {
  std::string fixed;  ///< the whole row, for a route that needs no smtp transport
  std::string next_hop;
};

std::string key_of(std::string_view domain) { return domain == "ALL" ? "*" : lower(domain); }

Profile profile_of(const model::Node& destination) {
  return {number(destination, "maximum-connections", 500), number(destination, "messages-per-connection", 50)};
}

// Lower preference numbers first; hosts of one preference in a fixed order.
std::string next_hops(const model::Node& route) {
  std::vector<std::tuple<std::uint32_t, std::string, std::uint32_t>> hosts;
  for (const model::Node& each : route.entries("destination"))
    hosts.emplace_back(number(each, "preference", 0), lower(each.leaf("host")), number(each, "port", 25));
  std::sort(hosts.begin(), hosts.end());
  std::string out;
  for (const auto& [preference, host, port] : hosts)
    out += fmt::format("{}{}:{}", out.empty() ? "" : ", ", in_brackets(host), port);
  return out;
}

Route route_of(const model::Node& route) {
  const std::string_view action = route.leaf("action", "hosts");
  if (action == "drop") return {"discard:dropped by an SMTP route", {}};
  if (action == "mx") return {};
  return {{}, next_hops(route)};
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

}  // namespace

Profile default_profile(const model::Tree& destinations) {
  for (const model::Node& each : destinations.entries("destination"))
    if (each.leaf("domain") == "Default") return profile_of(each);
  return {};
}

std::set<Profile> other_profiles(const model::Tree& destinations) {
  std::set<Profile> profiles;
  for (const model::Node& each : destinations.entries("destination")) profiles.insert(profile_of(each));
  profiles.erase(default_profile(destinations));
  return profiles;
}

std::string transport_name(const Profile& profile, const Profile& standard) {
  if (profile == standard) return "smtp";
  return fmt::format("dc{}m{}", profile.connections, profile.messages);
}

std::map<std::string, std::string> transport_rows(const model::Tree& routes, const model::Tree& destinations) {
  const Profile standard = default_profile(destinations);
  std::map<std::string, Route> by_route;
  std::map<std::string, Profile> by_destination;
  std::set<std::string> keys;
  for (const model::Node& each : routes.entries("route")) by_route.emplace(key_of(each.leaf("domain")), route_of(each));
  for (const model::Node& each : destinations.entries("destination"))
    if (each.leaf("domain") != "Default") by_destination.emplace(key_of(each.leaf("domain")), profile_of(each));
  for (const auto& each : by_route) keys.insert(each.first);
  for (const auto& each : by_destination) keys.insert(each.first);

  std::map<std::string, std::string> rows;
  for (const std::string& key : keys) {
    const Route* route = covering(by_route, key);
    const Profile* profile = covering(by_destination, key);
    if (route != nullptr && !route->fixed.empty()) {
      rows.emplace(key, route->fixed);
      continue;
    }
    rows.emplace(key, fmt::format("{}:{}", transport_name(profile == nullptr ? standard : *profile, standard),
                                  route == nullptr ? "" : route->next_hop));
  }
  return rows;
}

}  // namespace postern::features
