#include "desk/commit.h"
#include "desk/run.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

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

void add_data_plane(const DataPlaneStatus& plane, json::object& out) {
  out["generation"] = plane.generation;
  out["data_plane"] = plane.problem.empty() ? "in force" : plane.problem;
  out["notes"] = lines_json(plane.notes);
  out["mta"] = plane.mta_running;
  out["queue"] = nullptr;
  if (plane.queue)
    out["queue"] = json::object{{"active", plane.queue->active},
                                {"deferred", plane.queue->deferred},
                                {"hold", plane.queue->hold}};
  out["measured_ms_ago"] = plane.age_ms;
}

void status(State& state, Session& session, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  status_of(state, runner_of(state, session, session.mode), [call](json::object out) { call.answer(std::move(out)); });
}

void stats(State& state, Session&, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  const cluster::Peer::Counters& peer = state.peer().counters();
  json::object counters;
  counters["desk.calls"] = state.calls;
  counters["desk.checks"] = state.verdicts.checks();
  counters["desk.sessions"] = state.sessions.size();
  counters["desk.waits"] = state.waits.size();
  counters["cluster.commits_authored"] = peer.commits_authored;
  counters["cluster.commits_received"] = peer.commits_received;
  counters["cluster.duplicates"] = peer.duplicates;
  counters["cluster.refused"] = peer.refused;
  counters["cluster.conflicts"] = peer.conflicts;
  counters["cluster.persists"] = peer.persists;
  counters["cluster.bytes_received"] = peer.bytes_received;
  counters["cluster.asked"] = peer.asked;
  counters["cluster.carried"] = peer.carried;
  state.house.stats([call, counters = std::move(counters)](const House::Stats& rooms) mutable {
    for (const auto& [name, value] : rooms) counters[name] = value;
    call.answer(json::object{{"counters", std::move(counters)}});
  });
}

void fingerprint(State& state, Session&, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  HostFingerprints prints = state.house.host_fingerprints();
  call.answer(json::object{{"sha256", std::move(prints.sha256)},
                           {"md5", std::move(prints.md5)},
                           {"line", state.house.host_key()}});
}

void addresses(State& state, Session&, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  call.answer(json::object{{"addresses", lines_json(state.house.host_addresses())}});
}

}  // namespace

json::object version_of(const State& state) {
  const cluster::Member* self = state.fleet().member(state.peer().self().member);
  return {{"host", host_of(state, state.peer().self().member)},
          {"serial", self == nullptr ? std::string() : self->identity.serial},
          {"version", state.house.version()}};
}

void status_of(State& state, const Runner& runner, std::function<void(json::object)> done) {
  const cluster::Fleet& fleet = state.fleet();
  const cluster::Member* self = fleet.member(state.peer().self().member);
  const cluster::Group* group = self == nullptr ? nullptr : fleet.group(self->group);
  const auto links = state.peer().links();
  const auto up =
      std::count_if(links.begin(), links.end(), [](const auto& link) { return link.live; });
  const bool clustered = !fleet.standalone();
  const auto pending = state.pending.find(runner.pending_key);
  json::object out = version_of(state);
  out["cluster"] = clustered ? json::value(fleet.cluster_name) : json::value(nullptr);
  out["group"] = clustered && group != nullptr ? json::value(group->name) : json::value(nullptr);
  out["mode_digest"] = base::to_text(mode_digest(state, runner.mode));
  out["digest"] = base::to_text(state.peer().state().digest());
  out["links"] = json::object{{"up", up}, {"of", links.size()}};
  out["sessions"] = state.sessions.size();
  out["pending"] = pending != state.pending.end() && !pending->second.edits.empty();
  out["newest_commit"] = newest_commit(state);
  state.house.measure([weak = state.weak_from_this(), done = std::move(done), out = std::move(out)]() mutable {
    const auto living = weak.lock();
    if (living == nullptr) return;
    add_data_plane(living->house.data_plane(), out);
    done(std::move(out));
  });
}

const std::vector<Method>& status_methods() {
  static const std::vector<Method> methods = {
      {"status", status},
      {"stats", stats},
      {"host.fingerprint", fingerprint},
      {"host.addresses", addresses},
  };
  return methods;
}

}  // namespace postern::desk
