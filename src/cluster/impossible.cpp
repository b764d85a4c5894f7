// What no honest author commits over what it had seen.
#include "cluster/core.h"
#include "cluster/graves.h"

#include <algorithm>

namespace postern::cluster {

/// What the author of a header had seen, looked up once for all that is asked of it: a header may have 256 parents and
/// write thousands of identities, each admitted many times. The same answer everywhere, for it depends on the context only.
class Peer::Core::Sight {
 public:
  Sight(const Core& core, const Header& header) : core_(core) {
    std::set<base::Hash> met;
    std::vector<const Header*> walk = {&header};
    const auto meet = [&](const base::Hash& seen) {
      if (!met.insert(seen).second) return;
      if (const Record* record = core.history.find(seen)) return records_.push_back(record);
      const auto found = core.held.find(seen);  // on its way to the disk before this one
      if (found == core.held.end()) return;
      walk.push_back(&found->second.header);
      for (const Write& write : found->second.header.writes)
        if (!is_settings(write.reg)) under_way_.insert(write.reg);
    };
    for (std::size_t next = 0; next < walk.size(); ++next) {
      const Header& at = *walk[next];
      meet(at.prev);
      for (const ParentRef& parent : at.parents) meet(parent.hash);
    }
  }

  /// Is that commit in the context?
  bool saw(const Dot& dot) {
    const Record* what = core_.history.at(dot);
    if (what == nullptr) return false;
    const auto [at, fresh] = seen_.try_emplace(what->place.chain, 0);
    if (fresh)
      for (const Record* record : records_) at->second = std::max(at->second, core_.history.seen(*record, at->first));
    return at->second >= what->place.seq;
  }
  /// Does a commit on its way to the disk write it?
  [[nodiscard]] bool under_way(const Register& reg) const { return under_way_.contains(reg); }

 private:
  const Core& core_;
  std::vector<const Record*> records_;
  std::set<Register> under_way_;
  std::map<ChainNumber, std::uint64_t> seen_;
};

/// Had its author seen that its membership ended? No honest machine commits then, and what came before the removal or
/// beside it stands (P14).
bool Peer::Core::knew_of_removal(const Header& header, Sight& sight) const {
  if (sight.under_way(member_register(header.dot.member, "life"))) return true;
  const auto graves = builder.graves({Space::member, header.dot.member.uuid});
  return std::any_of(graves.begin(), graves.end(), [&](const Dot& dot) { return sight.saw(dot); });
}

/// Does it write the identity of somebody whose admission its author had seen? Nobody is admitted twice but by machines
/// that did not know of each other; what comes beside an identity, a name and addresses, would else be anybody's word.
bool Peer::Core::admits_again(const Header& header, Sight& sight) const {
  return std::any_of(header.writes.begin(), header.writes.end(), [&](const Write& write) {
    if (!is_identity(write.reg)) return false;
    if (sight.under_way(write.reg)) return true;
    const auto known = admitted.find(base::MemberId{write.reg.id});
    if (known == admitted.end()) return false;
    return std::any_of(known->second.begin(), known->second.end(), [&](const base::Hash& hash) {
      const Record* record = history.find(hash);
      return record != nullptr && sight.saw(record->info.dot);
    });
  });
}

/// What no honest author commits over what it had seen. Empty, or what is wrong.
std::string Peer::Core::why_impossible(const Header& header) const {
  Sight sight(*this, header);
  if (knew_of_removal(header, sight)) return "its author had been removed from the cluster, and knew it";
  if (admits_again(header, sight)) return "it admits a machine that was a member before, and its author knew it";
  return {};
}

}  // namespace postern::cluster
