#include "features/features.h"
#include "gateway/draft.h"
#include "features/words.h"

#include <fmt/format.h>

namespace postern::features {
namespace {

/// "ADDRESS", or none with a note: resolv.conf(5) has no place for a port.
std::string plain_server(const std::string& server, gateway::Draft& draft) {
  if (is_address(server)) return server;
  const std::size_t colon = server.rfind(':');
  std::string address = server.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (!is_address(address)) return {};
  const std::string port = colon == std::string::npos ? "" : server.substr(colon + 1);
  if (port == "53") return address;
  draft.note("dns", fmt::format("The DNS server {} is left out for mail: port {} cannot be used by the mail "
                                "engine, which asks on port 53 only.",
                                server, port));
  return {};
}

}  // namespace

std::vector<std::string> dns_servers(const model::Tree& dns) {
  if (dns.leaf("source", "system") != "servers") return {};
  const model::Node* servers = dns.child("server");
  return servers == nullptr ? std::vector<std::string>{} : servers->values;
}

void plan_dns(const gateway::Effective& effective, const gateway::Facts&, gateway::Draft& draft) {
  const model::Tree& dns = effective.tree("dns");
  for (const std::string& server : dns_servers(dns)) {
    std::string address = plain_server(server, draft);
    if (!address.empty()) draft.resolvers.push_back(std::move(address));
  }
  if (dns.leaf("source") == "root")
    draft.note("dns",
               "Asking the Internet's root servers is not in this version for the mail engine: mail uses "
               "the host's resolver. Name servers with dnsconfig to use others.");
  if (!dns.entries("domain-server").empty())
    draft.note("dns",
               "Servers for single domains are not in this version for the mail engine: mail asks the "
               "general servers for these domains too.");
}

}  // namespace postern::features
