// A member that is removed does not come back, whatever it or an accomplice says (P14).
#include "cluster/world.h"

#include <gtest/gtest.h>

namespace postern::cluster {
namespace {

struct Removals : World {
  Register part(int machine, const char* name) const { return member_register(member_id(machine), name); }
  std::string remove(int by, int whom) { return commit(by, {item(by, part(whom, "life"), "", WriteKind::remove)}); }
  bool is_member(int at_machine, int whom) { return at(at_machine).peer->fleet().member(member_id(whom)) != nullptr; }
  /// Made by `machine` with its key, over all that `knows` holds; as machine `from` ships it to machine 0.
  Effects forced(int machine, int knows, const Register& reg, const std::string& value, LinkId link) {
    Header header;
    const Peer& peer = *at(knows).peer;
    base::Hash admission;
    std::set<base::Hash> seen;
    for (const base::Hash& hash : peer.commits_in_order()) {
      const Header& one = peer.commit(hash)->header;
      if (find_write(one, part(machine, "identity")) != nullptr && admission.is_nil()) admission = hash;
      seen.erase(one.prev);
      for (const ParentRef& parent : one.parents) seen.erase(parent.hash);
      seen.insert(hash);
    }
    seen.erase(admission);
    header.dot = {member_id(machine), 4711, 1};
    header.login_host = header.dot.member;
    header.prev = admission;
    for (const base::Hash& hash : seen) header.parents.push_back({peer.commit(hash)->header.dot, hash});
    std::sort(header.parents.begin(), header.parents.end());
    header.stamp.value = 1ULL << 60;
    header.writes = {{reg, WriteKind::put, base::hash_bytes(value), value.size(), {}}};
    Ship::Item shipped{{encode_header(header), {}}, {value}, false};
    shipped.envelope.signature = base::sign(at(machine).self.key, signed_bytes(cluster, shipped.envelope.header));
    last = shipped.envelope.id();
    Effects effects = at(0).peer->step(Received{link, Ship{{shipped}, false}, 1}, now);
    if (effects.persist && effects.persist->flush)
      (void)at(0).peer->step(Flushed{effects.persist->token, Flushed::How::done, 0, ""}, now);
    return effects;
  }
  /// A link of machine 0 on which the test speaks as machine 1.
  LinkId speak_as_one() {
    const LinkId link = 90;
    (void)at(0).peer->step(LinkUp{link, member_id(1)}, now);
    const Hello hello{1, cluster, member_id(1), 5, at(0).self.settings_version, "1", now.wall_ms, at(1).peer->vector(), {}, {}};
    (void)at(0).peer->step(Received{link, hello, 1}, now);
    return link;
  }
  base::Hash last;
};

TEST(Removal, AnAccompliceCannotBringAMemberBack) {
  Removals world;
  world.found(3);
  const std::string identity = *world.at(0).peer->state().value(world.part(2, "identity"));
  world.remove(0, 2);
  world.run();
  ASSERT_FALSE(world.is_member(1, 2));
  world.commit(1, {world.item(1, world.part(2, "identity"), identity)});
  world.run();
  EXPECT_FALSE(world.is_member(0, 2)) << "though its writer had seen the removal";
  EXPECT_FALSE(world.is_member(1, 2));
  EXPECT_EQ(world.at(0).peer->state().digest(), world.at(1).peer->state().digest());
}

TEST(Removal, AMemberThatRewritesItselfMeanwhileIsRemoved) {
  Removals world;
  world.found(3);
  for (int other : {0, 1}) world.cut(2, other);
  world.remove(0, 2);
  world.run();
  world.pass(3'000);
  const LinkId link = world.speak_as_one();
  (void)world.forced(2, 2, world.part(2, "name"), "again.example.com", link);
  EXPECT_NE(world.at(0).peer->commit(world.last), nullptr) << "made beside the removal, it stands as a commit";
  EXPECT_FALSE(world.is_member(0, 2)) << "and has no effect on its end";
}

TEST(Removal, WhatItsAuthorMadeKnowingOfItIsRefused) {
  Removals world;
  world.found(3);
  world.remove(0, 2);
  world.run();
  world.pass(3'000);
  const LinkId link = world.speak_as_one();
  const Effects effects = world.forced(2, 0, world.setting("a"), "after", link);
  EXPECT_EQ(world.at(0).peer->commit(world.last), nullptr);
  EXPECT_EQ(world.shown(0, world.setting("a")), "(unset)");
  EXPECT_EQ(world.at(0).peer->counters().refused, 1U);
  (void)effects;
}

TEST(Removal, WhomItAdmittedMeanwhileStandsAndIsRemovedLikeAnyone) {
  Removals world;
  world.found(3);
  for (int other : {0, 1}) world.cut(2, other);
  const std::string identity = encode(identity_of(9));
  world.commit(
      2, {world.item(2, world.part(9, "identity"), identity), world.item(2, world.part(9, "name"), "accomplice.example.com")});
  world.run();
  const auto shipped = world.at(2).stored.back().envelope;
  world.remove(0, 2);
  world.run();
  world.pass(3'000);
  const LinkId link = world.speak_as_one();
  const Effects effects =
      world.at(0).peer->step(Received{link, Ship{{{shipped, {identity, "accomplice.example.com"}, false}}, false}, 1}, world.now);
  ASSERT_TRUE(effects.persist);
  (void)world.at(0).peer->step(Flushed{effects.persist->token, Flushed::How::done, 0, ""}, world.now);
  EXPECT_TRUE(world.is_member(0, 9)) << "an ordinary concurrent commit of then a member";
  const std::string key = world.remove(0, 9);
  world.run();
  world.pass(3'000);
  EXPECT_EQ(world.answer(0, key)->what, Answer::What::committed);
  EXPECT_FALSE(world.is_member(0, 9));
}

}  // namespace
}  // namespace postern::cluster
