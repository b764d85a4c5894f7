// What administrators think of: Admins' other half.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/fleet.h"
#include "sim/admins.h"
#include "sim/world.h"

namespace postern::sim {
namespace {

using cluster::WriteKind;

/// Few, so that administrators meet in the same registers.
const std::vector<std::string> features = {"smtproutes", "hostaccesstable", "localdomains"};

/// Deleted ones of a record space, by the register that bears their birth.
std::vector<base::Uuid> graves(const cluster::State& state, cluster::Space space, std::string_view birth) {
  std::vector<base::Uuid> out;
  for (const auto& [reg, now] : state.all())
    if (reg.space == space && reg.name == birth && !now.heads.empty() && now.shown() == nullptr) out.push_back(reg.id);
  return out;
}

}  // namespace

std::string Admins::draw_value() {
  // Now and then two people write the same words: byte-equal values are no conflict of meaning.
  if (random_.chance(50)) return "the same";
  return fmt::format("value {}", ++values_drawn_);
}

cluster::LocalCommit::Item Admins::item(cluster::Register reg, std::string value) const {
  return {std::move(reg), WriteKind::put, std::move(value), {}};
}

void Admins::take_bases(std::size_t machine, Items& items) const {
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.reg < b.reg; });
  const auto twice = [](const auto& a, const auto& b) { return a.reg == b.reg; };
  items.erase(std::unique(items.begin(), items.end(), twice), items.end());
  const cluster::State& state = world_.machine(machine).peer->state();
  for (auto& one : items) {
    const cluster::RegisterState* found = state.find(one.reg);
    one.base = found == nullptr ? std::vector<cluster::Dot>{} : found->base();
  }
}

Admins::Items Admins::draw_items(std::size_t machine) {
  const std::uint64_t kind = random_.below(100);
  if (kind < 70) return draw_settings(machine);
  if (kind < 88) return draw_group(machine);
  return kind < 96 ? draw_user(machine) : draw_restore(machine);
}

/// Whoever has seen all deletes of it brings it back by writing it again.
Admins::Items Admins::draw_restore(std::size_t machine) {
  const bool group = random_.chance(500);
  const cluster::Space space = group ? cluster::Space::group : cluster::Space::user;
  const std::string birth = group ? "name" : "identity";
  const std::vector<base::Uuid> dead = graves(world_.machine(machine).peer->state(), space, birth);
  if (dead.empty()) return {};
  return restored(machine, space, random_.pick(dead));
}

Admins::Items Admins::restored(std::size_t machine, cluster::Space space, const base::Uuid& id) {
  const bool group = space == cluster::Space::group;
  const std::string birth = group ? "name" : "identity";
  const cluster::RegisterState* now = world_.machine(machine).peer->state().find({space, id, birth});
  if (now == nullptr || now->shown() != nullptr) return {};
  Items items = {item({space, id, birth}, fmt::format("back{}", random_.below(4)))};
  if (!group && random_.chance(500)) items.push_back(item({space, id, "role"}, cluster::encode_role(cluster::Role::guest)));
  return items;
}

Admins::Items Admins::delete_all_but(const std::vector<cluster::Group>& groups, std::size_t kept) const {
  Items items;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == kept) continue;
    items.push_back(item(cluster::group_life_register(groups[i].id), cluster::encode_group(groups[kept].id)));
    items.back().kind = WriteKind::remove;
  }
  return items;
}

void Admins::end_of_groups() {
  const std::vector<std::size_t> there = awake();
  const std::size_t one = random_.pick(there);
  const std::size_t other = random_.pick(there);
  const std::vector<cluster::Group> groups = world_.machine(one).peer->fleet().groups;
  if (one == other) return;
  if (groups.size() < 2) {
    const base::GroupId fresh{random_.uuid()};
    return edit(one, {item(cluster::group_name_register(fresh), "second")}, 0);
  }
  edit(one, delete_all_but(groups, 0), random_.between(0, 30 * millisecond));
  edit(other, delete_all_but(groups, groups.size() - 1), random_.between(0, 30 * millisecond));
}

