#include "cluster/fleet.h"

#include "base/words.h"
#include "cluster/graves.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace postern::cluster {
namespace {

using base::lower;
bool same(std::string_view a, std::string_view b) { return lower(a) == lower(b); }

template <class Items, class Match>
auto find_in(const Items& items, Match match) -> const typename Items::value_type* {
  const auto found = std::find_if(items.begin(), items.end(), match);
  return found == items.end() ? nullptr : &*found;
}

std::string text_of(const State& state, const Register& reg) {
  const auto value = state.value(reg);
  return value == nullptr ? std::string() : *value;
}

/// Shown as a value: not buried, not cleared.
bool is_set(const State& state, const Register& reg) {
  const RegisterState* found = state.find(reg);
  const Head* head = found == nullptr ? nullptr : found->shown();
  return head != nullptr && head->kind == WriteKind::put;
}

std::vector<GroupFate> read_fates(const State& state) {
  std::vector<GroupFate> fates;
  for (auto at = state.all().lower_bound({Space::group, {}, ""}); at != state.all().end() && at->first.space == Space::group;
       ++at) {
    if (!is_birth(at->first)) continue;
    GroupFate fate{at->first.id, *state.born(at->first), !is_set(state, at->first), std::nullopt};
    const RegisterState* life = state.find(life_of({Space::group, at->first.id}));
    if (life != nullptr && !life->heads.empty()) fate.last_delete = life->heads.front();
    fates.push_back(fate);
  }
  std::sort(fates.begin(), fates.end(), [](const auto& a, const auto& b) { return a.birth < b.birth; });
  return fates;
}

/// "usa", and for a later one of the same name "usa~2": a command that names it must mean one. What was tried for a
/// name is not tried again for the next of that name: there may be thousands.
class UniqueNames {
 public:
  std::string take(const std::string& name) {
    std::string unique = name;
    for (int& number = last_.try_emplace(lower(name), 1).first->second; !taken_.insert(lower(unique)).second;)
      unique = fmt::format("{}~{}", name, ++number);
    return unique;
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, int> last_;  ///< by name, the last number tried
};

std::vector<Group> read_groups(const State& state, const std::vector<GroupFate>& fates) {
  std::vector<Group> groups;
  UniqueNames names;
  for (const GroupFate& fate : fates) {
    if (fate.dead) continue;
    const base::GroupId id{fate.id};
    groups.push_back({id, names.take(text_of(state, group_name_register(id)))});
  }
  return groups;
}

Member read_member(const State& state, const GroupPaths& paths, const base::MemberId& id) {
  Member member;
  member.id = id;
  member.host_name = text_of(state, member_register(id, "name"));
  auto identity = decode_identity(text_of(state, member_register(id, "identity")));
  if (identity) member.identity = std::move(*identity);
  auto addresses = decode_addresses(text_of(state, member_register(id, "addresses")));
  if (addresses) member.addresses = std::move(*addresses);
  if (member.addresses.dial_host.empty()) member.addresses.dial_host = member.host_name;
  base::Uuid assigned;
  const std::string group = text_of(state, member_register(id, "group"));
  if (group.size() == assigned.bytes.size()) std::copy(group.begin(), group.end(), assigned.bytes.begin());
  const GroupFate* resolved = paths.resolve(assigned);
  if (resolved != nullptr) member.group = base::GroupId{resolved->id};
  return member;
}

std::vector<Member> read_members(const State& state, const std::vector<GroupFate>& fates) {
  std::vector<Member> members;
  const GroupPaths paths(fates);
  for (auto at = state.all().lower_bound({Space::member, {}, ""}); at != state.all().end() && at->first.space == Space::member;
       ++at) {
    if (!is_birth(at->first) || !is_set(state, at->first)) continue;
    members.push_back(read_member(state, paths, base::MemberId{at->first.id}));
  }
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
    return std::pair(lower(a.host_name), a.id) < std::pair(lower(b.host_name), b.id);
  });
  return members;
}

Role decode_role(std::string_view text) {
  for (const Role role : {Role::guest, Role::operator_, Role::administrator}) {
    if (text == role_name(role)) return role;
  }
  return Role::none;
}

/// Of concurrent roles the least counts, for nobody had decided between them.
Role least_role(const State& state, const Register& reg) {
  const RegisterState* found = state.find(reg);
  if (found == nullptr) return Role::none;
  std::optional<Role> least;
  for (const Head& head : found->heads) {
    if (head.buried) continue;
    const auto value = head.value.is_nil() ? nullptr : state.blob(head.value);
    const Role role = value == nullptr ? Role::none : decode_role(*value);
    least = least ? std::min(*least, role) : role;
  }
  return least.value_or(Role::none);
}

