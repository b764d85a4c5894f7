#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "features/features.h"
#include "features/words.h"

/// A public listener that relays for all is what spammers look for (contract 2.10).
namespace postern::features {
namespace {

// No network that one owner has is larger: RFC 1466's largest IPv4 blocks, and what a registry itself holds of IPv6.
constexpr std::uint32_t shortest_v4 = 8;
constexpr std::uint32_t shortest_v6 = 16;

bool is_everybody(std::string_view sender) {
  if (sender == "ALL") return true;
  const std::size_t slash = sender.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string length(sender.substr(slash + 1));
  return std::stoul(length) < (sender.find(':') == std::string_view::npos ? shortest_v4 : shortest_v6);
}

}  // namespace

std::vector<model::Objection> refuse_listeners(const model::Tree& settings) {
  std::vector<model::Objection> out;
  for (const model::Node& listener : settings.entries("listener")) {
    if (listener.leaf("type") != "public") continue;
    for (const model::Node& group : listener.entries("hat")) {
      const model::Node* senders = group.child("sender");
      if (group.leaf("action") != "relay" || senders == nullptr) continue;
      for (const std::string& sender : senders->values)
        if (is_everybody(sender))
          out.push_back(
              {fmt::format("listener['{}']/hat['{}']/sender", listener.leaf("name"), group.leaf("name")), sender,
               fmt::format("{} would be an open relay: its sender group {} relays for {}. Name the hosts or networks that "
                           "may relay, or have the group accept.",
                           listener.leaf("name"), group.leaf("name"), sender)});
    }
  }
  return out;
}

}  // namespace postern::features
