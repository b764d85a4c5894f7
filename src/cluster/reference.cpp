#include "cluster/reference.h"

#include "cluster/graves.h"

#include <algorithm>

namespace postern::cluster {
namespace {

bool has(const std::vector<base::Hash>& sorted, const base::Hash& hash) {
  return std::binary_search(sorted.begin(), sorted.end(), hash);
}

}  // namespace

/// Every commit's whole context, found by walking prev and parents.
Reference::Seen Reference::contexts() const {
  Seen seen;
  for (const auto& [hash, header] : commits_) {
    std::set<base::Hash> found;
    std::vector<const Header*> walk = {&header};
    while (!walk.empty()) {
      const Header* at = walk.back();
      walk.pop_back();
      std::vector<base::Hash> before;
      if (!at->prev.is_nil()) before.push_back(at->prev);
      for (const ParentRef& parent : at->parents) before.push_back(parent.hash);
      for (const base::Hash& one : before) {
        if (found.insert(one).second) walk.push_back(&commits_.at(one));
      }
    }
    seen[hash].assign(found.begin(), found.end());
  }
  return seen;
}

/// Of several that continue one commit under one dot, the least keeps the name.
Dot Reference::known_dot(const base::Hash& hash, std::map<base::Hash, Dot>& known) const {
  if (const auto found = known.find(hash); found != known.end()) return found->second;
  const Header& header = commits_.at(hash);
  const bool first = header.dot.seq == 1;
  Dot dot = first ? header.dot : known_dot(header.prev, known);
  dot.seq = header.dot.seq;
  const bool least = std::none_of(commits_.begin(), commits_.end(), [&](const auto& other) {
    return other.second.dot == header.dot && (first || other.second.prev == header.prev) && other.first < hash;
  });
  if (!least) dot.branch = hash;
  return known[hash] = dot;
}

/// A write is buried iff some delete of what it belongs to is not in its context; what belongs to a member, iff there
/// is one.
void Reference::bury(State& state, const Seen& seen, const std::vector<base::Uuid>& revived) const {
  for (auto& [reg, at] : state.registers_) {
    const auto entity = entity_of(reg);
    if (!entity || reg == life_of(*entity)) continue;
    const bool lives = entity->record == Space::group && std::count(revived.begin(), revived.end(), reg.id) > 0;
    for (Head& head : at.heads) {
      head.buried = !lives && std::any_of(commits_.begin(), commits_.end(), [&](const auto& commit) {
        return find_write(commit.second, life_of(*entity)) != nullptr &&
               (entity->record == Space::member || !has(seen.at(head.commit), commit.first));
      });
    }
  }
}

State Reference::state() const {
  const Seen seen = contexts();
  State state;
  std::map<base::Hash, Dot> known;
  for (const auto& [hash, header] : commits_) {
    const Dot dot = known_dot(hash, known);
    for (const Write& write : header.writes) {
      const Birth birth{header.stamp, dot};
      if (is_birth(write.reg)) {
        const auto [at, fresh] = state.births_.emplace(write.reg, birth);
        at->second = std::min(at->second, birth);
      }
      const auto seen_by_writer = [&, &mine = hash, &reg = write.reg](const auto& other) {
        return find_write(other.second, reg) != nullptr && has(seen.at(other.first), mine);
      };
      if (std::any_of(commits_.begin(), commits_.end(), seen_by_writer)) continue;
      state.registers_[write.reg].heads.push_back({dot, hash, header.stamp, write.kind, write.value, false});
    }
  }
  for (auto& [reg, at] : state.registers_) std::sort(at.heads.begin(), at.heads.end(), greater);
  bury(state, seen, {});
  std::vector<GroupFate> fates;
  for (const auto& [reg, birth] : state.births_) {
    if (reg.space != Space::group) continue;
    GroupFate fate{reg.id, birth, false, std::nullopt};
    const RegisterState* life = state.find(life_of({Space::group, reg.id}));
    if (life != nullptr) fate.last_delete = life->heads.front();
    const auto& names = state.find(reg)->heads;
    fate.dead = life != nullptr && std::none_of(names.begin(), names.end(),
                                                [](const Head& head) { return !head.buried && head.kind == WriteKind::put; });
    fates.push_back(fate);
  }
  const std::set<base::Uuid> revived = revived_groups(fates);
  bury(state, seen, {revived.begin(), revived.end()});
  return state;
}

}  // namespace postern::cluster
