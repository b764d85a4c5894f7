#include "desk/fleet/site.h"

#include "desk/settings/commit.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::desk {
namespace {

/// Equal on two machines exactly when they see the same settings in effect at the mode.
base::Hash mode_digest(const State& state, const base::Mode& mode) {
  const View view = committed_view(state);
  std::string all;
  for (const schema::Feature& feature : state.schema.features()) {
    const auto from = model::supplier_at(view.settings, view.layout, mode, feature.name);
    const model::Text text = from ? view.settings.find(*from, feature.name) : factory_text(feature);
    all += fmt::format("{}\n{}\n{}\n", feature.name, text->size(), *text);
  }
  return base::hash_bytes(all);
}

json::value newest_commit(const State& state) {
  const auto newest = state.peer().newest_commits(1);
  if (newest.empty()) return nullptr;
  return authorship(state, newest.front());
}

const cluster::Member* self_of(const State& state) { return state.fleet().member(state.peer().self().member); }

}  // namespace

std::string DeskSite::name() const { return host_of(state_, state_.peer().self().member); }

std::string DeskSite::serial() const {
  const cluster::Member* self = self_of(state_);
  return self == nullptr ? std::string() : self->identity.serial;
}

std::string DeskSite::version() const { return state_.house.version(); }

base::Instant DeskSite::now() const { return state_.house.now(); }

void DeskSite::after(std::int64_t ms, std::function<void()> then) { state_.house.after(ms, std::move(then)); }

commands::FleetState DeskSite::state(const commands::Caller& caller) const {
  const cluster::Fleet& fleet = state_.fleet();
  const cluster::Member* self = self_of(state_);
  const cluster::Group* group = self == nullptr ? nullptr : fleet.group(self->group);
  const auto links = state_.peer().links();
  const auto pending = state_.pending.find(caller.pending_key);
  commands::FleetState out;
  out.store_problem = state_.house.store_problem();
  if (!fleet.standalone()) {
    out.cluster = fleet.cluster_name;
    if (group != nullptr) out.group = group->name;
  }
  out.mode_digest = base::to_text(mode_digest(state_, caller.mode));
  out.digest = base::to_text(state_.peer().state().digest());
  out.links_up = static_cast<std::size_t>(std::ranges::count(links, true, &cluster::Peer::LinkInfo::live));
  out.links = links.size();
  out.sessions = state_.sessions.size();
  out.pending = pending != state_.pending.end() && !pending->second.edits.empty();
  out.newest_commit = newest_commit(state_);
  return out;
}

commands::Site DeskSite::site() { return {*this, state_.house.mail_engine(), state_.house.names(), *this}; }

}  // namespace postern::desk
