#include "cluster/context.h"

#include "base/assert.h"

#include <algorithm>

namespace postern::cluster {

ChainNumber Contexts::add_chain() {
  chains_.emplace_back();
  return static_cast<ChainNumber>(chains_.size() - 1);
}

void Contexts::add(ChainNumber chain, const std::vector<Place>& seen_too) {
  const Place self{chain, chains_[chain].gains.size() + 1};
  Gain gain;
  for (const Place& source : seen_too) gather(source, self, gain);
  std::vector<Place>& gains = chains_[chain].gains.emplace_back();
  for (const auto& [other, seq] : gain) {
    gains.push_back({other, seq});
    chains_[chain].others[other].push_back({self.seq, seq});
  }
}

std::uint64_t Contexts::seen(Place of, ChainNumber other) const {
  if (of.chain == other) return of.seq - 1;
  const auto& others = chains_[of.chain].others;
  const auto found = others.find(other);
  if (found == others.end()) return 0;
  const std::vector<Step>& steps = found->second;
  const auto after = std::upper_bound(steps.begin(), steps.end(), of.seq,
                                      [](std::uint64_t seq, const Step& step) { return seq < step.own_seq; });
  return after == steps.begin() ? 0 : std::prev(after)->seen;
}

void Contexts::raise(Place source, Place self, Gain& gain) const {
  if (source.chain == self.chain) return;
  if (source.seq <= seen(self, source.chain)) return;
  std::uint64_t& best = gain[source.chain];
  best = std::max(best, source.seq);
}

/// What the chain knew of the source's chain before, it knew with its context: only what the
/// source's chain gained since then can be news.
void Contexts::gather(Place source, Place self, Gain& gain) const {
  POSTERN_ASSERT(source.seq >= 1 && source.seq <= chains_[source.chain].gains.size());
  if (source.chain == self.chain) return;
  raise(source, self, gain);
  const std::uint64_t known = seen(self, source.chain);
  if (known == 0) {
    for (const auto& [other, steps] : chains_[source.chain].others) {
      const std::uint64_t seq = seen(source, other);
      if (seq > 0) raise({other, seq}, self, gain);
    }
    return;
  }
  for (std::uint64_t seq = known; seq < source.seq; ++seq) {
    for (const Place& gained : chains_[source.chain].gains[seq]) raise(gained, self, gain);
  }
}

}  // namespace postern::cluster
