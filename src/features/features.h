#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/claims.h"
#include "gateway/plan.h"
#include "model/objection.h"

namespace postern::features {

/// The parts of every feature that takes effect on Postfix, in a fixed order. One folder here per feature:
/// NAME.yang, plan.cpp, golden/.
const std::vector<gateway::Part>& parts();

/// The ports that the features whose folders have a claims.cpp want on this machine, by feature.
struct ClaimsOf {
  std::string_view feature;
  gateway::ClaimsPart claims;
};
const std::vector<ClaimsOf>& claimants();

/// What of a feature's own settings has no effect, or another than it seems: sentences, from the folders that have a
/// warn.cpp. Nothing is refused for it.
struct WarningsOf {
  std::string_view feature;
  std::vector<std::string> (*warn)(const model::Tree& settings);
};
const std::vector<WarningsOf>& warners();

/// What makes a feature's own settings unfit, from the folders that have a refuse.cpp: a commit of them is refused, and a
/// machine that gets them by a merge keeps what it had.
struct RefusalsOf {
  std::string_view feature;
  model::Objects refuse;
};
const std::vector<RefusalsOf>& refusers();
/// The same by feature, as schema::Verdicts asks them.
inline std::map<std::string, model::Objects, std::less<>> objectors() {
  std::map<std::string, model::Objects, std::less<>> out;
  for (const RefusalsOf& each : refusers()) out.emplace(each.feature, each.refuse);
  return out;
}

/// Service ports and addresses of this machine (feature "interfaces"): what posternd itself listens on.
struct Service {
  std::string interface_name;
  std::string address;
  std::string host_name;
  bool ssh = false;
  std::uint16_t ssh_port = 22;
  bool ccs = false;
  std::uint16_t ccs_port = 2222;
  bool https = false;
  std::uint16_t https_port = 443;
};
std::vector<Service> services(const model::Tree& interfaces);
/// DNS servers for names of other machines (feature "dns"): "ADDRESS" or "ADDRESS:PORT"; empty: the system's.
std::vector<std::string> dns_servers(const model::Tree& dns);

}  // namespace postern::features
