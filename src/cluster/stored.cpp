// Acknowledgements: what is flushed here, and what is known to be flushed elsewhere.
#include "cluster/core.h"
#include "cluster/planted.h"

#include <algorithm>

namespace postern::cluster {

using Where = Held::Where;

/// Where the flushed ones that end in `one` start: the applied commit before them, or seq 0. Nothing when one
/// of them is not flushed as `by` shipped it: a tip stands for all before it. `found` remembers what was found of
/// the ones on the way, so that a chain is walked once.
std::optional<Tip> Peer::Core::base_of_staged(const Held& one, LinkId by, std::map<base::Hash, std::optional<Tip>>& found) const {
  std::vector<base::Hash> way;
  std::optional<Tip> base;
  for (const Held* at = &one; at != nullptr;) {
    if (const auto known = found.find(at->hash); known != found.end()) {
      base = known->second;
      break;
    }
    way.push_back(at->hash);
    if (at->where != Where::staged || !at->proved || at->from.count(by) == 0) break;
    const Dot& dot = at->header.dot;
    if (dot.seq == 1) {
      base = Tip{dot.member, dot.incarnation, 0, at->header.prev};
      break;
    }
    if (const Record* record = history.find(at->header.prev)) {
      const Dot& known = record->info.dot;
      base = Tip{known.member, known.incarnation, known.seq, record->info.hash, known.branch};
      break;
    }
    at = proved(at->header.prev);
  }
  for (const base::Hash& hash : way) found[hash] = base;
  return base;
}

/// The tip after those that are flushed beyond `tip` as `by` shipped them; nothing where one of them was passed
/// before, for then that end is told.
std::optional<Tip> Peer::Core::past_staged(Tip tip, base::Incarnation as_signed, LinkId by, std::set<base::Hash>& passed) const {
  for (bool more = true; more;) {
    more = false;
    const auto [first, last] = held_dots.equal_range({tip.member, as_signed, tip.seq + 1});
    for (auto at = first; at != last && !more; ++at) {
      const Held* next = proved(at->second);
      more = next != nullptr && next->where == Where::staged && next->from.count(by) != 0 && next->header.prev == tip.hash;
      if (!more) continue;
      if (!passed.insert(next->hash).second) return std::nullopt;
      tip = {tip.member, tip.incarnation, tip.seq + 1, next->hash, tip.branch};
    }
  }
  return tip;
}

/// The ends of the chains of what was told, as flushed here; and of each the last that was told itself, for the
/// end of a branch may be one that `by` does not know.
Vector Peer::Core::stored_tips(const std::set<base::Hash>& told, LinkId by) const {
  std::set<Tip> tips;
  std::map<ChainId, Tip> last;
  std::map<base::Hash, std::optional<Tip>> found;
  std::set<base::Hash> passed;
  for (const base::Hash& hash : told) {
    Tip from;
    base::Incarnation as_signed = 0;
    if (const Record* record = history.find(hash)) {
      const Dot& dot = record->info.dot;
      as_signed = record->info.header.dot.incarnation;
      const std::uint64_t end = history.length(chain_of(dot));
      const Record& newest = *history.at(chain_of(dot), end);
      from = {dot.member, dot.incarnation, end, newest.info.hash, dot.branch};
      Tip& exact = last[chain_of(dot)];
      exact = std::max(exact, Tip{dot.member, dot.incarnation, dot.seq, hash, dot.branch});
    } else if (const auto one = held.find(hash); one != held.end()) {
      const std::optional<Tip> base = base_of_staged(one->second, by, found);
      if (!base || !passed.insert(hash).second) continue;
      const Dot& dot = one->second.header.dot;
      as_signed = dot.incarnation;
      from = {base->member, base->incarnation, dot.seq, hash, base->branch};
    }
    const std::optional<Tip> end = past_staged(from, as_signed, by, passed);
    if (end && end->seq > 0) tips.insert(*end);
  }
  for (const auto& [chain, exact] : last) tips.insert(exact);
  return {tips.begin(), tips.end()};
}

void Peer::Core::send_acks() {
  for (const auto& [to, told] : acks) {
    if (link(to) == nullptr) continue;
    Ack message{stored_tips(told, to)};
    if (!message.stored.empty()) send(to, std::move(message));
  }
  acks.clear();
}

void Peer::Core::merge_stored(const base::MemberId& member, const Vector& vector) {
  Known& stored = others[member].stored;
  for (const Tip& tip : vector) {
    if (const Record* record = history.find(tip.hash)) history.raise(stored, *record);
  }
}

/// As it will be known; beside a rival under no name that anything here has yet.
Dot Peer::Core::dot_of(const Flight& flight) const {
  const Flight& first = flights.front();
  Dot dot = flight.header.dot;
  if (first.header.dot.seq > 1) dot.branch = history.find(first.header.prev)->info.dot.branch;
  if (history.rival(first.header) != nullptr) dot.branch = first.hash;
  return dot;
}

/// An Ack's tip: of an applied commit, or of one whose flush is under way here.
void Peer::Core::note_stored(const Link& from, const Tip& tip) {
  if (const Record* record = history.find(tip.hash)) {
    if (!outdated(from, record->info.dot)) merge_stored(from.member, {tip});
    return;
  }
  const auto last =
      std::find_if(flights.begin(), flights.end(), [&tip](const Flight& flight) { return flight.hash == tip.hash; });
  if (last == flights.end() || outdated(from, dot_of(*last))) return;
  for (auto at = flights.begin(); at != std::next(last); ++at) at->stored.insert(from.member);
}

/// A Hello makes the other drop what it holds staged and the Hello does not name: of what is not durable here
/// it holds nothing for sure.
void Peer::Core::forget_stored(const base::MemberId& member) {
  if (planted(Planted::count_forgets_drop)) return;
  for (Flight& flight : flights) flight.stored.erase(member);
}

/// Was this said before a Hello of ours that makes it untrue? Such a Hello went, or may still be on
/// its way, on another link of the same machine.
bool Peer::Core::outdated(const Link& from, const Dot& dot) const {
  if (dot.member != self.member || planted(Planted::count_forgets_drop)) return false;
  return std::any_of(links.begin(), links.end(), [&](const auto& entry) {
    const Link& other = entry.second;
    return other.member == from.member && other.id != from.id && (other.id > from.id || !other.answered) &&
           known_seq(other.said, chain_of(dot)) < dot.seq;
  });
}

}  // namespace postern::cluster
