// What a member with a good key may do to the others.
#include "cluster/evil.h"
#include "cluster/history.h"

namespace postern::cluster {
namespace {

TEST(Hostile, ADeleteOfTheClusterIsRefusedByAllAndForGood) {
  Evil world;
  world.found(2, false);
  world.listen();
  Header header = world.first(77, "a", "x");
  header.writes = {{{Space::cluster, world.cluster.uuid, "life"}, WriteKind::remove, {}, 0, {}}};
  const Ship::Item item = world.sign(header);
  const base::Hash before = world.at(1).peer->vector_digest();
  (void)world.tell(Ship{{item}, false});
  EXPECT_EQ(world.at(1).peer->vector_digest(), before);
  EXPECT_NE(world.alert_text("commit-refused").find(world.at(0).host), std::string::npos) << "it names the member";

  auto past = world.at(1).stored;  // an earlier version took it
  past.push_back({item.envelope, false});
  auto again = Peer::restore(world.at(1).self, Tuning{}, past, 1, 2, world.now, value_of(world.at(1)));
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->vector_digest(), before);
  ASSERT_EQ((*again)->unproved().size(), 1U);
  EXPECT_EQ((*again)->unproved()[0].hash, item.envelope.id());
  EXPECT_EQ((*again)->unproved()[0].why, "it deletes what cannot be deleted");
}

/// Whoever takes a commit for another's number would find other contexts than the rest: over a link and from the disk.
TEST(Hostile, AParentUnderAnotherNumberIsRefused) {
  Evil world;
  world.found(2, false);
  world.listen();
  const StoredCommit& seen = world.at(1).stored.back();
  ASSERT_NE(seen.envelope.id(), world.admission());
  const Dot right = decode_header(seen.envelope.header)->dot;
  for (const Dot& named : {Dot{right.member, right.incarnation, right.seq + 1}, Dot{right.member, 4711, right.seq},
                           Dot{member_id(1), right.incarnation, right.seq}}) {
    Header header = world.first(77, "a", "x");
    header.parents = {{named, seen.envelope.id()}};
    const Ship::Item item = world.sign(header, {"x"});
    const base::Hash before = world.at(1).peer->vector_digest();
    (void)world.tell(Ship{{item}, false});
    EXPECT_EQ(world.at(1).peer->vector_digest(), before) << to_text(named);
    auto past = world.at(1).stored;
    past.push_back({item.envelope, false});
    auto again = Peer::restore(world.at(1).self, Tuning{}, past, 1, 2, world.now, value_of(world.at(1)));
    ASSERT_TRUE(again);
    EXPECT_EQ((*again)->vector_digest(), before) << to_text(named);
    ASSERT_EQ((*again)->unproved().size(), 1U);
    EXPECT_EQ((*again)->unproved()[0].why, "it names its parents wrongly");
  }
  Header header = world.first(77, "a", "x");
  header.parents = {{right, seen.envelope.id()}};
  (void)world.tell(Ship{{world.sign(header, {"x"})}, false});
  EXPECT_EQ(world.shown(1, world.setting("a")), "x");
}

/// The values of a commit are those that its header names: each by its hash and its length, all and no more.
TEST(Hostile, ValuesThatAreNotThoseOfTheHeaderAreRefused) {
  Evil world;
  world.found(2, false);
  world.listen();
  const base::Hash before = world.at(1).peer->vector_digest();
  Header longer = world.first(77, "a", "x");
  longer.writes[0].value_size = 2;
  const Header honest = world.first(77, "a", "x");
  for (const Ship::Item& item :
       {world.sign(longer, {"x"}), world.sign(honest, {"y"}), world.sign(honest, {}), world.sign(honest, {"x", "x"})}) {
    (void)world.tell(Ship{{item}, false});
    EXPECT_EQ(world.at(1).peer->vector_digest(), before);
  }
  (void)world.tell(Ship{{world.sign(honest, {"x"})}, false});
  EXPECT_EQ(world.shown(1, world.setting("a")), "x");
}

/// All orders of the same commits: a fork, and an incarnation drawn to look like its branch.
TEST(Hostile, NoIncarnationIsABranchsName) {
  std::set<base::Hash> digests;
  std::set<base::Hash> states;
  for (int order = 0; order < 3; ++order) {
    Evil world;
    world.found(2, false);
    world.listen();
    const Header one = world.first(77, "a", "one");
    Header two = one;
    two.dot.seq = 2;
    two.prev = world.sign(one).envelope.id();
    Header twin = two;
    two.comment = "left";
    twin.comment = "right";
    const auto left = world.sign(two, {"one"});
    const auto right = world.sign(twin, {"one"});
    // its first bytes as a number: all that an incarnation can say of a branch
    const base::Hash greater = std::max(left.envelope.id(), right.envelope.id());
    base::Incarnation name = 0;
    for (std::size_t i = 0; i < sizeof name; ++i) name = name << 8 | greater.bytes[i];
    const auto alike = world.sign(world.first(name, "b", "alike"), {"alike"});
    const auto begin = world.sign(one, {"one"});
    const std::vector<Ship::Item> orders[] = {
        {begin, left, right, alike}, {alike, begin, right, left}, {begin, right, alike, left}};
    for (const Ship::Item& item : orders[order]) (void)world.tell(Ship{{item}, false});
    EXPECT_EQ(world.shown(1, world.setting("b")), "alike");
    EXPECT_EQ(world.shown(1, world.setting("a")), "one");
    EXPECT_EQ(world.at(1).peer->vector().size(), 4U) << "both incarnations, and a branch";
    digests.insert(world.at(1).peer->vector_digest());
    states.insert(world.at(1).peer->state().digest());
  }
  EXPECT_EQ(digests.size(), 1U) << "a function of the set";
  EXPECT_EQ(states.size(), 1U);
}

/// 4,500 concurrent chains, each with a head of one register: taken slowly, and cleaned up by one who can.
TEST(Hostile, ManyChainsAreMeasuredAndNeverStopARemoval) {
  Evil world;
  world.tuning.chains_burst = 40;
  world.found(2, false);
  world.listen();
  Ship ship;
  for (base::Incarnation i = 0; i < 4500; ++i) {
    ship.items.push_back(world.sign(world.first(1000 + i, "a", "v"), {"v"}));
    if (ship.items.size() < 500) continue;
    (void)world.tell(ship);
    ship.items.clear();
  }
  EXPECT_LE(world.at(1).peer->vector().size(), 42U) << "one member's pace";
  EXPECT_TRUE(world.alerted(1, "chains"));
  world.pass(5 * 60'000);
  const std::size_t later = world.at(1).peer->vector().size();
  EXPECT_GE(later, 44U) << "the rest comes, slowly";
  EXPECT_LE(later, 50U);
}

TEST(Hostile, HoweverManyChainsAreThereACommitCanBeMade) {
  Evil world;
  world.tuning.chains_burst = 10'000;  // as if they had come over months
  world.found(2, false);
  world.listen();
  Ship ship;
  for (base::Incarnation i = 0; i < 1500; ++i) {
    ship.items.push_back(world.sign(world.first(1000 + i, "a", "v"), {"v"}));
    if (ship.items.size() < 300) continue;
    (void)world.tell(ship);
    ship.items.clear();
  }
  ASSERT_GE(world.at(1).peer->vector().size(), 1500U);
  world.pass(3000);
  const std::string key = world.commit(1, {world.item(1, world.setting("a"), "mine")});
  world.pass(3000);
  const Answer* answer = world.answer(1, key);
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->what, Answer::What::committed) << answer->reason;
  EXPECT_EQ(world.shown(1, world.setting("a")), "mine");
  EXPECT_EQ(world.at(1).peer->state().find(world.setting("a"))->heads.size(), 1U)
      << "whoever saw 1,500 heads closes them with one write";

  const Register life = member_register(member_id(0), "life");
  const std::string removal = world.commit(1, {world.item(1, life, "", WriteKind::remove)});
  world.pass(3000);
  ASSERT_NE(world.answer(1, removal), nullptr);
  EXPECT_EQ(world.answer(1, removal)->what, Answer::What::committed);
  EXPECT_EQ(world.at(1).peer->fleet().members.size(), 1U);

  // The next one is an ordinary commit: the joins were made once.
  const std::size_t stored = world.at(1).stored.size();
  world.set(1, "b", "x");
  world.run();
  EXPECT_EQ(world.at(1).stored.size(), stored + 1);
  auto again = Peer::restore(world.at(1).self, Tuning{}, world.at(1).stored, 1, 2, world.now, value_of(world.at(1)));
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->vector_digest(), world.at(1).peer->vector_digest());
}

