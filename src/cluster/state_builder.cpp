#include "cluster/state_builder.h"

#include "base/assert.h"
#include "cluster/planted.h"

#include <algorithm>
#include <utility>

namespace postern::cluster {

void StateBuilder::apply(const Record& record, const Values& values, std::set<Register>& changed) {
  before_.clear();
  const Header& header = record.info.header;
  bool groups_changed = false;
  for (const Write& what : header.writes) {
    write(record, what, values);
    groups_changed = groups_changed || what.reg.space == Space::group;
    if (planted(Planted::half_commit)) break;
  }
  if (groups_changed) revive_groups();
  for (const auto& [reg, was] : before_) {
    if (shown(reg) != was) changed.insert(reg);
  }
  state_.digest_.reset();
}

StateBuilder::Shown StateBuilder::shown(const Register& reg) const {
  const RegisterState* found = state_.find(reg);
  const Head* head = found == nullptr ? nullptr : found->shown();
  return head == nullptr ? Shown{} : Shown{head->kind, head->value};
}

void StateBuilder::touch(const Register& reg) {
  if (before_.count(reg) == 0) before_.emplace(reg, shown(reg));
}

void StateBuilder::write(const Record& record, const Write& write, const Values& values) {
  touch(write.reg);
  std::vector<Head>& heads = state_.registers_[write.reg].heads;
  const auto gone = [&](const Head& head) {
    bool seen = history_.saw(record, head.dot) || planted(Planted::ignore_context);
    if (planted(Planted::seen_heads_stay) && record.info.header.stamp < head.stamp) seen = false;
    if (seen) release(head.value);
    return seen;
  };
  heads.erase(std::remove_if(heads.begin(), heads.end(), gone), heads.end());
  const Dot& dot = planted(Planted::branches_share_name) ? record.info.header.dot : record.info.dot;
  Head head{dot, record.info.hash, record.info.header.stamp, write.kind, write.value, buried(write.reg, record)};
  const auto before =
      planted(Planted::order_decides) ? heads.begin() : std::lower_bound(heads.begin(), heads.end(), head, greater);
  heads.insert(before, head);
  if (planted(Planted::least_wins)) {
    std::sort(heads.begin(), heads.end(), greater);
    std::reverse(heads.begin(), heads.end());
  }
  refer(write.value, values);
  note_birth(write.reg, record);
  if (planted(Planted::delete_heads_only) && is_birth(write.reg)) mark_buried(*entity_of(write.reg));
  if (write.kind == WriteKind::remove) {
    const std::optional<Entity> entity = entity_of(write.reg);
    POSTERN_ASSERT(entity);
    std::vector<Dot>& graves = graves_[*entity];
    // Who has not seen a delete has not seen one that saw it: only the last ones decide, however many there were. But a
    // membership that ended stays so for whoever had seen any of its ends.
    if (entity->record != Space::member)
      graves.erase(std::remove_if(graves.begin(), graves.end(), [&](const Dot& grave) { return history_.saw(record, grave); }),
                   graves.end());
    graves.push_back(record.info.dot);
    mark_buried(*entity);
  }
}

void StateBuilder::refer(const base::Hash& value, const Values& values) {
  if (value.is_nil()) return;
  ++references_[value];
  if (state_.blobs_.count(value) != 0) return;
  const auto found = values.find(value);
  if (found != values.end()) state_.blobs_[value] = std::make_shared<const std::string>(found->second);
}

void StateBuilder::release(const base::Hash& value) {
  const auto found = references_.find(value);
  if (found == references_.end() || --found->second > 0) return;
  references_.erase(found);
  state_.blobs_.erase(value);
}

/// Has somebody who had seen every delete written the birth register again?
bool StateBuilder::restored(const Entity& entity, const std::function<bool(const Record&)>& unseen) const {
  const char* part = entity.record == Space::group ? "name" : "identity";
  const RegisterState* birth = state_.find({entity.record, entity.id, part});
  return birth != nullptr && std::any_of(birth->heads.begin(), birth->heads.end(), [&](const Head& head) {
           return head.kind == WriteKind::put && !unseen(*history_.find(head.commit));
         });
}

std::vector<Dot> StateBuilder::graves(const Entity& entity) const {
  const auto found = graves_.find(entity);
  return found == graves_.end() ? std::vector<Dot>() : found->second;
}

/// A write is buried iff some delete of its entity is not in its context; deletes themselves never
/// are. A membership that ended stays ended, whatever was seen: coming back is a new one (P14).
bool StateBuilder::buried(const Register& reg, const Record& by) const {
  const std::optional<Entity> entity = entity_of(reg);
  if (!entity || reg == life_of(*entity)) return false;
  if (entity->record == Space::group && revived_.count(reg.id) != 0) return false;
  const auto found = graves_.find(*entity);
  if (found == graves_.end()) return false;
  if (entity->record == Space::member && !planted(Planted::delete_heads_only)) return true;
  const std::vector<Dot>& graves = found->second;
  const auto unseen = [&](const Record& writer) {
    return std::any_of(graves.begin(), graves.end(), [&](const Dot& grave) { return !history_.saw(writer, grave); });
  };
  if (planted(Planted::delete_heads_only) && restored(*entity, unseen)) return false;
  return unseen(by);
}

void StateBuilder::mark_buried(Space space, const base::Uuid& id) {
  for (auto at = state_.registers_.lower_bound({space, id, ""});
       at != state_.registers_.end() && at->first.space == space && at->first.id == id; ++at) {
    touch(at->first);
    for (Head& head : at->second.heads) head.buried = buried(at->first, *history_.find(head.commit));
  }
}

void StateBuilder::mark_buried(const Entity& entity) {
  mark_buried(entity.record, entity.id);
  if (const auto space = settings_space(entity)) mark_buried(*space, entity.id);
}

void StateBuilder::note_birth(const Register& reg, const Record& record) {
  if (!is_birth(reg)) return;
  const Birth birth{record.info.header.stamp, record.info.dot};
  const auto [place, fresh] = state_.births_.emplace(reg, birth);
  if (!fresh) place->second = std::min(place->second, birth);
}

std::vector<GroupFate> StateBuilder::fates() const {
  std::vector<GroupFate> groups;
  for (const auto& [born, birth] : state_.births_) {
    const Register& reg = born;  // a name that a lambda may use (clang 14)
    if (reg.space != Space::group) continue;
    GroupFate fate{reg.id, birth, graves_.count({Space::group, reg.id}) != 0, std::nullopt};
    const std::vector<Head>& names = state_.find(reg)->heads;
    if (fate.dead) {
      fate.last_delete = state_.find(life_of({Space::group, reg.id}))->heads.front();
      fate.dead = std::none_of(names.begin(), names.end(), [&](const Head& head) {
        return head.kind == WriteKind::put && !buried(reg, *history_.find(head.commit));
      });
    }
    groups.push_back(fate);
  }
  return groups;
}

/// Rare: only when a group's record changed. All is worked out anew, so that it depends on S alone
/// and not on the order in which S came.
void StateBuilder::revive_groups() {
  const std::set<base::Uuid> before = std::move(revived_);
  revived_.clear();
  revived_ = revived_groups(fates());
  std::set<base::Uuid> affected = before;
  affected.insert(revived_.begin(), revived_.end());
  for (const base::Uuid& id : affected) mark_buried(Entity{Space::group, id});
}

void StateBuilder::begin_again(std::set<Register>& changed) {
  std::map<Register, Shown> before;
  for (const auto& [reg, heads] : state_.all()) before.emplace(reg, shown(reg));
  const State old = std::exchange(state_, {});
  graves_.clear();
  revived_.clear();
  references_.clear();
  std::set<Register> ignored;
  for (const Record* record : history_.order()) apply(*record, {}, ignored);
  for (const auto& [value, bytes] : old.blobs_) {
    if (references_.count(value) != 0) state_.blobs_[value] = bytes;
  }
  for (const auto& [reg, was] : before) {
    if (shown(reg) != was) changed.insert(reg);
  }
}

std::vector<base::Hash> StateBuilder::missing_values() const {
  std::vector<base::Hash> missing;
  for (const auto& [hash, count] : references_) {
    if (state_.blobs_.count(hash) == 0) missing.push_back(hash);
  }
  return missing;
}

bool StateBuilder::supply(const base::Hash& hash, std::string bytes) {
  if (references_.count(hash) == 0 || state_.blobs_.count(hash) != 0) return false;
  state_.blobs_[hash] = std::make_shared<const std::string>(std::move(bytes));
  return true;
}

}  // namespace postern::cluster