std::vector<std::string> decode_keys(const std::string& text) {
  std::vector<std::string> keys;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    if (end > from) keys.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return keys;
}

User read_user(const State& state, const base::UserId& id) {
  User user;
  user.id = id;
  user.name = text_of(state, user_register(id, "identity"));
  user.role = least_role(state, user_register(id, "role"));
  user.passphrase = text_of(state, user_register(id, "passphrase"));
  user.keys = decode_keys(text_of(state, user_register(id, "keys")));
  for (const char* part : {"role", "passphrase"}) {
    const RegisterState* found = state.find(user_register(id, part));
    if (found == nullptr) continue;
    const std::vector<Dot> dots = found->base();
    user.credential_dots.insert(user.credential_dots.end(), dots.begin(), dots.end());
  }
  return user;
}

/// Two live users of one name: the later one logs in; the other is locked, under a name of its own.
std::vector<User> read_users(const State& state) {
  std::vector<std::pair<Birth, User>> found;
  for (auto at = state.all().lower_bound({Space::user, {}, ""}); at != state.all().end(); ++at) {
    if (!is_birth(at->first) || !is_set(state, at->first)) continue;
    found.emplace_back(*state.born(at->first), read_user(state, base::UserId{at->first.id}));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return b.first < a.first; });
  UniqueNames names;
  std::vector<User> users;
  for (auto& [birth, user] : found) {
    const std::string unique = names.take(user.name);
    if (unique != user.name) user.role = Role::none;
    user.name = unique;
    users.push_back(std::move(user));
  }
  std::sort(users.begin(), users.end(), [](const User& a, const User& b) { return a.name < b.name; });
  return users;
}

}  // namespace

const Member* Fleet::member(const base::MemberId& id) const {
  const auto place = member_places.find(id);
  return place == member_places.end() ? nullptr : &members[place->second];
}
const Member* Fleet::member_by_host(std::string_view host_name) const {
  return find_in(members, [&](const Member& member) { return same(member.host_name, host_name); });
}
const Member* Fleet::member_by_serial(std::string_view serial) const {
  return find_in(members, [&](const Member& member) { return member.identity.serial == serial; });
}
const Group* Fleet::group(const base::GroupId& id) const {
  const auto place = group_places.find(id);
  return place == group_places.end() ? nullptr : &groups[place->second];
}
const Group* Fleet::group_by_name(std::string_view name) const {
  return find_in(groups, [&](const Group& group) { return same(group.name, name); });
}
const User* Fleet::user(const base::UserId& id) const {
  return find_in(users, [&](const User& user) { return user.id == id; });
}
const User* Fleet::user_by_name(std::string_view name) const {
  return find_in(users, [&](const User& user) { return user.name == name; });
}

Fleet read_fleet(const base::ClusterId& cluster, const State& state) {
  Fleet fleet;
  fleet.cluster = cluster;
  const Register name = cluster_name_register(cluster);
  fleet.cluster_name = state.is_lost(name) ? "(name lost)" : text_of(state, name);  // it has one: it is not standalone
  if (is_set(state, name)) fleet.named_wall_ms = state.find(name)->shown()->stamp.wall_ms();
  const std::vector<GroupFate> fates = read_fates(state);
  fleet.groups = read_groups(state, fates);
  fleet.members = read_members(state, fates);
  fleet.users = read_users(state);
  for (const Group& group : fleet.groups) fleet.group_places.emplace(group.id, fleet.group_places.size());
  for (const Member& member : fleet.members) fleet.member_places.emplace(member.id, fleet.member_places.size());
  return fleet;
}

Register cluster_name_register(const base::ClusterId& id) { return {Space::cluster, id.uuid, "name"}; }
Register group_name_register(const base::GroupId& id) { return {Space::group, id.uuid, "name"}; }
Register group_life_register(const base::GroupId& id) { return {Space::group, id.uuid, "life"}; }
Register member_register(const base::MemberId& id, std::string_view part) { return {Space::member, id.uuid, std::string(part)}; }
Register user_register(const base::UserId& id, std::string_view part) { return {Space::user, id.uuid, std::string(part)}; }

std::string encode_role(Role role) { return role_name(role); }
std::string encode_keys(const std::vector<std::string>& keys) {
  std::string out;
  for (const std::string& key : keys) out += key + '\n';
  return out;
}
std::string encode_group(const base::GroupId& group) { return {group.uuid.bytes.begin(), group.uuid.bytes.end()}; }

}  // namespace postern::cluster
