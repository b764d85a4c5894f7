// Values that this machine's disk has lost: the others still have them, and ship them again.
#include "cluster/core.h"

#include <algorithm>

namespace postern::cluster {

/// To the other's eyes this machine holds their chains only up to before the first commit whose value is lost. It ships
/// from there on, and all but what is lost is known here.
void Peer::Core::ask_for_lost(const Link& to) {
  if (!values_lost || now.mono_ms < lost_again_at) return;
  lost_again_at = now.mono_ms + tuning.sync_retry_ms;
  std::map<ChainId, std::uint64_t> first;
  for (const auto& [reg, state] : builder.state().all()) {
    for (const Head& head : state.heads) {
      if (head.value.is_nil() || builder.state().blob(head.value) != nullptr) continue;
      std::uint64_t& seq = first.try_emplace(chain_of(head.dot), head.dot.seq).first->second;
      seq = std::min(seq, head.dot.seq);
    }
  }
  Vector vector;
  for (Tip tip : history.vector()) {
    const auto lost = first.find(chain_of(tip));
    if (lost != first.end()) {
      const Record* before = history.at(lost->first, lost->second - 1);
      if (before == nullptr) continue;
      tip.seq = before->info.dot.seq;
      tip.hash = before->info.hash;
    }
    vector.push_back(tip);
  }
  std::sort(vector.begin(), vector.end());
  send(to.id, Pull{std::move(vector)});
}

/// Of a commit that is here already: of its values those that are not.
void Peer::Core::take_lost(const Record& record, const std::vector<std::string>& values) {
  Values found;
  auto next = values.begin();
  for (const Write& write : record.info.header.writes) {
    if (write.value.is_nil()) continue;
    if (next == values.end()) break;
    if (base::hash_bytes(*next) == write.value && builder.supply(write.value, *next)) found.emplace(write.value, *next);
    ++next;
  }
  if (found.empty()) return;
  persist().flush = true;
  persist().values.insert(found.begin(), found.end());
  for (const auto& [reg, state] : builder.state().all()) {
    const Head* shown = state.shown();
    if (shown != nullptr && found.count(shown->value) != 0) changed.insert(reg);
  }
  note_admissions(record.info.header, record.info.hash, found);
  fleet_stale = true;
  values_lost = !builder.missing_values().empty();
}

}  // namespace postern::cluster
