// New chains of commits: who begins them is measured, and what is measured out waits for its turn.
#include "cluster/core.h"
#include "cluster/planted.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::cluster {

using Where = Held::Where;

/// Also beside one that is on its way to the disk.
bool Peer::Core::begins_chain(const Held& one) const {
  if (history.begins_chain(one.header)) return true;
  const auto [first, last] = held_dots.equal_range(one.header.dot);
  return std::any_of(first, last, [&](const auto& entry) {
    const Held& other = held.at(entry.second);
    return other.hash != one.hash && other.header.prev == one.header.prev && other.where == Where::persisting;
  });
}

/// Every chain costs all members for ever: a tip in each vector, a parent of somebody's next commit, a head.
/// A member begins few; who begins many is measured out, and what nobody else has seen waits. What others want is taken
/// from a room that all share, for whoever wants it may be an accomplice; then each has his own.
bool Peer::Core::may_begin(const Held& one) {
  const base::MemberId& member = one.header.dot.member;
  if (one.visible || member == self.member || !begins_chain(one)) return true;
  if (planted(Planted::chains_without_measure)) return true;
  if (!vouched) vouched.emplace(tuning.vouched_burst, tuning.vouched_refill_ms);
  if (one.wanted && vouched->take(now.mono_ms)) return true;
  if (pace_of(member).take(now.mono_ms)) {
    others[root_of(member)].began_at = now.mono_ms;
    return true;
  }
  deferred.insert(one.hash);
  const std::int64_t refill_ms = one.wanted ? tuning.vouched_refill_ms : tuning.chain_refill_ms;
  if (deferred_at == 0 || deferred_at > now.mono_ms + refill_ms) deferred_at = now.mono_ms + refill_ms;
  if (std::exchange(others[member].pace_alerted, true)) return false;
  alert(Alert::Grade::critical, "chains", member,
        fmt::format("{} begins more and more chains of commits at once, as no sound machine does. "
                    "They are taken slowly here. Remove that machine from the cluster if it goes "
                    "on.",
                    host_of(member)));
  return false;
}

/// A member's own chains have a measure of their own: those whom it admitted share another, or one of them that lies would
/// keep back whoever let it in, and with that the removal.
Pace& Peer::Core::pace_of(const base::MemberId& member) {
  const Pace fresh(tuning.chains_burst, tuning.chain_refill_ms);
  const base::MemberId house = house_of(member);
  return (house == member ? paces : guest_paces).try_emplace(house, fresh).first->second;
}

/// Who answers for what it begins.
base::MemberId Peer::Core::house_of(const base::MemberId& member) const {
  const auto found = houses.find(member);
  return found == houses.end() ? member : found->second;
}

/// The one of its house's own guests that it comes from: so many puppets have one turn.
base::MemberId Peer::Core::root_of(const base::MemberId& member) const {
  const auto found = roots.find(member);
  return found == roots.end() ? member : found->second;
}

/// One of each author in turn, and first of whom has waited longest: what one begins without end keeps back no other.
void Peer::Core::try_deferred() {
  deferred_at = 0;
  std::map<base::MemberId, std::deque<base::Hash>> of_author;
  for (const base::Hash& hash : std::exchange(deferred, {}))
    if (const auto one = held.find(hash); one != held.end()) of_author[root_of(one->second.header.dot.member)].push_back(hash);
  std::vector<std::pair<std::int64_t, base::MemberId>> turn;
  turn.reserve(of_author.size());
  for (const auto& [author, hashes] : of_author) turn.emplace_back(others[author].began_at, author);
  std::sort(turn.begin(), turn.end());
  while (!of_author.empty()) {
    for (const auto& [began_at, author] : turn) {
      const auto next = of_author.find(author);
      if (next == of_author.end()) continue;
      to_advance.push_back(next->second.front());
      next->second.pop_front();
      if (next->second.empty()) of_author.erase(next);
    }
  }
}

}  // namespace postern::cluster
