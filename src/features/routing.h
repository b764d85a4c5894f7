#pragma once

#include "model/tree.h"

#include <compare>
#include <map>
#include <set>
#include <string>

/// Where mail for a domain goes and how fast: smtp-routes and destination-controls meet in
/// Postfix's one transport table (transport(5)), so they are merged here.
namespace postern::features {

/// What destination-controls say of a destination. One clone of Postfix's smtp transport serves all
/// destinations of one profile; its name is made of the numbers, so that a new profile renames no
/// other.
struct Profile {
  std::uint32_t connections = 500;
  std::uint32_t messages = 50;  ///< per connection
  friend auto operator<=>(const Profile&, const Profile&) = default;
};

/// The profile of destination "Default".
Profile default_profile(const model::Tree& destinations);
/// Every profile in use that differs from the default's.
std::set<Profile> other_profiles(const model::Tree& destinations);
/// "smtp" for the default, else e.g. "dc500m50".
std::string transport_name(const Profile& profile, const Profile& standard);

/// Rows of the transport table. Keys are those of both features; a key's transport is that of the
/// longest destination that covers it, its next hop that of the longest route.
std::map<std::string, std::string> transport_rows(const model::Tree& routes, const model::Tree& destinations);

}  // namespace postern::features
