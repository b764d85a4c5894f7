// Islands, relays, restored images, damaged and foreign peers.
#include "cluster/world.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace postern::cluster {
namespace {

TEST(Sync, IslandsMergeBothWays) {
  World world;
  world.found(2, false);
  for (int i = 0; i < 20; ++i) {
    world.set(0, "left" + std::to_string(i % 3), std::to_string(i));
    world.set(1, "right" + std::to_string(i % 3), std::to_string(i));
    world.run();
    world.pass(2'100);
  }
  world.set(0, "both", "left");
  world.run();
  world.pass(10);
  world.set(1, "both", "right");
  world.connect_all();
  EXPECT_EQ(world.shown(0, world.setting("left1")), "19");
  EXPECT_EQ(world.shown(0, world.setting("right1")), "19");
  EXPECT_EQ(world.shown(0, world.setting("both")), "right") << "the latest wins";
  EXPECT_EQ(world.at(0).peer->state().find(world.setting("both"))->heads.size(), 2U) << "the loser is kept";
  world.expect_equal();
  world.set(0, "both", "decided");
  world.run();
  EXPECT_EQ(world.at(1).peer->state().find(world.setting("both"))->heads.size(), 1U);
}

TEST(Sync, RoundsAreBoundedAndGoOn) {
  World world;
  world.found(2, false);
  for (int i = 0; i < 12; ++i) {
    world.set(0, "big" + std::to_string(i), std::string(300'000, static_cast<char>('a' + i)));
    world.run();
    world.pass(2'100);
  }
  world.connect(0, 1);
  world.run();
  world.expect_equal();
}

TEST(Sync, RelayOverACutLinkAtOnce) {
  World world;
  world.found(3);
  world.cut(0, 2);
  world.run();
  const std::string key = world.set(0, "a", "one");
  world.run();
  EXPECT_EQ(world.shown(2, world.setting("a")), "one") << "through machine 1, without a timer";
  world.pass(5'000);
  EXPECT_NE(world.answer(0, key), nullptr);
  world.expect_equal();
}

TEST(Sync, LostMessagesAreMadeGood) {
  for (const char* kind : {"ship", "durable", "ack", "pull", "link-state"}) {
    World world;
    world.found(3);
    world.lose = {kind};
    world.set(0, "a", "one");
    world.set(1, "b", "two");
    world.pass(500);
    world.lose.clear();
    world.pass(5'000);
    EXPECT_EQ(world.shown(2, world.setting("a")), "one") << kind;
    world.expect_equal();
  }
}

TEST(Sync, AuthorDiesAfterTellingOne) {
  World world;
  world.found(3);
  world.cut(0, 2);
  world.cut(1, 2);
  world.set(0, "a", "one");
  world.run();
  world.cut(0, 1);
  world.connect(1, 2);
  world.run();
  EXPECT_EQ(world.shown(2, world.setting("a")), "one");
}

TEST(Sync, SilentDeathOfTheAuthorIsMadeGoodByTheOthers) {
  World world;
  world.found(3);
  world.at(2).hold_flush = true;
  world.lose = {"durable"};
  world.set(0, "a", "one");
  world.run();
  EXPECT_EQ(world.shown(1, world.setting("a")), "(unset)");
  world.lose.clear();
  world.cut(0, 1);
  world.connect(0, 1);
  world.run();
  world.cut(0, 1);
  world.cut(0, 2);
  world.at(2).hold_flush = false;
  while (!world.at(2).unflushed.empty()) world.flush(2);
  EXPECT_EQ(world.shown(1, world.setting("a")), "one");
  EXPECT_EQ(world.shown(2, world.setting("a")), "(unset)") << "staged, and its author is gone";
  world.pass(5'000);
  EXPECT_EQ(world.shown(2, world.setting("a")), "one") << "machine 1 proves that it is durable";
}

TEST(Sync, RestoreFromThePastGivesTheSameState) {
  World world;
  world.found(3);
  world.set(0, "a", "one");
  world.set(1, "a2", "two");
  world.run();
  const base::Hash state = world.at(2).peer->state().digest();
  const base::Hash vector = world.at(2).peer->vector_digest();
  world.restart(2);
  EXPECT_EQ(world.at(2).peer->state().digest(), state);
  EXPECT_EQ(world.at(2).peer->vector_digest(), vector);
  EXPECT_EQ(world.shown(2, world.setting("a2")), "two");
  EXPECT_TRUE(world.at(2).peer->missing_values().empty());
}

TEST(Sync, WhatAVisibleCommitHadSeenIsVisibleAfterAPowerCut) {
  World world;
  world.found(2);
  for (const char* feature : {"a", "b", "c"}) world.set(0, feature, "x"), world.run();
  auto& stored = world.at(1).stored;
  stored[stored.size() - 2].staged = stored[stored.size() - 3].staged = true;  // their promotions are lost
  world.restart(1);
  for (const char* feature : {"a", "b", "c"}) EXPECT_EQ(world.shown(1, world.setting(feature)), "x");
  world.connect_all();
  world.expect_equal();
}

TEST(Sync, RestoredImagePullsItsOwnCommitsBack) {
  World world;
  world.found(2);
  const auto image = world.at(0).stored;
  world.set(0, "a", "one");
  world.run();
  const Dot lost = world.answer(0, world.at(0).answers.back().request_key)->dot;
  world.at(0).stored = image;
  world.restart(0);
  EXPECT_EQ(world.shown(0, world.setting("a")), "(unset)");
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(world.shown(0, world.setting("a")), "one");
  const std::string key = world.set(0, "b", "two");
  world.run();
  EXPECT_NE(world.answer(0, key)->dot.incarnation, lost.incarnation);
  EXPECT_FALSE(world.alerted(1, "fork"));
  world.expect_equal();
}

TEST(Sync, DamagedPastIsRefusedByName) {
  World world;
  world.found(2);
  auto past = world.at(0).stored;
  past.erase(past.begin() + 1);
  auto gap = Peer::restore(world.at(0).self, Tuning{}, past, 1, 2, world.now, value_of(world.at(0)));
  ASSERT_TRUE(gap) << "what stands on a gap is held back";
  EXPECT_LT((*gap)->newest_commits(100).size(), past.size());
  past = world.at(0).stored;
  past[1].envelope.header[20] = static_cast<char>(past[1].envelope.header[20] ^ 1);
  const auto flipped = Peer::restore(world.at(0).self, Tuning{}, past, 1, 2, world.now, value_of(world.at(0)));
  if (!flipped) {
    EXPECT_EQ(flipped.error().code, base::ErrorCode::damaged);
  } else {
    EXPECT_LT((*flipped)->newest_commits(100).size(), past.size());
  }
}

TEST(Sync, WrongSignatureOrValueIsRefused) {
  World world;
  world.found(2, false);
  world.set(0, "a", "one");
  world.run();
  Peer& peer = *world.at(1).peer;
  (void)peer.step(LinkUp{70, member_id(0)}, world.now);
  const Hello hello{1,   world.cluster,     member_id(0),  5,  world.at(0).self.settings_version,
                    "1", world.now.wall_ms, peer.vector(), {}, {}};
  (void)peer.step(Received{70, hello, 1}, world.now);
  Ship ship;
  ship.items.push_back({world.at(0).stored.back().envelope, {"two"}, false});
  EXPECT_FALSE(peer.step(Received{70, ship, 1}, world.now).persist) << "another value";
  ship.items[0].values = {"one"};
  for (const bool staged : {true, false}) {
    ship.items[0].staged = staged;
    ship.items[0].envelope.signature.bytes[5] ^= 1;
    EXPECT_FALSE(peer.step(Received{70, ship, 1}, world.now).persist) << "another signature";
    ship.items[0].envelope.signature.bytes[5] ^= 1;
  }
  EXPECT_EQ(peer.counters().refused, 3U);
  const Effects effects = peer.step(Received{70, ship, 1}, world.now);
  ASSERT_TRUE(effects.persist) << "and the true one is taken after all that";
  EXPECT_TRUE(effects.persist->flush);
  EXPECT_EQ(effects.persist->commits.size(), 1U);
}

TEST(Sync, StagedMustContinueItsChain) {
  World world;
  world.found(2, false);
  const auto image = world.at(0).stored;
  const auto two_as = [&](const char* value) {
    auto twin = Peer::restore(world.at(0).self, Tuning{}, image, 7, 777, world.now, value_of(world.at(0)));
    LocalCommit one;
    one.items = {{world.setting("a"), WriteKind::put, value, {}}};
    LocalCommit two;
    two.items = {{world.setting("b"), WriteKind::put, value, {}}};
    const base::Instant later{world.now.wall_ms + 3'000, world.now.mono_ms + 3'000};
    Ship ship;
    for (const LocalCommit& what : {one, two}) {
      const Effects effects = (*twin)->step(what, later);
      ship.items.push_back({effects.persist->commits.at(0).envelope, {value}, true});
    }
    return ship;
  };
  Peer& peer = *world.at(1).peer;
  (void)peer.step(LinkUp{80, member_id(0)}, world.now);
  const Hello hello{1,   world.cluster,     member_id(0),  5,  world.at(0).self.settings_version,
                    "1", world.now.wall_ms, peer.vector(), {}, {}};
  (void)peer.step(Received{80, hello, 1}, world.now);
  Ship mixed = two_as("left");
  mixed.items[1] = two_as("right").items[1];
  const Effects effects = peer.step(Received{80, mixed, 1}, world.now);
  ASSERT_TRUE(effects.persist);
  EXPECT_EQ(effects.persist->commits.size(), 1U) << "the second stands on another first one";
  EXPECT_TRUE(std::any_of(effects.sends.begin(), effects.sends.end(), [](const Send& send) {
    return std::holds_alternative<Pull>(send.message);
  })) << "which is asked for";
}

TEST(Sync, OtherClusterAndOtherVersion) {
  World world;
  world.found(2, false);
  const auto hello = [&](base::ClusterId cluster, const char* version, std::uint64_t nonce) {
    return Hello{1, cluster, member_id(1), nonce, base::hash_bytes(version), "2.0", world.now.wall_ms, {}, {}, {}};
  };
  Peer& peer = *world.at(0).peer;
  (void)peer.step(LinkUp{50, member_id(1)}, world.now);
  Effects effects = peer.step(Received{50, hello({uuid(99)}, "settings 1", 1), 1}, world.now);
  EXPECT_EQ(effects.close, std::vector<LinkId>{50});
  (void)peer.step(LinkUp{51, member_id(1)}, world.now);
  effects = peer.step(Received{51, hello(world.cluster, "settings 2", 1), 1}, world.now);
  EXPECT_TRUE(effects.close.empty());
  EXPECT_EQ(peer.links()[0].state, "version differs");
  effects = peer.step(Received{51, Ping{1, false, world.now.wall_ms, {}, {}}, 1}, world.now);
  ASSERT_EQ(effects.sends.size(), 1U) << "pings go on";
  EXPECT_TRUE(std::holds_alternative<Ping>(effects.sends[0].message));
  effects = peer.step(Received{51, Pull{{}}, 1}, world.now);
  EXPECT_TRUE(effects.ships.empty()) << "settings do not";
}

TEST(Sync, SupersededNonceIsAClone) {
  World world;
  world.found(2, false);
  Peer& peer = *world.at(0).peer;
  const auto greet = [&](LinkId link, std::uint64_t nonce) {
    (void)peer.step(LinkUp{link, member_id(1)}, world.now);
    const Hello hello{1,
                      world.cluster,
                      member_id(1),
                      nonce,
                      world.at(1).self.settings_version,
                      "1",
                      world.now.wall_ms,
                      world.at(1).peer->vector(),
                      {},
                      {}};
    return peer.step(Received{link, hello, 1}, world.now);
  };
  EXPECT_TRUE(greet(60, 1).close.empty());
  EXPECT_EQ(greet(61, 2).close, std::vector<LinkId>{60}) << "a restart takes over";
  const Effects effects = greet(62, 1);
  EXPECT_EQ(effects.close, std::vector<LinkId>{62});
  ASSERT_FALSE(effects.alerts.empty());
  EXPECT_EQ(effects.alerts[0].about, "clone");
  std::size_t told = 0;
  for (LinkId link = 100; link < 1'100; ++link) told += greet(link, 1).alerts.size();
  EXPECT_LE(told, 10U) << "one that comes a thousand times is told of a few times";
  world.now.mono_ms += 60'000;
  world.now.wall_ms += 60'000;
  const Effects later = greet(2'000, 1);
  ASSERT_EQ(later.alerts.size(), 1U) << "but goes on being told of";
  EXPECT_NE(later.alerts[0].text.find("more like this"), std::string::npos);
}

TEST(Sync, DeadLinkIsClosedAfterMissedPings) {
  World world;
  world.found(2);
  world.lose = {"ping"};
  world.pass(200'000);
  EXPECT_FALSE(world.at(0).peer->links()[0].live);
  EXPECT_TRUE(world.alerted(0, "link-down"));
}

TEST(Sync, RemovedMachineLearnsWhyAndIsLeft) {
  World world;
  world.found(3);
  const Register life = member_register(member_id(2), "life");
  world.commit(0, {world.item(0, life, "", WriteKind::remove)});
  world.run();
  world.pass(5'000);
  EXPECT_EQ(world.at(0).peer->fleet().members.size(), 2U);
  EXPECT_EQ(world.at(1).peer->fleet().members.size(), 2U);
  EXPECT_EQ(world.at(2).peer->fleet().member(member_id(2)), nullptr) << "it knows";
  const std::string secret = world.set(0, "a", "not for it");
  world.run();
  EXPECT_EQ(world.shown(2, world.setting("a")), "(unset)");
  EXPECT_TRUE(world.answer(0, secret)->missing.empty());
  world.connect(0, 2);  // it calls again
  world.run();
  world.pass(5'000);
  EXPECT_EQ(world.shown(2, world.setting("a")), "(unset)");
  const std::string own = world.set(2, "b", "x");
  world.pass(5'000);
  EXPECT_EQ(world.answer(2, own)->what, Answer::What::refused);
}

TEST(Sync, AwayWhileRemovedLearnsItOnReturnAndNothingMore) {
  World world;
  world.found(3);
  world.cut(0, 2);
  world.cut(1, 2);
  world.set(0, "before", "x");
  world.run();
  world.commit(0, {world.item(0, member_register(member_id(2), "life"), "", WriteKind::remove)});
  world.run();
  world.set(0, "after", "secret");
  world.run();
  world.connect(1, 2);
  world.pass(5'000);
  EXPECT_EQ(world.at(2).peer->fleet().member(member_id(2)), nullptr);
  EXPECT_EQ(world.shown(2, world.setting("before")), "x");
  EXPECT_EQ(world.shown(2, world.setting("after")), "(unset)");
}

TEST(Sync, ProgressAndDataPlane) {
  World world;
  world.found(2);
  const std::string key = world.set(0, "a", "one");
  world.run();
  const base::Hash commit = world.answer(0, key)->commit;
  world.step(1, DataPlane{{}, "listener IncomingMail is in a hold"});
  world.run();
  auto progress = world.at(0).peer->progress(commit);
  ASSERT_EQ(progress.size(), 2U);
  EXPECT_TRUE(progress[1].stored);
  EXPECT_FALSE(progress[1].applied);
  EXPECT_EQ(progress[1].problem, "listener IncomingMail is in a hold");
  world.step(1, DataPlane{world.at(1).peer->vector(), ""});
  world.run();
  progress = world.at(0).peer->progress(commit);
  EXPECT_TRUE(progress[1].applied);
  EXPECT_EQ(progress[1].problem, "");
}

TEST(Sync, AProblemIsOfTheCommitsThatWereTried) {
  World world;
  world.found(2);
  const auto commit = [&](const std::string& value) {
    const std::string key = world.set(0, "a", value);
    world.run();
    return world.answer(0, key)->commit;
  };
  const auto problems = [&](const base::Hash& of) {
    std::vector<std::string> all;
    for (const auto& one : world.at(0).peer->progress(of)) all.push_back(one.applied ? "applied" : one.problem);
    return all;
  };
  using Texts = std::vector<std::string>;
  const base::Hash bad = commit("bad");
  const Vector with_bad = world.at(0).peer->vector();
  for (const int at : {0, 1}) world.step(at, DataPlane{{}, "does not check"});
  world.run();
  EXPECT_EQ(problems(bad), (Texts{"does not check", "does not check"}));
  const base::Hash good = commit("good");
  EXPECT_EQ(problems(good), (Texts{"", ""})) << "nobody has tried it yet";
  EXPECT_EQ(problems(bad), (Texts{"does not check", "does not check"}));
  for (const int at : {0, 1}) world.step(at, DataPlane{{}, "does not check", with_bad});
  world.run();
  EXPECT_EQ(problems(good), (Texts{"", ""})) << "what was under way before it came";
  for (const int at : {0, 1}) world.step(at, DataPlane{{}, "does not check"});
  world.run();
  EXPECT_EQ(problems(good), (Texts{"does not check", "does not check"})) << "the same words about another try";
  for (const int at : {0, 1}) world.step(at, DataPlane{world.at(at).peer->vector(), ""});
  world.run();
  EXPECT_EQ(problems(good), (Texts{"applied", "applied"}));
}

TEST(Sync, AQuietFleetIsQuiet) {
  World world;
  world.found(3);
  world.set(0, "a", "one");
  world.pass(10'000);
  const auto bytes = world.at(0).peer->counters().bytes_received;
  world.pass(50'000);
  EXPECT_LT(world.at(0).peer->counters().bytes_received - bytes, 1'000U) << "a ping each way and peer";
}

}  // namespace
}  // namespace postern::cluster
