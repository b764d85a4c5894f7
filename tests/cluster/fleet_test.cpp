// Records: groups, members, users, and what deletes do to them (contract 2.11).
#include "cluster/context.h"
#include "cluster/world.h"

#include <gtest/gtest.h>

namespace postern::cluster {
namespace {

struct Groups : World {
  base::GroupId usa{uuid(0x310)};
  base::GroupId europe{uuid(0x311)};
  void make(int machine, base::GroupId id, const std::string& name) {
    commit(machine, {item(machine, group_name_register(id), name)});
    run();
  }
  void remove(int machine, base::GroupId id, base::GroupId successor) {
    commit(machine, {item(machine, group_life_register(id), encode_group(successor), WriteKind::remove)});
    run();
  }
  void assign(int machine, int who, base::GroupId id) {
    commit(machine, {item(machine, member_register(member_id(who), "group"), encode_group(id))});
    run();
  }
  Register in_group(base::GroupId id, const std::string& feature) {
    return settings_register({base::Level::group, id.uuid}, feature);
  }
  base::GroupId group_of(int machine, int who) { return at(machine).peer->fleet().member(member_id(who))->group; }
};

TEST(Fleet, IsReadFromTheFoundingCommit) {
  World world;
  world.found(2);
  const Fleet& fleet = world.at(1).peer->fleet();
  EXPECT_EQ(fleet.cluster_name, "americas");
  ASSERT_EQ(fleet.groups.size(), 1U);
  EXPECT_EQ(fleet.groups[0].name, "Main_Group");
  ASSERT_NE(fleet.member_by_host("MAIL1.example.com"), nullptr);
  EXPECT_EQ(fleet.member_by_serial("SERIAL-1")->id, member_id(1));
  ASSERT_NE(fleet.user_by_name("admin"), nullptr);
  EXPECT_EQ(fleet.user_by_name("admin")->role, Role::administrator);
  EXPECT_EQ(fleet.user_by_name("admin")->passphrase, "hash");
  EXPECT_EQ(fleet.user_by_name("admin")->credential_dots.size(), 2U);
}

TEST(Fleet, DeletedGroupsMachineGoesToTheSuccessor) {
  Groups world;
  world.found(2);
  world.make(0, world.usa, "usa");
  world.assign(0, 1, world.usa);
  EXPECT_EQ(world.group_of(1, 1), world.usa);
  world.remove(1, world.usa, world.main_group);
  EXPECT_EQ(world.group_of(0, 1), world.main_group);
  EXPECT_EQ(world.at(0).peer->fleet().group_by_name("usa"), nullptr);
  world.expect_equal();
}

TEST(Fleet, MachineMovedIntoAGroupDeletedElsewhereFollowsTheChain) {
  Groups world;
  world.found(2);
  world.make(0, world.usa, "usa");
  world.make(0, world.europe, "europe");
  world.cut(0, 1);
  world.assign(1, 1, world.usa);
  world.remove(0, world.usa, world.europe);
  world.remove(0, world.europe, world.main_group);
  world.connect_all();
  EXPECT_EQ(world.group_of(0, 1), world.main_group);
  EXPECT_EQ(world.group_of(1, 1), world.main_group);
  world.expect_equal();
}

TEST(Fleet, InACycleTheGreatestDeleteDecides) {
  Groups world;
  world.found(2);
  world.make(0, world.usa, "usa");
  world.commit(0, {world.item(0, world.in_group(world.usa, "f"), "usa's")});
  world.run();
  world.assign(0, 0, world.usa);
  world.cut(0, 1);
  world.remove(0, world.usa, world.main_group);
  world.pass(100);
  world.remove(1, world.main_group, world.usa);  // later: usa lives
  world.connect_all();
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(world.at(i).peer->fleet().groups.size(), 1U);
    EXPECT_EQ(world.at(i).peer->fleet().groups[0].name, "usa");
    EXPECT_EQ(world.group_of(i, 0), world.usa);
    EXPECT_EQ(world.group_of(i, 1), world.usa);
    EXPECT_EQ(world.shown(i, world.in_group(world.usa, "f")), "usa's") << "with its settings";
  }
  world.expect_equal();
}

TEST(Fleet, SettingsOfADeletedGroupAreBuriedUnlessTheySawTheDelete) {
  Groups world;
  world.found(2);
  world.make(0, world.usa, "usa");
  world.cut(0, 1);
  world.commit(1, {world.item(1, world.in_group(world.usa, "f"), "unseen")});
  world.run();
  world.remove(0, world.usa, world.main_group);
  world.connect_all();
  EXPECT_EQ(world.shown(0, world.in_group(world.usa, "f")), "(unset)");
  EXPECT_TRUE(world.at(0).peer->state().find(world.in_group(world.usa, "f"))->heads[0].buried) << "kept, though";
  world.make(1, world.usa, "usa");  // restored by one who had seen the delete
  EXPECT_NE(world.at(0).peer->fleet().group_by_name("usa"), nullptr);
  EXPECT_EQ(world.shown(0, world.in_group(world.usa, "f")), "(unset)");
  world.commit(1, {world.item(1, world.in_group(world.usa, "f"), "again")});
  world.run();
  EXPECT_EQ(world.shown(0, world.in_group(world.usa, "f")), "again");
  world.expect_equal();
}

TEST(Fleet, AStaleEditDoesNotBeatARecreationAfterASecondDelete) {
  Groups world;
  world.found(3);
  world.make(0, world.usa, "usa");
  world.cut(0, 2);
  world.cut(1, 2);
  world.make(2, world.usa, "stale name");  // saw no delete
  world.remove(0, world.usa, world.main_group);
  world.make(0, world.usa, "usa again");
  world.commit(1, {world.item(1, group_life_register(world.usa), encode_group(world.main_group), WriteKind::remove)});
  world.run();
  world.make(1, world.usa, "usa third");
  world.connect_all();
  ASSERT_NE(world.at(2).peer->fleet().group(world.usa), nullptr);
  EXPECT_EQ(world.at(2).peer->fleet().group(world.usa)->name, "usa third");
  world.expect_equal();
}

TEST(Fleet, AStaleEditDoesNotBeatTheRestoredOne) {
  Groups world;
  world.found(2);
  world.make(0, world.usa, "usa");
  world.cut(0, 1);
  world.remove(0, world.usa, world.main_group);
  world.make(0, world.usa, "usa again");
  world.pass(10);
  world.make(1, world.usa, "stale");  // later by the clock, and had seen no delete
  world.connect_all();
  EXPECT_EQ(world.at(0).peer->fleet().group(world.usa)->name, "usa again");
  world.expect_equal();
}

TEST(Fleet, TwoGroupsOfOneName) {
  Groups world;
  world.found(2, false);
  world.make(0, world.usa, "usa");
  world.pass(10);
  world.make(1, world.europe, "USA");
  world.connect_all();
  EXPECT_EQ(world.at(0).peer->fleet().group(world.usa)->name, "usa");
  EXPECT_EQ(world.at(0).peer->fleet().group(world.europe)->name, "USA~2");
  world.expect_equal();
}

TEST(Fleet, TwoUsersOfOneNameTheLaterLogsIn) {
  World world;
  world.found(2, false);
  const base::UserId one{uuid(0x410)};
  const base::UserId two{uuid(0x411)};
  world.commit(0, user_items({two, "ann", Role::operator_, ""}));
  world.run();
  world.pass(3'000);
  world.commit(1, user_items({one, "ann", Role::guest, ""}));
  world.run();
  world.pass(3'000);
  world.connect_all();
  const Fleet& fleet = world.at(0).peer->fleet();
  ASSERT_NE(fleet.user_by_name("ann"), nullptr);
  EXPECT_EQ(fleet.user_by_name("ann")->id, one);
  ASSERT_NE(fleet.user_by_name("ann~2"), nullptr);
  EXPECT_EQ(fleet.user_by_name("ann~2")->role, Role::none) << "locked";
}

TEST(Fleet, OfConcurrentRolesTheLeastCounts) {
  World world;
  world.found(2);
  const base::UserId ann{uuid(0x410)};
  world.commit(0, user_items({ann, "ann", Role::operator_, ""}));
  world.run();
  world.cut(0, 1);
  world.commit(0, {world.item(0, user_register(ann, "role"), encode_role(Role::guest))});
  world.run();
  world.pass(10);
  world.commit(1, {world.item(1, user_register(ann, "role"), encode_role(Role::administrator))});
  world.run();
  world.connect_all();
  EXPECT_EQ(world.at(1).peer->fleet().user_by_name("ann")->role, Role::guest);
  world.expect_equal();
}

TEST(Fleet, DeletedUserIsGoneHoweverEditedElsewhere) {
  World world;
  world.found(2);
  const base::UserId ann{uuid(0x410)};
  world.commit(0, user_items({ann, "ann", Role::administrator, "old"}));
  world.run();
  world.cut(0, 1);
  world.commit(0, {world.item(0, user_register(ann, "life"), "", WriteKind::remove)});
  world.run();
  world.pass(10);
  world.commit(1, {world.item(1, user_register(ann, "passphrase"), "new")});
  world.run();
  world.connect_all();
  EXPECT_EQ(world.at(1).peer->fleet().user_by_name("ann"), nullptr);
  EXPECT_EQ(world.shown(0, user_register(ann, "passphrase")), "(unset)");
  world.expect_equal();
}

TEST(Contexts, AreWhatTheWalkFinds) {
  // Random graphs: every pair compared with a plain walk.
  std::uint32_t random = 12345;
  const auto draw = [&random](std::uint32_t below) {
    random = random * 1664525U + 1013904223U;
    return (random >> 8) % below;
  };
  for (int round = 0; round < 20; ++round) {
    Contexts contexts;
    constexpr std::uint32_t chains = 6;
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::set<std::pair<std::uint32_t, std::uint64_t>>> walked;
    std::vector<std::uint64_t> length(chains, 0);
    for (std::uint32_t i = 0; i < chains; ++i) contexts.add_chain();
    for (int i = 0; i < 120; ++i) {
      const std::uint32_t chain = draw(chains);
      const std::pair<std::uint32_t, std::uint64_t> self{chain, length[chain] + 1};
      std::vector<Place> parents;
      auto& seen = walked[self];
      const auto take = [&](std::uint32_t other, std::uint64_t seq) {
        seen.insert({other, seq});
        const auto& more = walked[{other, seq}];
        seen.insert(more.begin(), more.end());
      };
      if (length[chain] > 0) take(chain, length[chain]);
      for (std::uint32_t n = draw(3); n > 0; --n) {
        const std::uint32_t other = draw(chains);
        if (other == chain || length[other] == 0) continue;
        const std::uint64_t seq = 1 + draw(static_cast<std::uint32_t>(length[other]));
        parents.push_back({other, seq});
        take(other, seq);
      }
      contexts.add(chain, parents);
      ++length[chain];
    }
    for (const auto& [of, seen] : walked) {
      for (std::uint32_t other = 0; other < chains; ++other) {
        for (std::uint64_t seq = 1; seq <= length[other]; ++seq) {
          EXPECT_EQ(contexts.contains({of.first, of.second}, {other, seq}), seen.count({other, seq}) > 0);
        }
      }
    }
  }
}

}  // namespace
}  // namespace postern::cluster