/// Another machine that has taken more of them than this one builds on them: what an honest one has seen is taken.
TEST(Hostile, WhatAnotherMemberHasSeenIsNotMeasured) {
  Evil world;
  world.tuning.chains_burst = 5;
  world.found(3, false);
  world.listen();
  Ship ship;
  for (base::Incarnation i = 0; i < 30; ++i) ship.items.push_back(world.sign(world.first(1000 + i, "a", "v"), {"v"}));
  (void)world.tell(ship);
  ASSERT_LE(world.at(1).peer->vector().size(), 7U);
  (void)world.tell(Ship{{world.over(ship.items)}, false});
  EXPECT_EQ(world.shown(1, world.setting("b")), "w");
}

TEST(Hostile, ALongBaseIsNamedByItsGreatestHeads) {
  Evil world;
  world.tuning.chains_burst = 1000;
  world.found(2, false);
  world.listen();
  Ship ship;
  for (base::Incarnation i = 0; i < 300; ++i) ship.items.push_back(world.sign(world.first(1000 + i, "a", "v"), {"v"}));
  (void)world.tell(ship);
  world.pass(3000);
  world.set(1, "a", "mine");
  world.run();
  const Header last = *decode_header(world.at(1).stored.back().envelope.header);
  EXPECT_EQ(last.writes.front().base.size(), heads_per_base);
  EXPECT_EQ(world.shown(1, world.setting("a")), "mine");
}

