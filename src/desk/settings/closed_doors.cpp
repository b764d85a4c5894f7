#include "desk/settings/closed_doors.h"

#include "desk/settings/commit.h"
#include "desk/settings/view.h"
#include "features/features.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::desk {
namespace {

struct Doors {
  bool logins = false;  ///< SSH is on somewhere
  bool links = false;   ///< SSH or CCS is
};

Doors doors_of(const State& state, const schema::Feature& feature, const model::Text& text) {
  const auto tree = tree_of(state.schema, feature, text ? *text : feature.factory);
  Doors doors;
  if (!tree) return doors;
  for (const features::Service& service : features::services(state.schema.with_defaults(feature.name, *tree))) {
    doors.logins = doors.logins || service.ssh;
    doors.links = doors.links || service.ssh || service.ccs;
  }
  return doors;
}

}  // namespace

std::vector<std::string> closed_doors(const State& state, const Pending& pending) {
  std::vector<std::string> out;
  for (const auto& [key, edit] : pending.edits) {
    const schema::Feature* feature = state.schema.feature(key.second);
    if (feature == nullptr || feature->command != "interfaceconfig") continue;
    const Doors before = doors_of(state, *feature, edit.base_text);
    const Doors after = doors_of(state, *feature, edit.text);
    const std::string host = host_of(state, base::MemberId{key.first.id});
    if (before.logins && !after.logins)
      out.push_back(
          fmt::format("Nobody can log in to {} over SSH then: SSH is on at none of its interfaces. Its console stays.", host));
    if (before.links && !after.links && !state.fleet().standalone())
      out.push_back(fmt::format("No other machine can reach {} then: neither SSH nor CCS is on at any of its interfaces.", host));
  }
  return out;
}

}  // namespace postern::desk
