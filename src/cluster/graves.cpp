#include "cluster/graves.h"

#include "cluster/planted.h"

#include <algorithm>

namespace postern::cluster {
namespace {

base::Hash value_hash(const base::Uuid& id) {
  return base::hash_bytes({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

/// Of each dead group the place of the one that its last delete names, or nowhere. By the hash of the id, which the
/// header carries: the value itself may not be here yet.
std::vector<std::size_t> successors(const std::vector<GroupFate>& groups) {
  std::map<base::Hash, std::size_t> places;
  for (std::size_t at = 0; at < groups.size(); ++at) places.emplace(value_hash(groups[at].id), at);
  std::vector<std::size_t> next(groups.size(), nowhere);
  for (std::size_t at = 0; at < groups.size(); ++at) {
    if (!groups[at].dead || !groups[at].last_delete) continue;
    const auto found = places.find(groups[at].last_delete->value);
    if (found != places.end()) next[at] = found->second;
  }
  return next;
}

/// One group of each cycle of successors.
std::vector<std::size_t> cycles(const std::vector<std::size_t>& next) {
  std::vector<std::size_t> found;
  std::vector<std::size_t> walk(next.size(), nowhere);  // the walk on which it was met first
  for (std::size_t start = 0; start < next.size(); ++start) {
    std::size_t at = start;
    for (; at != nowhere && walk[at] == nowhere; at = next[at]) walk[at] = start;
    if (at != nowhere && walk[at] == start) found.push_back(at);
  }
  return found;
}

}  // namespace

std::optional<Entity> entity_of(const Register& reg) {
  switch (reg.space) {
    case Space::group_settings:
    case Space::group: return Entity{Space::group, reg.id};
    case Space::machine_settings:
    case Space::member: return Entity{Space::member, reg.id};
    case Space::user: return Entity{Space::user, reg.id};
    case Space::cluster_settings:
    case Space::cluster: break;
  }
  return std::nullopt;
}

Register life_of(const Entity& entity) { return {entity.record, entity.id, "life"}; }

std::optional<Space> settings_space(const Entity& entity) {
  if (entity.record == Space::group) return Space::group_settings;
  if (entity.record == Space::member) return Space::machine_settings;
  return std::nullopt;
}

bool is_identity(const Register& reg) { return reg.space == Space::member && reg.name == "identity"; }

bool is_birth(const Register& reg) {
  if (reg.space == Space::group) return reg.name == "name";
  return (reg.space == Space::member || reg.space == Space::user) && reg.name == "identity";
}

std::set<base::Uuid> revived_groups(const std::vector<GroupFate>& groups) {
  std::set<base::Uuid> revived;
  if (planted(Planted::no_successor_cycle)) return revived;
  const std::vector<std::size_t> next = successors(groups);
  const auto later = [&groups](std::size_t a, std::size_t b) { return greater(*groups[a].last_delete, *groups[b].last_delete); };
  for (const std::size_t start : cycles(next)) {
    std::size_t last = start;
    for (std::size_t at = next[start]; at != start; at = next[at]) {
      if (later(at, last)) last = at;
    }
    std::size_t at = start;
    do {  // one commit may hold several of its deletes: none of them is the greatest alone
      if (!later(last, at)) revived.insert(groups[next[at]].id);
      at = next[at];
    } while (at != start);
  }
  const bool some_live = std::any_of(groups.begin(), groups.end(), [](const auto& one) { return !one.dead; });
  if (!some_live && revived.empty() && !groups.empty()) {
    const auto oldest =
        std::min_element(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.birth < b.birth; });
    revived.insert(oldest->id);
  }
  return revived;
}

GroupPaths::GroupPaths(const std::vector<GroupFate>& groups) {
  for (const GroupFate& group : groups) {
    if (!group.dead && (oldest_ == nullptr || group.birth < oldest_->birth)) oldest_ = &group;
  }
  const std::vector<std::size_t> next = successors(groups);
  std::vector<bool> met(groups.size(), false);
  for (std::size_t start = 0; start < groups.size(); ++start) {
    std::vector<std::size_t> way;
    std::size_t at = start;
    for (; at != nowhere && !met[at]; at = next[at]) {
      met[at] = true;
      way.push_back(at);
      if (!groups[at].dead) break;
    }
    const GroupFate* end = nullptr;
    if (!way.empty() && !groups[way.back()].dead) {
      end = &groups[way.back()];
    } else if (at != nowhere) {
      const auto known = ends_.find(groups[at].id);  // not yet, when it is on this way: a cycle
      if (known != ends_.end()) end = known->second;
    }
    for (const std::size_t passed : way) ends_[groups[passed].id] = end;
  }
}

const GroupFate* GroupPaths::resolve(const base::Uuid& id) const {
  const auto found = ends_.find(id);
  return found != ends_.end() && found->second != nullptr ? found->second : oldest_;
}

}  // namespace postern::cluster