LinkId link_to(World& world, int machine, int other) {
  for (LinkId id = 1; id < 50; ++id) {
    const Effects effects = world.at(machine).peer->step(Received{id, Ping{9, false, world.now.wall_ms, {}, {}}, 1}, world.now);
    for (const Send& send : effects.sends) {
      (void)send;
      for (const Peer::LinkInfo& info : world.at(machine).peer->links())
        if (info.member == member_id(other) && info.last_heard_mono_ms == world.now.mono_ms) return id;
    }
    ++world.now.mono_ms;
    ++world.now.wall_ms;
  }
  return 0;
}

/// Commits in anyone's name whose predecessors never come; of nobody's key, and of its own.
TEST(Hostile, WhoFillsTheRoomGivesWay) {
  for (const bool own_key : {false, true}) {
    World world;
    world.tuning.held_bytes = 4U << 20;
    world.found(3);
    const LinkId link = link_to(world, 0, 1);
    ASSERT_NE(link, 0U);
    Ship junk;
    for (int i = 0; i < 2000; ++i) {
      Header header;
      header.dot = {own_key ? member_id(1) : base::MemberId{uuid(0x900)}, static_cast<base::Incarnation>(1000 + i), 2};
      header.login_host = header.dot.member;
      header.prev = base::hash_bytes("nobody" + std::to_string(i));
      header.writes = {{world.setting("a"), WriteKind::clear, {}, 0, {}}};
      Ship::Item item{{encode_header(header), {}}, {}, false};
      item.envelope.signature = base::sign(world.at(1).self.key, signed_bytes(world.cluster, item.envelope.header));
      junk.items.push_back(item);
    }
    (void)world.at(0).peer->step(Received{link, junk, 1}, world.now);
    // member 2 has many that come before what they stand on
    for (int i = 0; i < 20; ++i) {
      world.set(2, "b", "honest " + std::to_string(i));
      world.run();
    }
    EXPECT_EQ(world.shown(0, world.setting("b")), "honest 19") << own_key;
    world.pass(10'000);
    EXPECT_EQ(world.shown(0, world.setting("b")), "honest 19");
  }
}

/// Half chains under its own key, and then a commit on which the others build: its own junk must not keep that out.
TEST(Hostile, WhoFillsItsOwnPartGivesWayToItself) {
  World world;
  world.tuning.held_bytes = 4U << 20;
  world.found(3);
  world.pass(3000);
  const LinkId link = link_to(world, 0, 1);
  ASSERT_NE(link, 0U);
  Ship junk;
  for (base::Incarnation i = 0; i < 600; ++i) {
    Header header;
    header.dot = {member_id(1), 1000 + i, 2};
    header.login_host = header.dot.member;
    header.prev = base::hash_bytes("nobody" + std::to_string(i));
    header.writes = {{world.setting("a"), WriteKind::clear, {}, 0, {}}};
    Ship::Item item{{encode_header(header), {}}, {}, false};
    item.envelope.signature = base::sign(world.at(1).self.key, signed_bytes(world.cluster, item.envelope.header));
    junk.items.push_back(item);
  }
  (void)world.at(0).peer->step(Received{link, junk, 1}, world.now);
  world.set(1, "b", "by one");
  world.run();
  world.set(2, "c", "over it");
  world.run();
  world.pass(5000);
  EXPECT_EQ(world.shown(0, world.setting("b")), "by one");
  EXPECT_EQ(world.shown(0, world.setting("c")), "over it");
}

/// Those for which there was no room are measured no more than the others, once somebody has built on them.
TEST(Hostile, WhatAnotherMemberHasSeenIsNotMeasuredThoughItWasForgotten) {
  Evil world;
  world.tuning.chains_burst = 2;
  world.tuning.held_bytes = 1U << 20;  // 8 of them may wait on the disk
  world.found(3, false);
  world.listen();
  Ship ship;
  for (base::Incarnation i = 0; i < 20; ++i) ship.items.push_back(world.sign(world.first(1000 + i, "a", "v"), {"v"}));
  (void)world.tell(ship);
  (void)world.tell(Ship{{world.over(ship.items)}, false});
  EXPECT_EQ(world.shown(1, world.setting("b")), "(unset)");
  for (int round = 0; round < 20; ++round) (void)world.tell(ship);
  EXPECT_EQ(world.shown(1, world.setting("b")), "w");
}

TEST(Hostile, CommitsThatDoNotCheckEndTheLink) {
  Evil world;
  world.found(2, false);
  world.listen();
  Ship junk;
  for (base::Incarnation i = 0; i < 300; ++i) {
    auto item = world.sign(world.first(1000 + i, "a", "v"), {"v"});
    item.envelope.signature.bytes[5] ^= 1U;
    junk.items.push_back(item);
  }
  (void)world.tell(junk);
  EXPECT_EQ(world.closed, std::vector<LinkId>{world.link});
  EXPECT_LE(world.at(1).peer->counters().refused, 256U);
  EXPECT_TRUE(world.alerted(1, "link-refused"));
}

/// Replays of a step's own queue: what is announced and never comes costs nothing that stays.
TEST(Hostile, WhatIsCalledDurableIsRememberedForAFew) {
  Evil world;
  world.found(2, false);
  world.listen();
  for (base::Incarnation i = 0; i < 2000; ++i)
    (void)world.at(1).peer->step(Received{world.link, Durable{10'000 + i, 1, base::hash_bytes("x")}, 1}, world.now);
  // the newest one is known, and its commit is applied as soon as it comes staged
  const auto item = world.sign(world.first(77, "a", "v"), {"v"});
  (void)world.tell(Durable{77, 1, item.envelope.id()});
  Ship staged{{item}, false};
  staged.items.front().staged = true;
  (void)world.tell(staged);
  EXPECT_EQ(world.shown(1, world.setting("a")), "v");
}

/// A round goes over all chains and 1 MB of commits: it is not made for every message.
TEST(Hostile, PullsAreAnsweredAFewTimesASecond) {
  Evil world;
  world.found(2, false);
  world.listen();
  for (int i = 0; i < 50; ++i) world.set(1, "a", std::string(1000, 'x') + std::to_string(i));
  world.run();
  std::size_t shipped = 0;
  for (int i = 0; i < 1000; ++i) shipped += world.at(1).peer->step(Received{world.link, Pull{{}}, 1}, world.now).ships.size();
  EXPECT_LE(shipped, 2U);
  world.now.mono_ms += 1000;
  EXPECT_EQ(world.at(1).peer->step(Tick{}, world.now).ships.size(), 1U) << "the last one is answered";
}

TEST(Hostile, WordOfAThirdMachineIsHearsay) {
  World world;
  world.found(3);
  world.cut(0, 2);
  world.cut(1, 2);
  world.run();
  const std::string key = world.set(0, "a", "one");
  world.run();
  const LinkId link = link_to(world, 0, 1);
  ASSERT_NE(link, 0U);
  const Vector all = world.at(0).peer->vector();
  (void)world.at(0).peer->step(Received{link, Applied{member_id(2), all, ""}, 1}, world.now);
  (void)world.at(0).peer->step(
      Received{link, LinkState{world.at(2).nonce, ~std::uint64_t{0}, member_id(2), {member_id(1)}, {}}, 1}, world.now);
  LocalCommit again;
  again.request_key = key;
  again.author = world.admin;
  again.items = {world.item(0, world.setting("a"), "one")};
  world.step(0, again);
  const Answer* answer = world.answer(0, key);
  ASSERT_EQ(answer->what, Answer::What::committed);
  ASSERT_EQ(answer->missing.size(), 1U) << "machine 2 has been cut off since before the commit";
  EXPECT_EQ(answer->missing.front().member, member_id(2));
  for (const Peer::Progress& one : world.at(0).peer->progress(answer->commit)) {
    if (one.member != member_id(2)) continue;
    EXPECT_FALSE(one.stored);
    EXPECT_FALSE(one.applied);
    EXPECT_NE(one.problem.find("as " + world.at(1).host + " says"), std::string::npos) << one.problem;
  }
  for (const Peer::LinkInfo& info : world.at(0).peer->links()) {
    if (info.member != member_id(2)) continue;
    EXPECT_EQ(info.told_by, member_id(1));
  }

  // Its own word counts again, whatever was told of it.
  world.connect(0, 2);
  world.run();
  world.pass(3000);
  for (const Peer::LinkInfo& info : world.at(0).peer->links()) {
    if (info.member != member_id(2)) continue;
    EXPECT_FALSE(info.told_by);
    EXPECT_EQ(info.its_live, std::vector<base::MemberId>{member_id(0)});
  }
}

TEST(Hostile, AMachineThatComesBackWithLessIsCountedDown) {
  World world;
  world.found(2);
  const World::Snapshot old = world.snapshot(1);
  world.pass(3000);
  const std::string key = world.set(0, "a", "one");
  world.run();
  ASSERT_TRUE(world.answer(0, key)->missing.empty());
  world.set_back(1, old);
  world.lose = {"ship"};
  world.connect(0, 1);
  world.run();
  LocalCommit again;
  again.request_key = key;
  again.author = world.admin;
  again.items = {world.item(0, world.setting("a"), "one")};
  world.step(0, again);
  EXPECT_EQ(world.answer(0, key)->missing.size(), 1U) << "its disk has not got it any more";
}

TEST(Hostile, ARequestKeyStandsForItsRequestAlone) {
  World world;
  world.found(2);
  const std::string key = world.set(0, "a", "one");
  world.run();
  world.pass(3000);
  const base::Hash first = world.answer(0, key)->commit;

  for (const int machine : {0, 1}) {
    world.commit(machine, {world.item(machine, world.setting("b"), "two")}, key);
    world.run();
    EXPECT_EQ(world.answer(machine, key)->what, Answer::What::refused) << "other edits";
    EXPECT_NE(world.answer(machine, key)->reason.find("key was used before"), std::string::npos);
    EXPECT_EQ(world.shown(machine, world.setting("b")), "(unset)");

    LocalCommit other;
    other.request_key = key;
    other.author = {uuid(0x777)};
    other.items = {world.item(machine, world.setting("a"), "one")};
    world.step(machine, other);
    world.run();
    EXPECT_EQ(world.answer(machine, key)->what, Answer::What::refused) << "another user";

    LocalCommit same = other;
    same.author = world.admin;
    world.step(machine, same);
    EXPECT_EQ(world.answer(machine, key)->what, Answer::What::committed) << "asked again";
    EXPECT_EQ(world.answer(machine, key)->commit, first);
  }
}

/// What a key stands for is all that was asked: whoever changes anything of it asks for something else.
TEST(Hostile, EveryPartOfARequestIsOfItsContent) {
  LocalCommit asked;
  asked.author = {uuid(1)};
  asked.items = {{{Space::user, uuid(2), "role"}, WriteKind::put, "guest", {}},
                 {{Space::user, uuid(2), "keys"}, WriteKind::clear, "", {}}};
  const base::Hash content = content_of(asked);
  const auto differs = [&](const char* what, auto change) {
    LocalCommit other = asked;
    change(other);
    EXPECT_NE(content_of(other), content) << what;
  };
  differs("user", [](LocalCommit& one) { one.author = {uuid(3)}; });
  differs("space", [](LocalCommit& one) { one.items[0].reg.space = Space::member; });
  differs("whose", [](LocalCommit& one) { one.items[0].reg.id = uuid(3); });
  differs("part", [](LocalCommit& one) { one.items[0].reg.name = "rolf"; });
  differs("kind", [](LocalCommit& one) { one.items[1].kind = WriteKind::remove; });
  differs("value", [](LocalCommit& one) { one.items[0].value = "none"; });
  differs("fewer", [](LocalCommit& one) { one.items.pop_back(); });
  differs("more", [](LocalCommit& one) { one.items.push_back({{Space::user, uuid(2), "name"}, WriteKind::put, "", {}}); });
  differs("where a name ends", [](LocalCommit& one) { one.items[1].reg.name = "keysx"; });
  LocalCommit same = asked;
  std::swap(same.items[0], same.items[1]);
  same.comment = "said otherwise";
  EXPECT_EQ(content_of(same), content) << "neither order nor comment";
}

/// While the first is being flushed, the answer to a reuse is not taken for the first one's.
TEST(Hostile, AReuseUnderWayIsAnsweredApart) {
  World world;
  world.found(1);
  world.pass(3000);
  world.at(0).hold_flush = true;
  const std::string key = world.set(0, "a", "one");
  world.commit(0, {world.item(0, world.setting("b"), "two")}, key);
  world.flush(0);
  world.run();
  world.pass(3000);
  std::map<base::Hash, Answer::What> by_content;
  for (const Answer& answer : world.at(0).answers)
    if (answer.request_key == key) by_content[answer.content] = answer.what;
  ASSERT_EQ(by_content.size(), 2U);
  LocalCommit asked;
  asked.author = world.admin;
  asked.items = {world.item(0, world.setting("a"), "one")};
  EXPECT_EQ(by_content.at(content_of(asked)), Answer::What::committed);
}

}  // namespace
}  // namespace postern::cluster
