#pragma once

#include "cluster/state.h"

#include <map>
#include <optional>
#include <set>
#include <vector>

/// What deletes mean (contract 2.11): they bury for ever what had not seen them; groups have
/// successors.
namespace postern::cluster {

/// A thing that can be deleted, named by the space of its record.
struct Entity {
  Space record = Space::group;
  base::Uuid id;
  friend auto operator<=>(const Entity&, const Entity&) = default;
};
/// What a register belongs to; nothing for the cluster's own, which has no delete.
std::optional<Entity> entity_of(const Register& reg);
Register life_of(const Entity& entity);
/// Its settings' space, or none for a user.
std::optional<Space> settings_space(const Entity& entity);
/// Is this the register whose first write is the entity's birth?
bool is_birth(const Register& reg);
/// A member's: whoever writes it admits that member.
bool is_identity(const Register& reg);

/// One group as the deletes left it.
struct GroupFate {
  base::Uuid id;
  Birth birth;
  bool dead = false;
  std::optional<Head> last_delete;  ///< the greatest head of its life register
};
/// Dead groups that live nevertheless: in each cycle of successors the greatest delete decides and
/// the group it names lives; when no group lives at all, the oldest does.
std::set<base::Uuid> revived_groups(const std::vector<GroupFate>& groups);
/// Where machines of dead groups are. Made once for all groups, in their number's time: whoever deletes thousands, each
/// with the next as its successor, must not cost more than they do.
class GroupPaths {
 public:
  /// `groups` must outlive it.
  explicit GroupPaths(const std::vector<GroupFate>& groups);
  /// Where a machine assigned to `id` is: the first live group along the successors, else the oldest
  /// live one. Null only when there is no group at all.
  [[nodiscard]] const GroupFate* resolve(const base::Uuid& id) const;

 private:
  std::map<base::Uuid, const GroupFate*> ends_;  ///< the first live group along the successors; null: none
  const GroupFate* oldest_ = nullptr;            ///< of the live ones
};

}  // namespace postern::cluster
