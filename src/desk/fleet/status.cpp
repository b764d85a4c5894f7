#include "desk/settings/commit.h"
#include "desk/fleet/run.h"

#include <utility>

namespace postern::desk {
namespace {

/// The command, of the session's mode though it is this machine's: programs ask for it so, whatever the mode.
void status(State& state, Session& session, const Call& call, Params& params) {
  run_here(state, "status", caller_of(state, session, session.mode), params,
           [call](const base::Result<json::object>& answer) { answer ? call.answer(*answer) : call.refuse(answer.error()); });
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
  call.answer(
      json::object{{"sha256", std::move(prints.sha256)}, {"md5", std::move(prints.md5)}, {"line", state.house.host_key()}});
}

void addresses(State& state, Session&, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  call.answer(json::object{{"addresses", lines_json(state.house.host_addresses())}});
}

}  // namespace

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
