#pragma once

#include "gateway/draft.h"
#include "model/tree.h"

#include <compare>
#include <map>
#include <set>
#include <string>
#include <vector>

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
/// Every profile of a destination that differs from the default's.
std::set<Profile> other_profiles(const model::Tree& destinations);
/// "smtp" for the default, else e.g. "dc500m50".
std::string transport_name(const Profile& profile, const Profile& standard);
/// The clone of Postfix's smtp that serves the profile, which is not the default's, and its limit.
void add_transport(const Profile& profile, gateway::Draft& draft);
gateway::MasterService smtp_client(const Profile& profile);

/// One key of transport(5): "TRANSPORT:NEXTHOP, …".
struct Way {
  std::string row;  ///< hosts of one preference by name
  /// The row in each order that hosts of one preference share the mail by; empty: there are none. Postfix counts the
  /// connections of each order apart, so that they use a transport with their part of them.
  std::vector<std::string> turns;
  std::set<Profile> profiles;  ///< of the transports that these use
};

/// What mail to several hosts is sent by: a message for each connection. Postfix would keep a connection to a host that
/// was tried later under the name of the first, and give it mail of other routes that begin alike.
Profile for_several_hosts(Profile profile);

/// Keys are those of both features; a key's transport is that of the longest destination that covers it, its next hop that of
/// the longest route. The key "*" is for all others.
std::map<std::string, Way> ways(const model::Tree& routes, const model::Tree& destinations);
/// A name for the turns that no other turns have.
std::string set_name(const Way& way);

}  // namespace postern::features
