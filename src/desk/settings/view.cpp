#include "desk/settings/view.h"

namespace postern::desk {

model::Layout layout_of(const cluster::Fleet& fleet) {
  model::Layout out;
  out.cluster = fleet.cluster;
  out.cluster_name = fleet.cluster_name;
  for (const cluster::Group& group : fleet.groups) out.groups.push_back({group.id, group.name});
  for (const cluster::Member& member : fleet.members) out.machines.push_back({member.id, member.host_name, member.group});
  return out;
}

View committed_view(const State& state) {
  View out{layout_of(state.fleet()), {}};
  for (const auto& [reg, heads] : state.peer().state().all()) {
    if (!cluster::is_settings(reg)) continue;
    if (auto text = state.peer().state().value(reg)) out.settings.set(cluster::mode_of(reg), reg.name, std::move(text));
  }
  return out;
}

View view_of(const State& state, const Session& session) {
  View out = committed_view(state);
  if (const Pending* pending = find_pending(state, session)) overlay(out.settings, *pending);
  return out;
}

std::vector<cluster::Dot> base_now(const State& state, const cluster::Register& reg) {
  const cluster::RegisterState* found = state.peer().state().find(reg);
  return found == nullptr ? std::vector<cluster::Dot>() : found->base();
}

model::Text text_now(const State& state, const cluster::Register& reg) { return state.peer().state().value(reg); }

}  // namespace postern::desk
