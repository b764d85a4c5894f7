#include "desk/settings/closed_doors.h"

#include "desk/settings/commit.h"
#include "desk/settings/view.h"
#include "features/features.h"
#include "features/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace postern::desk {
namespace {

struct Doors {
  std::set<std::string> logins;  ///< where SSH is on, as Who::door
  std::set<std::string> links;   ///< addresses where SSH or CCS is; a link's port is not the interfaces' alone
};

Doors doors_of(const State& state, const schema::Feature& feature, const model::Text& text) {
  const auto tree = tree_of(state.schema, feature, text ? *text : feature.factory);
  Doors doors;
  if (!tree) return doors;
  for (const features::Service& service : features::services(state.schema.with_defaults(feature.name, *tree))) {
    if (service.ssh) doors.logins.insert(features::address_and_port(service.address, service.ssh_port));
    if (service.ssh || service.ccs) doors.links.insert(service.address);
  }
  return doors;
}

/// None of those that were is left, though others are: whoever uses them is cut off as if there were none.
bool moved(const std::set<std::string>& before, const std::set<std::string>& after) {
  return !before.empty() && !after.empty() &&
         std::ranges::none_of(before, [&](const auto& door) { return after.contains(door); });
}

/// Who loses which door of one machine; `own_door` is the asking user's, empty at another machine.
std::vector<std::string> lost(const Doors& before, const Doors& after, const std::string& own_door, const std::string& host,
                              bool alone) {
  std::vector<std::string> out;
  if (!before.logins.empty() && after.logins.empty())
    out.push_back(
        fmt::format("Nobody can log in to {} over SSH then: SSH is on at none of its interfaces. Its console stays.", host));
  else if (moved(before.logins, after.logins))
    out.push_back(fmt::format("Nobody can log in to {} at {} any more then; SSH is on at {} instead.", host,
                              fmt::join(before.logins, ", "), fmt::join(after.logins, ", ")));
  else if (before.logins.contains(own_door) && !after.logins.contains(own_door))
    out.push_back(fmt::format("You are logged in to {} at {}, where SSH is off then; it is on at {}.", host, own_door,
                              fmt::join(after.logins, ", ")));
  if (alone) return out;
  if (!before.links.empty() && after.links.empty())
    out.push_back(fmt::format("No other machine can reach {} then: neither SSH nor CCS is on at any of its interfaces.", host));
  if (moved(before.links, after.links))
    out.push_back(fmt::format("Other machines reach {} then only where its name, or clusterconfig communication, leads to {}.",
                              host, fmt::join(after.links, ", ")));
  return out;
}

}  // namespace

std::vector<std::string> closed_doors(const State& state, const Who& who, const Pending& pending) {
  std::vector<std::string> out;
  for (const auto& [key, edit] : pending.edits) {
    const schema::Feature* feature = state.schema.feature(key.second);
    if (feature == nullptr || feature->command != "interfaceconfig") continue;
    const Doors before = doors_of(state, *feature, edit.base_text);
    const Doors after = doors_of(state, *feature, edit.text);
    const std::string own_door = key.first == state.own_mode() ? who.door : std::string();
    std::vector<std::string> more =
        lost(before, after, own_door, host_of(state, base::MemberId{key.first.id}), state.fleet().standalone());
    std::ranges::move(more, std::back_inserter(out));
  }
  return out;
}

}  // namespace postern::desk
