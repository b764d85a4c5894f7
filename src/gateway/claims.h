#pragma once

#include "gateway/plan.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace postern::gateway {

/// A port of this machine that the settings have something listen on.
struct Claim {
  std::string address;
  std::uint16_t port = 0;
  std::string feature;
  std::string path;  ///< of the setting that names the port, e.g. "listener['In']/port"
  std::string who;   ///< e.g. "the listener In", "SSH of the interface Management"
};
using ClaimsPart = std::vector<Claim> (*)(const Effective&);

/// Two that want one port; whatever features they are of.
using Clash = std::pair<Claim, Claim>;
/// Each claim that comes after another on the same address and port, with the first of those.
std::vector<Clash> clashes(const std::vector<Claim>& claims);

}  // namespace postern::gateway
