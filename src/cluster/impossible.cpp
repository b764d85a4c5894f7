// What no honest author commits over what it had seen.
#include "cluster/core.h"
#include "cluster/graves.h"

#include <algorithm>

namespace postern::cluster {

/// Is one of these commits in its context, or one on its way to the disk that writes `reg`? The same answer everywhere,
/// for it depends on the commit's context only.
bool Peer::Core::has_seen(const Header& header, const Register& reg, const std::vector<Dot>& writers) const {
  std::set<base::Hash> met;
  std::vector<const Header*> walk = {&header};
  const auto writes = [&](const base::Hash& seen) {
    if (!met.insert(seen).second) return false;
    if (const Record* record = history.find(seen))
      return std::any_of(writers.begin(), writers.end(), [&](const Dot& writer) {
        return record->info.dot == writer || history.saw(*record, writer);
      });
    const auto found = held.find(seen);  // on its way to the disk before this one
    if (found == held.end()) return false;
    walk.push_back(&found->second.header);
    return find_write(found->second.header, reg) != nullptr;
  };
  for (std::size_t next = 0; next < walk.size(); ++next) {
    const Header& at = *walk[next];
    if (writes(at.prev)) return true;
    for (const ParentRef& parent : at.parents) {
      if (writes(parent.hash)) return true;
    }
  }
  return false;
}

/// Had its author seen that its membership ended? No honest machine commits then, and what came before the removal or
/// beside it stands (P14).
bool Peer::Core::knew_of_removal(const Header& header) const {
  return has_seen(header, member_register(header.dot.member, "life"),
                  builder.graves({Space::member, header.dot.member.uuid}));
}

/// Does it write the identity of somebody whose admission its author had seen? Nobody is admitted twice but by machines
/// that did not know of each other; what comes beside an identity, a name and addresses, would else be anybody's word.
bool Peer::Core::admits_again(const Header& header) const {
  return std::any_of(header.writes.begin(), header.writes.end(), [&](const Write& write) {
    if (!is_identity(write.reg)) return false;
    std::vector<Dot> writers;
    if (const auto known = admitted.find(base::MemberId{write.reg.id}); known != admitted.end()) {
      for (const base::Hash& hash : known->second)
        if (const Record* record = history.find(hash)) writers.push_back(record->info.dot);
    }
    return has_seen(header, write.reg, writers);
  });
}

/// What no honest author commits over what it had seen. Empty, or what is wrong.
std::string Peer::Core::why_impossible(const Header& header) const {
  if (knew_of_removal(header)) return "its author had been removed from the cluster, and knew it";
  if (admits_again(header)) return "it admits a machine that was a member before, and its author knew it";
  return {};
}

}  // namespace postern::cluster