void Admins::feud() {
  const std::vector<std::size_t> there = awake();
  const std::size_t deleter = random_.pick(there);
  const std::size_t other = random_.pick(there);
  const std::vector<cluster::User> users = world_.machine(deleter).peer->fleet().users;
  if (users.empty() || deleter == other) return;
  const base::UserId id = random_.pick(users).id;
  cluster::LocalCommit::Item end = item(cluster::user_register(id, "life"), "");
  end.kind = WriteKind::remove;
  edit(deleter, {end}, random_.between(0, 30 * millisecond));
  edit(other, {item(cluster::user_register(id, "role"), cluster::encode_role(cluster::Role::administrator))},
       random_.between(0, 30 * millisecond));
  world_.timeline().after(random_.between(second, 6 * second), [this, deleter, id] {
    if (!settling_ && world_.machine(deleter).awake()) edit(deleter, restored(deleter, cluster::Space::user, id.uuid), 0);
  });
}

Admins::Items Admins::draw_settings(std::size_t machine) {
  const cluster::Fleet& fleet = world_.machine(machine).peer->fleet();
  std::vector<base::Mode> modes = {{base::Level::cluster, fleet.cluster.uuid}};
  modes.push_back(modes.front());  // the cluster's settings are those most changed
  for (const cluster::Group& group : fleet.groups) modes.push_back({base::Level::group, group.id.uuid});
  for (const cluster::Member& member : fleet.members) modes.push_back({base::Level::machine, member.id.uuid});
  Items items;
  const std::size_t count = random_.chance(400) ? 1 + static_cast<std::size_t>(random_.below(4)) : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const base::Mode mode = random_.pick(modes);
    const std::string& feature = random_.pick(features);
    items.push_back(item(cluster::settings_register(mode, feature), random_.chance(30) ? "" : draw_value()));
    if (random_.chance(120)) {
      items.back().kind = WriteKind::clear;
      items.back().value.clear();
    }
  }
  return items;
}

Admins::Items Admins::draw_group(std::size_t machine) {
  const cluster::Fleet& fleet = world_.machine(machine).peer->fleet();
  if (fleet.groups.empty() || fleet.members.empty()) return {};
  const std::uint64_t kind = random_.below(10);
  const base::GroupId some = random_.pick(fleet.groups).id;
  if (kind < 3 && fleet.groups.size() < 6) {
    const base::GroupId fresh{random_.uuid()};
    return {item(cluster::group_name_register(fresh), fmt::format("group{}", random_.below(4)))};
  }
  if (kind < 4) return {item(cluster::group_name_register(some), fmt::format("named{}", random_.below(4)))};
  if (kind < 8) return {item(cluster::member_register(random_.pick(fleet.members).id, "group"), cluster::encode_group(some))};
  const base::GroupId next = random_.pick(fleet.groups).id;
  if (next == some) return {};
  cluster::LocalCommit::Item end = item(cluster::group_life_register(some), cluster::encode_group(next));
  end.kind = WriteKind::remove;
  return {end};
}

Admins::Items Admins::draw_user(std::size_t machine) {
  const cluster::Fleet& fleet = world_.machine(machine).peer->fleet();
  const auto role = static_cast<cluster::Role>(random_.between(0, 3));
  if (fleet.users.size() < 2 || random_.chance(300)) {
    const base::UserId id{random_.uuid()};
    return {item(cluster::user_register(id, "identity"), fmt::format("user{}", random_.below(3))),
            item(cluster::user_register(id, "role"), cluster::encode_role(role))};
  }
  const base::UserId some = random_.pick(fleet.users).id;
  if (random_.chance(250)) {
    cluster::LocalCommit::Item end = item(cluster::user_register(some, "life"), "");
    end.kind = WriteKind::remove;
    return {end};
  }
  return {item(cluster::user_register(some, "role"), cluster::encode_role(role))};
}

}  // namespace postern::sim
