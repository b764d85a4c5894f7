#pragma once

#include <string>

/// Where a connection came from, as widely as one owner may hold addresses. What is counted, delayed or served in turn
/// is so by these, because an attacker has many connections, often many addresses, seldom many networks.
namespace postern::base {

struct Source {
  std::string address;  ///< "192.0.2.7", or an IPv6 network of 64 bits: "2001:db8:1:2::/64"
  std::string network;  ///< "192.0.2.0/24", or 48 bits of IPv6
  std::string region;   ///< "192.0.0.0/16", or 32 bits of IPv6
  friend bool operator==(const Source&, const Source&) = default;
};

}  // namespace postern::base
