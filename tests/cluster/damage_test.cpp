// What is altered on the way or on the disk must not become settings, nor keep the true commit out.
#include "cluster/world.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace postern::cluster {
namespace {

/// The same commit with another comment under the old signature.
Envelope altered(Envelope envelope) {
  Header header = *decode_header(envelope.header);
  header.comment += "altered";
  envelope.header = encode_header(header);
  return envelope;
}

/// Machine 1, and a link on which the test speaks as machine 0.
struct Wiretap : World {
  LinkId link = 70;
  Hello greeting;
  void listen() {
    greeting = {1, cluster, member_id(0), 5, at(0).self.settings_version, "1", now.wall_ms, at(1).peer->vector(), {}, {}};
    (void)at(1).peer->step(LinkUp{link, member_id(0)}, now);
    (void)tell(greeting);
  }
  /// What machine 1 does with it, flushed.
  Effects tell(const Message& message) {
    Effects effects = at(1).peer->step(Received{link, message, 1}, now);
    if (!effects.persist || !effects.persist->flush) return effects;
    const Flushed done{effects.persist->token, Flushed::How::done, 0, ""};
    Effects more = at(1).peer->step(done, now);
    effects.alerts.insert(effects.alerts.end(), more.alerts.begin(), more.alerts.end());
    return effects;
  }
  /// One text setting, committed on machine 0, as it would ship it.
  Ship::Item made(const std::string& feature, bool staged = false) {
    set(0, feature, feature);
    run();
    return {at(0).stored.back().envelope, {feature}, staged};
  }
};

std::size_t count(const std::vector<Alert>& alerts, const std::string& about) {
  return static_cast<std::size_t>(
      std::count_if(alerts.begin(), alerts.end(), [&about](const Alert& alert) { return alert.about == about; }));
}

TEST(Damage, ForgedCommitThatWaitsDoesNotKeepTheTrueOneOut) {
  for (const bool header : {true, false}) {
    for (const bool forged_first : {true, false}) {
      Wiretap world;
      world.found(2, false);
      const Ship::Item first = world.made("first");
      const Ship::Item second = world.made("second");
      Ship::Item forged = second;
      if (header) forged.envelope = altered(second.envelope);
      if (!header) forged.envelope.signature.bytes[7] ^= 1;
      world.listen();
      std::vector<Alert> alerts;
      for (const Ship::Item& item : {forged_first ? forged : second, forged_first ? second : forged, first}) {
        const Effects effects = world.tell(Ship{{item}, false});
        alerts.insert(alerts.end(), effects.alerts.begin(), effects.alerts.end());
      }
      EXPECT_EQ(world.shown(1, world.setting("second")), "second") << header << forged_first;
      EXPECT_EQ(count(alerts, "fork"), 0U) << "its author made one";
      EXPECT_EQ(count(alerts, "commit-refused"), header || forged_first ? 1U : 0U);
    }
  }
}

TEST(Damage, ForgedTwinOfAnAppliedCommitIsNoFork) {
  Wiretap world;
  world.found(2, false);
  const Ship::Item item = world.made("a");
  world.listen();
  (void)world.tell(Ship{{item}, false});
  Ship::Item forged = item;
  forged.envelope = altered(item.envelope);
  const Effects effects = world.tell(Ship{{forged}, false});
  EXPECT_EQ(count(effects.alerts, "fork"), 0U);
  EXPECT_EQ(count(effects.alerts, "commit-refused"), 1U);
}

TEST(Damage, ForgedCommitDoesNotMakeItsContextDurable) {
  Wiretap world;
  world.found(2, false);
  const Ship::Item staged = world.made("staged", true);
  const Ship::Item next = world.made("next");
  world.listen();
  (void)world.tell(Ship{{staged}, false});
  Ship::Item forged = next;
  forged.envelope = altered(next.envelope);
  (void)world.tell(Ship{{forged}, false});
  EXPECT_EQ(world.shown(1, world.setting("staged")), "(unset)");
  (void)world.tell(Ship{{next}, false});
  EXPECT_EQ(world.shown(1, world.setting("staged")), "staged") << "its author had it applied";
  EXPECT_EQ(world.shown(1, world.setting("next")), "next");
}

TEST(Damage, ReplayedHelloDropsNothing) {
  Wiretap world;
  world.found(2, false);
  const Ship::Item staged = world.made("staged", true);
  world.listen();
  (void)world.tell(Ship{{staged}, false});
  const Effects effects = world.tell(world.greeting);
  EXPECT_FALSE(effects.persist);
  const Dot dot = decode_header(staged.envelope.header)->dot;
  (void)world.tell(Durable{dot.incarnation, dot.seq, staged.envelope.id()});
  EXPECT_EQ(world.shown(1, world.setting("staged")), "staged");
}

TEST(Damage, StoredCommitOfNobodyIsRefused) {
  World world;
  world.found(2);
  world.set(1, "a", "one");
  world.run();
  auto past = world.at(0).stored;
  Header header = *decode_header(past.back().envelope.header);
  ASSERT_EQ(header.dot.seq, 1U);
  header.dot.member.uuid.bytes[3] ^= 4;
  header.login_host = header.dot.member;
  past.back().envelope.header = encode_header(header);
  const auto restored = Peer::restore(world.at(0).self, Tuning{}, past, 1, 2, world.now, value_of(world.at(0)));
  ASSERT_TRUE(restored);
  ASSERT_EQ((*restored)->unproved().size(), 1U);
  EXPECT_EQ((*restored)->unproved()[0].hash, past.back().envelope.id());
  EXPECT_EQ((*restored)->state().value(world.setting("a")), nullptr);
}

TEST(Damage, ChainsWithoutTheKeyOfTheirAuthorAreNotBelieved) {
  World world;
  world.found(2);
  auto restored = Peer::restore(world.at(0).self, Tuning{}, world.at(0).stored, 1, 2, world.now);
  ASSERT_TRUE(restored);
  EXPECT_TRUE((*restored)->commits_in_order().empty());
  const Effects effects = (*restored)->step(Tick{}, world.now);
  EXPECT_EQ(count(effects.alerts, "damaged"), 1U) << "no value was supplied";
  world.restart(0);
  EXPECT_FALSE(world.alerted(0, "damaged"));
}

TEST(Damage, WhatBuildsOnAGapIsHeldBackAndReported) {
  World world;
  world.found(2);
  world.set(1, "a", "one");
  world.run();
  world.set(0, "b", "two");
  world.run();
  auto& stored = world.at(0).stored;
  stored.erase(stored.end() - 2);
  world.restart(0);
  EXPECT_EQ(world.shown(0, world.setting("b")), "(unset)");
  EXPECT_TRUE(world.alerted(0, "gap"));
  world.connect(0, 1);
  world.pass(5'000);
  EXPECT_EQ(world.shown(0, world.setting("b")), "two");
  world.expect_equal();
}

TEST(Damage, WhatBuildsOnAGapInTheMiddleIsInEffectWhenItIsFilled) {
  World world;
  world.found(2);
  for (const char* feature : {"a", "b", "c", "d"}) world.set(1, feature, "x"), world.run();
  auto& stored = world.at(0).stored;
  stored.erase(stored.end() - 3);  // b
  stored.erase(stored.end() - 1);  // d: the end of the chain is not here either
  world.restart(0);
  EXPECT_EQ(world.shown(0, world.setting("c")), "(unset)");
  world.connect(0, 1);
  world.pass(10'000);
  EXPECT_EQ(world.shown(0, world.setting("c")), "x");
  world.expect_equal();
}

TEST(Damage, StagedCommitDamagedOnTheDiskComesAgain) {
  for (const bool value : {true, false}) {
    World world;
    world.found(2);
    world.lose = {"durable"};
    world.set(0, "a", "one");
    world.run();
    StoredCommit& stored = world.at(1).stored.back();
    ASSERT_TRUE(stored.staged);
    if (value) world.at(1).values.erase(base::hash_bytes("one"));
    if (!value) stored.envelope = altered(stored.envelope);
    world.restart(1);
    world.lose.clear();
    world.connect(0, 1);
    world.pass(5'000);
    EXPECT_TRUE(world.alerted(1, "damaged"));
    EXPECT_FALSE(world.alerted(1, "fork"));
    EXPECT_EQ(world.shown(1, world.setting("a")), "one");
    world.expect_equal();
    EXPECT_EQ(world.at(1).stored.size(), world.at(0).stored.size());
  }
}

/// A commit with these writes instead, signed anew.
Ship::Item rewritten(const World& world, Header header, const base::SigningKey& key, const Register& reg,
                     const std::string& value) {
  header.writes = {{reg, WriteKind::put, base::hash_bytes(value), value.size(), {}}};
  Ship::Item item{{encode_header(header), {}}, {value}, false};
  item.envelope.signature = base::sign(key, signed_bytes(world.cluster, item.envelope.header));
  return item;
}

TEST(Damage, NoMemberWritesAnotherKeyForAMember) {
  Wiretap world;
  world.found(3, false);
  const base::SigningKey stolen = signing_key(77);
  const Register identity = member_register(member_id(2), "identity");
  MemberIdentity changed = identity_of(2);
  changed.signing_key = base::verify_key(stolen);
  const std::string value = encode(changed);
  const std::string key = world.commit(0, {world.item(0, identity, value)});
  world.run();
  EXPECT_EQ(world.answer(0, key)->what, Answer::What::refused) << "not by an honest machine";
  const std::string same = *world.at(0).peer->state().value(identity);
  const std::string again = world.commit(0, {world.item(0, identity, same)});
  world.run();
  EXPECT_EQ(world.answer(0, again)->what, Answer::What::refused) << "nor is it admitted again";

  world.listen();
  const Header last = *decode_header(world.made("a").envelope.header);
  const Ship::Item planted = rewritten(world, last, world.at(0).self.key, identity, value);
  Effects effects = world.tell(Ship{{planted}, false});
  EXPECT_EQ(count(effects.alerts, "commit-refused"), 1U) << "and if one is not honest, it is seen";
  EXPECT_EQ(*world.at(1).peer->state().value(identity), same);
  Header next = last;
  next.dot = {member_id(2), 99, 1};
  next.prev = planted.envelope.id();
  next.parents.clear();
  (void)world.tell(Ship{{rewritten(world, next, stolen, world.setting("b"), "forged")}, false});
  EXPECT_EQ(world.shown(1, world.setting("b")), "(unset)");
}

/// Whoever else admits it, before or after: its chain is its own under the one key, on every machine.
TEST(Damage, AMemberAdmittedTwiceHasOneKeyInEveryOrder) {
  for (const bool second_first : {false, true}) {
    World world;
    world.found(3, false);
    const Register identity = member_register(member_id(9), "identity");
    const std::string value = encode(identity_of(9));
    for (const int sponsor : {0, 2}) world.commit(sponsor, {world.item(sponsor, identity, value)});
    world.run();
    const auto stored = [&](int machine) { return world.at(machine).stored.back().envelope; };
    Header first = *decode_header(stored(2).header);
    first.dot = {member_id(9), 5, 1};
    first.login_host = member_id(9);
    first.prev = stored(2).id();
    first.parents.clear();
    const Ship::Item own = rewritten(world, first, signing_key(9), world.setting("b"), "its own");
    const Ship::Item forged = rewritten(world, first, signing_key(7), world.setting("c"), "forged");
    world.connect(1, second_first ? 2 : 0);
    world.pass(3'000);
    world.connect(1, second_first ? 0 : 2);
    world.pass(3'000);
    const LinkId link = 71;
    (void)world.at(1).peer->step(LinkUp{link, member_id(9)}, world.now);
    (void)world.at(1).peer->step(Received{link,
                                          Hello{1,
                                                {world.cluster},
                                                member_id(9),
                                                5,
                                                world.at(0).self.settings_version,
                                                "1",
                                                world.now.wall_ms,
                                                world.at(1).peer->vector(),
                                                {},
                                                {}},
                                          1},
                                 world.now);
    for (const Ship::Item& item : {forged, own}) {
      const Effects effects = world.at(1).peer->step(Received{link, Ship{{item}, false}, 1}, world.now);
      if (effects.persist && effects.persist->flush)
        (void)world.at(1).peer->step(Flushed{effects.persist->token, Flushed::How::done, 0, ""}, world.now);
    }
    EXPECT_EQ(world.shown(1, world.setting("b")), "its own") << second_first;
    EXPECT_EQ(world.shown(1, world.setting("c")), "(unset)") << second_first;
  }
}

}  // namespace
}  // namespace postern::cluster
