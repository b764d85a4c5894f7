#include "transport/members.h"

#include "transport/addresses.h"
#include "transport/resolver.h"

#include <algorithm>
#include <utility>

namespace postern::transport {

namespace {
constexpr int again_ms = 60'000;
}

void Members::set(std::vector<std::string> hosts) {
  strand_.post([self = shared_from_this(), hosts = std::move(hosts)]() mutable {
    if (hosts == self->hosts_) return;
    self->hosts_ = std::move(hosts);
    std::erase_if(self->addresses_, [&](const auto& entry) {
      return std::find(self->hosts_.begin(), self->hosts_.end(), entry.first) == self->hosts_.end();
    });
    self->tell();
    self->look();
  });
}

void Members::look() {
  for (const auto& host : hosts_) {
    if (!host.empty() && parse_address(host, 0)) {
      found(host, {host});
      continue;
    }
    look_up(strand_, hub_.ways().dns_servers, host, false,
            [self = shared_from_this(), host](const Transport::Resolution& answer) { self->found(host, answer.addresses); });
  }
  again_.after(again_ms, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
}

void Members::found(const std::string& host, const std::vector<std::string>& addresses) {
  if (addresses.empty() || std::find(hosts_.begin(), hosts_.end(), host) == hosts_.end()) return;
  std::set<std::string> sources;
  for (const auto& address : addresses)
    if (const auto parsed = parse_address(address, 0)) sources.insert(source_of(*parsed).address);
  addresses_[host] = std::move(sources);
  tell();
}

void Members::tell() {
  std::set<std::string> all;
  for (const auto& [host, addresses] : addresses_) all.insert(addresses.begin(), addresses.end());
  hub_.admission.set_members(std::move(all));
}

}  // namespace postern::transport
