#include "gateway/claims.h"

#include <map>

namespace postern::gateway {

std::vector<Clash> clashes(const std::vector<Claim>& claims) {
  std::map<std::pair<std::string, std::uint16_t>, const Claim*> taken;
  std::vector<Clash> out;
  for (const Claim& claim : claims) {
    const auto [first, fresh] = taken.try_emplace({claim.address, claim.port}, &claim);
    if (!fresh) out.emplace_back(*first->second, claim);
  }
  return out;
}

}  // namespace postern::gateway
