// Vectors: who lacks what, and rounds of what is lacking.
#include "cluster/core.h"
#include "cluster/planted.h"

#include <algorithm>
#include <utility>

namespace postern::cluster {
namespace {

constexpr std::size_t round_bytes = 1U << 20;
/// A round may take this long on a slow line (bytes a millisecond) before it is tried again.
constexpr std::int64_t slow_line = 100;
constexpr std::size_t checked_at_once = 8;
constexpr std::size_t ring = 2;

}  // namespace

std::uint64_t Peer::Core::reach(const Link& to, const ChainId& chain) const {
  return std::max(known_seq(to.has, chain), known_seq(to.sent, chain));
}

/// One round of what the other lacks, in causal order. The next one follows its Ack.
void Peer::Core::push(Link& to) {
  if (to.round || (!to.live && !to.leaving)) return;
  Known at;
  std::size_t from = history.size();
  for (const auto& [chain, length] : history.known()) {
    at[chain] = std::max(std::min(reach(to, chain), length), history.before(chain));
    if (at[chain] < length) from = std::min(from, history.at(chain, at[chain] + 1)->order);
  }
  const auto removal = admissions.find(to.member) == admissions.end() || !to.leaving
                           ? nullptr
                           : builder.state().find(member_register(to.member, "life"));
  const Record* last = removal == nullptr ? nullptr : history.find(removal->heads.front().commit);
  std::size_t bytes = 0;
  const std::size_t first_ship = out.ships.size();
  for (; from < history.size() && bytes < round_bytes; ++from) {
    const Record& record = *history.order()[from];
    const Dot dot = record.info.dot;
    std::uint64_t& have = at[chain_of(dot)];
    if (dot.seq != have + 1) continue;
    if (last != nullptr && last != &record && !history.saw(*last, dot)) continue;
    have = dot.seq;
    bytes += record.bytes;
    to.round = record.info.hash;
    to.sent[chain_of(dot)] = dot.seq;
    if (out.ships.size() == first_ship) out.ships.push_back({to.id, {}});
    out.ships.back().commits.push_back(record.info.hash);
  }
  to.round_retry_at =
      now.mono_ms + (tuning.sync_retry_ms << std::min(to.round_tries, 5)) + static_cast<std::int64_t>(bytes) / slow_line;
}

void Peer::Core::pull(Link& from) {
  if (now.mono_ms < from.pull_again_at) return;
  from.pull_again_at = now.mono_ms + tuning.sync_retry_ms;
  send(from.id, Pull{history.vector()});
  check_soon();
}

void Peer::Core::summarize(Link& to) {
  if (now.mono_ms < to.summary_again_at) return;
  to.summary_again_at = now.mono_ms + tuning.sync_retry_ms;
  send(to.id, Summary{history.vector()});
}

/// What it says now is what counts: what we believed of it beyond may never have arrived.
void Peer::Core::replace_known(Link& from, const Vector& vector) {
  from.has = history.understood(vector);
  from.sent.clear();
  from.round.reset();
  merge_stored(from.member, vector);
  learn(from.member, vector);
}

void Peer::Core::compare(Link& from, const Vector& vector) {
  replace_known(from, vector);
  const bool more = std::any_of(vector.begin(), vector.end(), [this](const Tip& tip) {
    if (planted(Planted::branches_by_number)) return tip.seq > history.length({tip.member, tip.incarnation});
    return history.find(tip.hash) == nullptr;
  });
  if (more) pull(from);
  push(from);
}

/// A look at a vector goes over all chains, and may send a round: at most a few a second, whatever is asked.
void Peer::Core::look_at_vectors(Link& from) {
  if (now.mono_ms < from.vectors_again_at || (!from.pulled && !from.summary)) return;
  from.vectors_again_at = now.mono_ms + tuning.sync_retry_ms / 4;
  if (const auto asked = std::exchange(from.pulled, std::nullopt)) {
    replace_known(from, *asked);
    push(from);
  }
  if (const auto summary = std::exchange(from.summary, std::nullopt)) compare(from, *summary);
}

void Peer::Core::on_ack(Link& from, const Ack& ack) {
  for (const Tip& tip : ack.stored) {
    note_stored(from, tip);
    // Of a chain that is not here it acknowledges nothing: it was not shipped that, and may name any number of them.
    const bool ours = chain_of(tip) == ChainId{self.member, incarnation};
    if (!ours && history.find(tip.hash) == nullptr && history.length(chain_of(tip)) == 0) continue;
    for (const auto& [chain, seq] : history.understood({tip})) from.has[chain] = std::max(from.has[chain], seq);
  }
  from.missed_ack = false;
  const Record* last = from.round ? history.find(*from.round) : nullptr;
  if (last != nullptr && known_seq(from.has, chain_of(last->info.dot)) >= last->info.dot.seq) {
    from.round.reset();
    from.round_tries = 0;
    push(from);
  }
  leave_done(from);
}

/// After a quiet moment, and at the latest after four, look whether the others have the same.
void Peer::Core::check_soon() {
  if (dirty_since == 0) dirty_since = std::max<std::int64_t>(now.mono_ms, 1);
  const std::int64_t latest = dirty_since + 4 * tuning.sync_retry_ms;
  check_at = std::max(now.mono_ms + 1, std::min(now.mono_ms + tuning.sync_retry_ms, latest));
}

/// Links whose last digest is not ours: all when they are few, else the next ones of the ring of
/// members, so that a fleet's check costs a few messages a machine.
std::vector<Link*> Peer::Core::unequal_links() {
  std::vector<Link*> unequal;
  for (Link* to : live_links()) {
    if (!to->round && to->digest != history.digest()) unequal.push_back(to);
  }
  if (unequal.size() <= checked_at_once) return unequal;
  std::sort(unequal.begin(), unequal.end(), [this](const Link* a, const Link* b) {
    return std::pair(a->member < self.member, a->member) < std::pair(b->member < self.member, b->member);
  });
  unequal.resize(ring);
  return unequal;
}

void Peer::Core::check_others() {
  check_at = 0;
  dirty_since = 0;
  const std::vector<Link*> unequal = unequal_links();
  for (Link* to : unequal) ping(*to);
  if (unequal.empty()) return;
  check_tries = std::min(check_tries + 1, 6);
  check_at = now.mono_ms + std::min(tuning.sync_retry_ms << check_tries, tuning.ping_ms);
}

}  // namespace postern::cluster
