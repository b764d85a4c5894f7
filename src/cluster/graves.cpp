#include "cluster/graves.h"

#include "cluster/planted.h"

#include <algorithm>

namespace postern::cluster {
namespace {

base::Hash value_hash(const base::Uuid& id) {
  return base::hash_bytes({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

const GroupFate* find_group(const std::vector<GroupFate>& groups, const base::Uuid& id) {
  const auto found = std::find_if(groups.begin(), groups.end(),
                                  [&id](const GroupFate& group) { return group.id == id; });
  return found == groups.end() ? nullptr : &*found;
}

/// The dead groups of the cycle that `start` is part of; empty when it is in none.
std::vector<const GroupFate*> cycle_of(const std::vector<GroupFate>& groups,
                                       const GroupFate& start) {
  std::vector<const GroupFate*> cycle;
  const GroupFate* at = &start;
  while (at != nullptr && at->dead && cycle.size() <= groups.size()) {
    cycle.push_back(at);
    at = successor(groups, *at);
    if (at == &start) return cycle;
  }
  return {};
}

}  // namespace

std::optional<Entity> entity_of(const Register& reg) {
  switch (reg.space) {
    case Space::group_settings:
    case Space::group:
      return Entity{Space::group, reg.id};
    case Space::machine_settings:
    case Space::member:
      return Entity{Space::member, reg.id};
    case Space::user:
      return Entity{Space::user, reg.id};
    case Space::cluster_settings:
    case Space::cluster:
      break;
  }
  return std::nullopt;
}

Register life_of(const Entity& entity) {
  return {entity.record, entity.id, "life"};
}

std::optional<Space> settings_space(const Entity& entity) {
  if (entity.record == Space::group) return Space::group_settings;
  if (entity.record == Space::member) return Space::machine_settings;
  return std::nullopt;
}

bool is_birth(const Register& reg) {
  if (reg.space == Space::group) return reg.name == "name";
  return (reg.space == Space::member || reg.space == Space::user) && reg.name == "identity";
}

/// By the hash of the id, which the header carries: the value itself may not be here yet.
const GroupFate* successor(const std::vector<GroupFate>& groups, const GroupFate& dead) {
  if (!dead.last_delete || dead.last_delete->value.is_nil()) return nullptr;
  const auto found = std::find_if(groups.begin(), groups.end(), [&dead](const GroupFate& group) {
    return value_hash(group.id) == dead.last_delete->value;
  });
  return found == groups.end() ? nullptr : &*found;
}

std::set<base::Uuid> revived_groups(const std::vector<GroupFate>& groups) {
  std::set<base::Uuid> revived;
  if (planted(Planted::no_successor_cycle)) return revived;
  bool some_live = false;
  for (const GroupFate& group : groups) {
    some_live = some_live || !group.dead;
    const std::vector<const GroupFate*> cycle = cycle_of(groups, group);
    if (cycle.empty()) continue;
    const GroupFate* last = *std::min_element(
        cycle.begin(), cycle.end(),
        [](const auto* a, const auto* b) { return greater(*a->last_delete, *b->last_delete); });
    revived.insert(successor(groups, *last)->id);
  }
  if (!some_live && revived.empty() && !groups.empty()) {
    const auto oldest =
        std::min_element(groups.begin(), groups.end(),
                         [](const auto& a, const auto& b) { return a.birth < b.birth; });
    revived.insert(oldest->id);
  }
  return revived;
}

const GroupFate* resolve_group(const std::vector<GroupFate>& groups, const base::Uuid& id) {
  const GroupFate* at = find_group(groups, id);
  for (std::size_t steps = 0; at != nullptr && steps <= groups.size(); ++steps) {
    if (!at->dead) return at;
    at = successor(groups, *at);
  }
  const GroupFate* oldest = nullptr;
  for (const GroupFate& group : groups) {
    if (!group.dead && (oldest == nullptr || group.birth < oldest->birth)) oldest = &group;
  }
  return oldest;
}

}  // namespace postern::cluster
