// Vectors: who lacks what, and rounds of what is lacking.
#include "cluster/core.h"
#include "cluster/planted.h"

#include <algorithm>

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
    at[chain] = std::min(reach(to, chain), length);
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
    const Dot dot = record.info.header.dot;
    std::uint64_t& have = at[chain_of(dot)];
    if (dot.seq != have + 1) continue;
    if (last != nullptr && last != &record && !history.saw(*last, dot)) continue;
    have = dot.seq;
    bytes += record.bytes;
    to.round = {chain_of(dot), dot.seq};
    to.sent[chain_of(dot)] = dot.seq;
    if (out.ships.size() > first_ship &&
        chain_of(dot) == ChainId{out.ships.back().member, out.ships.back().incarnation}) {
      out.ships.back().to_seq = dot.seq;
    } else {
      out.ships.push_back({to.id, dot.member, dot.incarnation, dot.seq, dot.seq});
    }
  }
  to.round_retry_at = now.mono_ms + (tuning.sync_retry_ms << std::min(to.round_tries, 5)) +
                      static_cast<std::int64_t>(bytes) / slow_line;
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

void Peer::Core::merge_stored(const base::MemberId& member, const Vector& vector) {
  Known& stored = others[member].stored;
  for (const Tip& tip : vector) {
    std::uint64_t& seq = stored[{tip.member, tip.incarnation}];
    seq = std::max(seq, tip.seq);
  }
}

/// A Hello makes the other drop what it holds staged and the Hello does not name: of our own chains
/// it holds for sure only what is durable here.
void Peer::Core::forget_stored(const base::MemberId& member) {
  if (planted(Planted::count_forgets_drop)) return;
  for (auto& [chain, seq] : others[member].stored) {
    if (chain.first == self.member) seq = std::min(seq, history.length(chain));
  }
}

/// Was this said before a Hello of ours that makes it untrue? Such a Hello went, or may still be on
/// its way, on another link of the same machine.
bool Peer::Core::outdated(const Link& from, const Tip& tip) const {
  if (tip.member != self.member || planted(Planted::count_forgets_drop)) return false;
  return std::any_of(links.begin(), links.end(), [&](const auto& entry) {
    const Link& other = entry.second;
    return other.member == from.member && other.id != from.id &&
           (other.id > from.id || !other.answered) &&
           known_seq(other.said, {tip.member, tip.incarnation}) < tip.seq;
  });
}

/// What it says now is what counts: what we believed of it beyond may never have arrived.
void Peer::Core::replace_known(Link& from, const Vector& vector) {
  from.has = to_known(vector);
  from.sent.clear();
  from.round.reset();
  merge_stored(from.member, vector);
  learn(vector);
}

void Peer::Core::compare(Link& from, const Vector& vector) {
  replace_known(from, vector);
  const bool more = std::any_of(vector.begin(), vector.end(), [this](const Tip& tip) {
    return tip.seq > history.length({tip.member, tip.incarnation});
  });
  if (more) pull(from);
  push(from);
}

void Peer::Core::on_ack(Link& from, const Ack& ack) {
  for (const Tip& tip : ack.stored) {
    if (!outdated(from, tip)) merge_stored(from.member, {tip});
    std::uint64_t& has = from.has[{tip.member, tip.incarnation}];
    has = std::max(has, tip.seq);
  }
  from.missed_ack = false;
  if (from.round && known_seq(from.has, from.round->first) >= from.round->second) {
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
    return std::pair(a->member < self.member, a->member) <
           std::pair(b->member < self.member, b->member);
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
