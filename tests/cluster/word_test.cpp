// What a member's word, and the measure of chains, may do to others.
#include "cluster/evil.h"

namespace postern::cluster {
namespace {

struct Words : Evil {
  void begin(int machines) {
    found(machines, false);
    listen();
  }
  /// Machine 0's admission of a member.
  base::Hash admission_of(int machine) {
    for (const StoredCommit& one : at(0).stored) {
      const Header header = *decode_header(one.envelope.header);
      if (find_write(header, member_register(member_id(machine), "identity")) != nullptr) return one.envelope.id();
    }
    return admission();
  }
  /// A first commit of `machine` in an incarnation of its own, as machine 0 ships it.
  Ship::Item begins(int machine, base::Incarnation incarnation, const std::string& feature, const std::string& value) {
    Header header = first(incarnation, feature, value);
    header.dot.member = header.login_host = member_id(machine);
    header.prev = admission_of(machine);
    return signed_by(machine, header, value);
  }
  Ship::Item signed_by(int machine, const Header& header, const std::string& value) {
    Ship::Item item{{encode_header(header), {}}, {value}, false};
    item.envelope.signature = base::sign(at(machine).self.key, signed_bytes(cluster, item.envelope.header));
    return item;
  }
  void later(std::int64_t ms) {
    now.mono_ms += ms;
    now.wall_ms += ms;
    (void)carry_out(at(1).peer->step(Tick{}, now));
  }
  std::size_t chains_of(int machine) {
    std::size_t count = 0;
    for (const Tip& tip : at(1).peer->vector()) count += tip.member == member_id(machine) ? 1 : 0;
    return count;
  }
};

TEST(Words, OfCommitsThatNeverWereEndFewIncarnations) {
  Words world;
  world.begin(2);
  for (int i = 0; i < 40; ++i) {
    Vector phantom{{member_id(1), static_cast<base::Incarnation>(1'000 + i), 1, base::hash_bytes(std::to_string(i)), {}}};
    (void)world.tell(Summary{phantom});
    world.later(5'000);
    world.set(1, "a", std::to_string(i));
    world.pass(3'000);
  }
  EXPECT_EQ(world.shown(1, world.setting("a")), "39");
  EXPECT_LE(world.chains_of(1), 4U) << "each is a chain for ever, on every machine";
}

TEST(Words, TheFirstOfACommitThatWeMayHaveForgottenEndsTheIncarnation) {
  Words world;
  world.begin(2);
  world.set(1, "a", "before");
  world.pass(3'000);
  const std::size_t chains = world.chains_of(1);
  (void)world.tell(Summary{{{member_id(1), 4'711, 9, base::hash_bytes("forgotten"), {}}}});
  world.later(5'000);
  world.set(1, "a", "after");
  world.pass(3'000);
  EXPECT_EQ(world.chains_of(1), chains + 1);
}

/// Somebody whom machine 0 admits while machine 1 runs, and that has a link with it.
struct Guest {
  base::SigningKey key;
  base::MemberId id;
  base::Hash admission;
  LinkId link = 0;

  Guest(Words& world, int number) : link(static_cast<LinkId>(100 + number)) {
    std::array<std::uint8_t, 32> seed{};
    seed[0] = static_cast<std::uint8_t>(number);
    key = base::signing_key(seed);
    const std::string name = "guest" + std::to_string(number);
    const MemberIdentity identity{name, base::verify_key(key), "h" + name, "u" + name, uuid(70 + number)};
    id = member_of(identity);
    Header header = world.first(static_cast<base::Incarnation>(8'000 + number), "x", "x");
    const std::string bytes = encode(identity);
    header.writes = {{member_register(id, "identity"), WriteKind::put, base::hash_bytes(bytes), bytes.size(), {}},
                     {member_register(id, "name"), WriteKind::put, base::hash_bytes(name), name.size(), {}}};
    const Ship::Item item = world.sign(header, {bytes, name});
    admission = item.envelope.id();
    (void)world.tell(Ship{{item}, false});
    EXPECT_NE(world.at(1).peer->fleet().member(id), nullptr);
    world.greet(link, id);
  }
  /// Begins a chain.
  void begin(Words& world, base::Incarnation incarnation, const std::string& feature, const std::string& value) const {
    Header header = world.first(incarnation, feature, value);
    header.dot.member = header.login_host = id;
    header.prev = admission;
    Ship::Item item{{encode_header(header), {}}, {value}, false};
    item.envelope.signature = base::sign(key, signed_bytes(world.cluster, item.envelope.header));
    (void)world.tell_on(link, Ship{{item}, false});
  }
};

TEST(Measure, WhomAMemberAdmittedDoesNotUseUpItsOwn) {
  Words world;
  world.tuning.chains_burst = 4;
  world.begin(2);
  const Guest liar(world, 1);
  for (int i = 0; i < 20; ++i) liar.begin(world, static_cast<base::Incarnation>(100 + i), "b", std::to_string(i));
  EXPECT_TRUE(world.alerted(1, "chains"));
  (void)world.tell(Ship{{world.begins(0, 900, "a", "removal, say")}, false});
  EXPECT_EQ(world.shown(1, world.setting("a")), "removal, say") << "the sponsor has a measure of its own";
}

TEST(Measure, WhoWaitedLongestIsNext) {
  for (const int number : {1, 2}) {  // and not whose id is less
    Words world;
    world.tuning.chains_burst = 4;
    world.begin(2);
    const Guest liar(world, number);
    const Guest honest(world, 3 - number);
    for (int i = 0; i < 30; ++i) liar.begin(world, static_cast<base::Incarnation>(100 + i), "b", std::to_string(i));
    honest.begin(world, 500, "a", "honest");
    EXPECT_NE(world.shown(1, world.setting("a")), "honest") << "their common measure is used up";
    for (int i = 0; i < 2; ++i) world.later(world.tuning.chain_refill_ms + 1'000);
    EXPECT_EQ(world.shown(1, world.setting("a")), "honest");
  }
}

TEST(Words, OfAccomplicesEndNoMoreThanItsOwn) {
  Words world;
  world.begin(2);
  for (int i = 1; i <= 20; ++i) {
    const Guest one(world, i);
    Vector phantom{{member_id(1), static_cast<base::Incarnation>(1'000 + i), 1, base::hash_bytes(std::to_string(i)), {}}};
    (void)world.tell_on(one.link, Summary{phantom});
    world.later(5'000);
    world.set(1, "a", std::to_string(i));
    world.pass(3'000);
  }
  EXPECT_EQ(world.shown(1, world.setting("a")), "20");
  EXPECT_LE(world.chains_of(1), 6U) << "machine 0 admitted them all, and answers for them";
}

TEST(Words, AccomplicesKeepNoMoreCommitsWaitingThanItDoes) {
  Words world;
  world.begin(2);
  int slow = 0;
  for (int i = 1; i <= 20; ++i) {
    const Guest silent(world, i);
    const std::string key = world.set(1, "a", std::to_string(i));
    std::int64_t waited = 0;
    for (world.run(); world.answer(1, key) == nullptr && waited < 3'000; waited += 100) world.pass(100);
    EXPECT_NE(world.answer(1, key), nullptr);
    slow += waited > 1'000 ? 1 : 0;
  }
  EXPECT_LE(slow, 5) << "of 20: machine 0 admitted them all, and answers for them";
}

/// What comes meanwhile does not put the turn off.
TEST(Measure, WhoBeginsEverMoreKeepsBackNoTurn) {
  Words world;
  world.tuning.chains_burst = 4;
  world.tuning.chain_refill_ms = 2'000;
  world.begin(2);
  const Guest liar(world, 1);
  const Guest honest(world, 2);
  for (int i = 0; i < 30; ++i) liar.begin(world, static_cast<base::Incarnation>(100 + i), "b", std::to_string(i));
  honest.begin(world, 500, "a", "honest");
  for (int i = 0; i < 10; ++i) {
    world.later(world.tuning.chain_refill_ms / 2);
    for (int j = 0; j < 2; ++j)  // at each time more than there is room for
      liar.begin(world, static_cast<base::Incarnation>(200 + 2 * i + j), "b", std::to_string(i));
  }
  EXPECT_EQ(world.shown(1, world.setting("a")), "honest");
}

/// Each is the next of its own branch, though both have one number.
TEST(Measure, BranchesThatGoOnAtOnceBeginNone) {
  Words world;
  world.tuning.chains_burst = 2;
  world.begin(2);
  const auto goes_on = [&](const Ship::Item& before, const std::string& feature, const std::string& value) {
    Header header = world.first(77, feature, value);
    header.dot.seq = 2;
    header.prev = before.envelope.id();
    return world.signed_by(0, header, value);
  };
  const auto left = world.begins(0, 77, "a", "left");
  const auto right = world.begins(0, 77, "b", "right");
  (void)world.tell(Ship{{left}, false});
  (void)world.tell(Ship{{right}, false});
  (void)world.tell(Ship{{goes_on(left, "a", "left again"), goes_on(right, "b", "right again")}, false});
  EXPECT_EQ(world.shown(1, world.setting("a")), "left again");
  EXPECT_EQ(world.shown(1, world.setting("b")), "right again");
  EXPECT_FALSE(world.alerted(1, "chains"));
  (void)world.tell(Ship{{world.begins(0, 78, "c", "third")}, false});
  EXPECT_EQ(world.shown(1, world.setting("c")), "(unset)") << "the measure is used up";
}

/// Puppets that never began a chain come before whoever has: one liar has any number of them.
TEST(Measure, ALiarsPuppetsDoNotComeBeforeAnHonestMachine) {
  Words world;
  world.tuning.chains_burst = 4;
  world.tuning.vouched_burst = 0;
  world.tuning.vouched_refill_ms = 1'000'000'000;
  world.begin(2);
  const Guest liar(world, 1);
  const Guest honest(world, 2);
  honest.begin(world, 500, "a", "before");
  EXPECT_EQ(world.shown(1, world.setting("a")), "before");
  Header header = world.first(700, "x", "x");
  header.dot.member = header.login_host = liar.id;
  header.prev = liar.admission;
  std::map<Register, std::string> identities;
  std::vector<std::pair<base::MemberId, base::SigningKey>> puppets;
  for (int i = 0; i < 40; ++i) {
    std::array<std::uint8_t, 32> seed{};
    seed[0] = static_cast<std::uint8_t>(100 + i);
    const base::SigningKey key = base::signing_key(seed);
    const std::string name = "puppet" + std::to_string(i);
    const MemberIdentity identity{name, base::verify_key(key), "h" + name, "u" + name, uuid(170 + i)};
    puppets.emplace_back(member_of(identity), key);
    identities[member_register(member_of(identity), "identity")] = encode(identity);
  }
  std::vector<std::string> values;
  header.writes.clear();
  for (const auto& [reg, value] : identities) {
    header.writes.push_back({reg, WriteKind::put, base::hash_bytes(value), value.size(), {}});
    values.push_back(value);
  }
  Ship::Item admits{{encode_header(header), {}}, values, false};
  admits.envelope.signature = base::sign(liar.key, signed_bytes(world.cluster, admits.envelope.header));
  (void)world.tell_on(liar.link, Ship{{admits}, false});
  LinkId link = 500;
  for (const auto& [id, key] : puppets) {
    ASSERT_NE(world.at(1).peer->fleet().member(id), nullptr);
    world.greet(++link, id);
    Header begins = world.first(600, "b", "puppet");
    begins.dot.member = begins.login_host = id;
    begins.prev = admits.envelope.id();
    Ship::Item item{{encode_header(begins), {}}, {"puppet"}, false};
    item.envelope.signature = base::sign(key, signed_bytes(world.cluster, item.envelope.header));
    (void)world.tell_on(link, Ship{{item}, false});
  }
  honest.begin(world, 501, "a", "after a restart");
  for (int i = 0; i < 6; ++i) world.later(world.tuning.chain_refill_ms + 1'000);
  EXPECT_EQ(world.shown(1, world.setting("a")), "after a restart") << "six chains were taken since";
}

/// What a removed member staged before it was known to be removed, over the removal, is impossible on that way as well.
TEST(Impossible, StagedAndThenDurable) {
  for (const bool staged : {false, true}) {
    Words world;
    world.begin(3);
    Header gone = world.first(77, "x", "x");
    gone.writes = {{member_register(member_id(2), "life"), WriteKind::remove, {}, 0, {}}};
    Ship::Item removal = world.sign(gone);
    removal.values.clear();
    Header knew = world.first(9, "b", "w");
    knew.dot.member = knew.login_host = member_id(2);
    knew.prev = world.admission_of(2);
    knew.parents = {{gone.dot, removal.envelope.id()}};
    Ship::Item item = world.signed_by(2, knew, "w");
    item.staged = staged;
    world.greet(71, member_id(2));
    (void)world.tell_on(71, Ship{{item}, false});
    if (staged) (void)world.tell_on(71, Durable{9, 1, item.envelope.id()});
    (void)world.tell(Ship{{removal}, false});
    EXPECT_EQ(world.at(1).peer->fleet().member(member_id(2)), nullptr) << "it is removed";
    EXPECT_NE(world.shown(1, world.setting("b")), "w") << "staged: " << staged;
  }
}

/// What is shipped staged is written to the disk: its values are looked at before as those of any other.
TEST(Impossible, AStagedValueThatIsNotWhatItIsFor) {
  for (const bool staged : {false, true}) {
    Words world;
    world.begin(2);
    Header header = world.first(77, "x", "x");
    header.writes = {{user_register({uuid(9)}, "role"), WriteKind::put, base::hash_bytes("emperor"), 7, {}}};
    Ship::Item item = world.sign(header, {"emperor"});
    item.staged = staged;
    const std::size_t stored = world.at(1).stored.size();
    (void)world.tell(Ship{{item}, false});
    EXPECT_EQ(world.at(1).stored.size(), stored) << "staged: " << staged;
    EXPECT_TRUE(world.alerted(1, "commit-refused")) << "staged: " << staged;
  }
}

TEST(LinkStates, WordForWordTheSameIsNotToldOn) {
  Words world;
  world.begin(3);
  world.greet(71, member_id(2));
  const LinkState state{5, 9, member_id(0), {member_id(1)}, {}};
  const auto told = [&] {
    std::size_t count = 0;
    for (const Send& send : world.tell(state).sends) count += std::holds_alternative<LinkState>(send.message) ? 1 : 0;
    return count;
  };
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(told(), 0U) << "or two machines would send it to each other for ever";
}

}  // namespace
}  // namespace postern::cluster
