// Forks: one dot, several hashes. Which branch keeps the name, and what names mean elsewhere
// (contract 2.2).
#include "cluster/history.h"
#include "cluster/planted.h"

#include <algorithm>

namespace postern::cluster {

/// The chain of its predecessor, or the one that it begins.
ChainId History::parent_chain(const Header& header) const {
  const Record* prev = header.dot.seq == 1 ? nullptr : find(header.prev);
  if (prev == nullptr || prev->info.dot.seq + 1 != header.dot.seq) return chain_of(header.dot);
  return chain_of(prev->info.dot);
}

const Record* History::rival(const Header& header) const { return at(parent_chain(header), header.dot.seq); }

bool History::renames(const Header& header, const base::Hash& hash) const {
  const Record* other = rival(header);
  return other != nullptr && hash < other->info.hash && !planted(Planted::late_branch_renamed);
}

/// A branch bears the hash of its first commit, so no two chains can have one name, whatever incarnations
/// their authors choose.
ChainId History::chain_for(const Header& header, const base::Hash& hash) const {
  ChainId chain = parent_chain(header);
  if (rival(header) == nullptr && branch_firsts_.count(hash) == 0) return chain;
  chain.branch = planted(Planted::branch_by_predecessor) ? header.prev : hash;
  return chains_.count(chain) == 0 ? chain : ChainId{chain.member, chain.incarnation, hash};
}

/// All anew, for with a branch's name its branches' names change, and who had seen what is kept by chain. Rare.
History History::renamed_for(const Header& header) const {
  History out;
  out.branch_firsts_ = branch_firsts_;
  out.branch_firsts_.insert(rival(header)->info.hash);
  for (const Record* record : order_) out.add(record->info.header, record->info.hash);
  return out;
}

void History::raise(Known& known, const Record& held) const {
  for (const Record* at = &held; at != nullptr;) {
    const ChainId id = chain_of(at->info.dot);
    std::uint64_t& seq = known[id];
    seq = std::max(seq, at->info.dot.seq);
    const Chain& chain = chains_.at(id);
    at = chain.before == 0 ? nullptr : find(chain.records.front()->info.header.prev);
  }
}

Known History::understood(const Vector& vector) const {
  Known known;
  for (const Tip& tip : vector) {
    const ChainId chain = chain_of(tip);
    if (const Record* record = find(tip.hash)) {
      raise(known, *record);
    } else if (tip.seq > length(chain) || planted(Planted::branches_by_number)) {
      std::uint64_t& seq = known[chain];
      seq = std::max(seq, tip.seq);
    }
  }
  return known;
}

Known History::renamed(const Known& known, const History& before) const {
  Known out;
  for (const auto& [chain, seq] : known) {
    const Record* was = before.at(chain, std::min(seq, before.length(chain)));
    if (was != nullptr) raise(out, *find(was->info.hash));
  }
  return out;
}

bool History::covered(const Record& what, const Vector& vector) const {
  const Dot& dot = what.info.dot;
  auto tip = std::lower_bound(vector.begin(), vector.end(), dot.member,
                              [](const Tip& one, const base::MemberId& member) { return one.member < member; });
  for (; tip != vector.end() && tip->member == dot.member; ++tip) {
    const Record* record = find(tip->hash);
    if (record == &what) return true;
    if (record != nullptr && contexts_.contains(record->place, what.place)) return true;
    if (record == nullptr && chain_of(*tip) == chain_of(dot) && tip->seq > length(chain_of(dot))) return true;
  }
  return false;
}

bool History::saw_lesser_twin(const Record& by, const Record& what) const {
  const std::vector<ChainId> chains = chains_of(what.info.dot.member);
  return std::any_of(chains.begin(), chains.end(), [&](const ChainId& chain) {
    const Record* twin = at(chain, what.info.dot.seq);
    if (twin == nullptr || twin->info.header.dot != what.info.header.dot) return false;
    if (what.info.dot.seq > 1 && twin->info.header.prev != what.info.header.prev) return false;
    return twin->info.hash < what.info.hash && contexts_.contains(by.place, twin->place);
  });
}

/// Only a branch's first commit can have another name for somebody else: what is least here is least
/// everywhere. Nil when it kept the incarnation's name.
base::Hash History::branch_to(const Record& by, const Record& what) const {
  for (const Record* at = &what;;) {
    const Record& first = *chains_.at(chain_of(at->info.dot)).records.front();
    if (branch_firsts_.count(first.info.hash) == 0) return {};
    if (saw_lesser_twin(by, first)) return first.info.hash;
    if (first.info.dot.seq == 1) return {};
    at = find(first.info.header.prev);
  }
}

const Record* History::meant(const Record& by, const Dot& dot) const {
  for (const ChainId& chain : chains_of(dot.member)) {
    const Record* one = at(chain, dot.seq);
    if (one != nullptr && contexts_.contains(by.place, one->place) && dot.incarnation == one->info.dot.incarnation &&
        branch_to(by, *one) == dot.branch)
      return one;
  }
  return nullptr;
}

}  // namespace postern::cluster
