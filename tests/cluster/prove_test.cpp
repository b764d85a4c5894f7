// What was stored or came with a join is believed only when a signature proves it (P15).
#include "cluster/world.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace postern::cluster {
namespace {

/// One machine's log and values, to be falsified before somebody starts from them.
struct Log {
  explicit Log(World& of, int machine)
      : world(of), self(of.at(machine).self), commits(of.at(machine).stored), values(of.at(machine).values) {}

  std::unique_ptr<Peer> restored() {
    const ValueOf value_of = [this](const base::Hash& hash) {
      const auto found = values.find(hash);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    };
    auto peer = Peer::restore(self, Tuning{}, commits, 1, 2, world.now, value_of);
    EXPECT_TRUE(peer);
    for (const base::Hash& hash : (*peer)->missing_values()) (*peer)->supply_value(hash, values[hash]);
    return std::move(*peer);
  }
  /// Writes on after `prev` as its author, but signed with `key`.
  Header next(const Header& prev, const base::SigningKey& key, const Register& reg, const std::string& value,
              const base::Hash& prev_hash) {
    Header header = prev;
    header.prev = prev_hash;
    ++header.dot.seq;
    header.parents.clear();
    header.stamp.value += 1000;
    header.request_key = "forged" + std::to_string(commits.size());
    return add(std::move(header), key, reg, value);
  }
  Header add(Header header, const base::SigningKey& key, const Register& reg, const std::string& value) {
    header.writes = {{reg, WriteKind::put, base::hash_bytes(value), value.size(), {}}};
    Envelope made{encode_header(header), {}};
    made.signature = base::sign(key, signed_bytes(world.cluster, made.header));
    commits.push_back({made, false});
    values[base::hash_bytes(value)] = value;
    return header;
  }
  Header last() const { return *decode_header(commits.back().envelope.header); }
  base::Hash last_hash() const { return commits.back().envelope.id(); }
  std::string shown(const Peer& peer, const std::string& feature) const {
    const auto value = peer.state().value(world.setting(feature));
    return value == nullptr ? "(unset)" : *value;
  }

  World& world;
  Self self;
  std::vector<StoredCommit> commits;
  Values values;
};

bool critical(const Effects& effects) {
  return std::any_of(effects.alerts.begin(), effects.alerts.end(),
                     [](const Alert& alert) { return alert.grade == Alert::Grade::critical; });
}

TEST(Prove, ATipSignedWithAnothersKeyIsNotBelieved) {
  World world;
  world.found(3);
  world.set(2, "a", "true");
  world.run();
  Log log(world, 1);
  (void)log.next(log.last(), world.at(0).self.key, world.setting("a"), "forged", log.last_hash());
  (void)log.next(log.last(), world.at(0).self.key, world.setting("b"), "forged", log.last_hash());
  auto peer = log.restored();
  ASSERT_EQ(peer->unproved().size(), 1U) << "and what builds on it has a gap";
  EXPECT_EQ(peer->unproved()[0].host, world.at(2).host);
  EXPECT_EQ(peer->unproved()[0].hash, log.commits[log.commits.size() - 2].envelope.id());
  for (int steps = 0; steps < 3; ++steps) {
    const Effects effects = peer->step(Tick{}, world.now);
    EXPECT_EQ(critical(effects), steps == 0);
    EXPECT_EQ(log.shown(*peer, "a"), "true");
    EXPECT_EQ(log.shown(*peer, "b"), "(unset)");
    EXPECT_EQ(peer->commits_in_order().size(), log.commits.size() - 2) << "nor is it shipped or sponsored from";
  }
}

TEST(Prove, AnAdmissionMustBeProvedBeforeTheKeyInItProvesAnything) {
  World world;
  world.found(3);
  world.set(2, "a", "true");
  world.run();
  Log log(world, 1);
  const std::string identity = encode(identity_of(9));
  const Header admission =
      log.next(log.last(), world.at(0).self.key, member_register(member_id(9), "identity"), identity, log.last_hash());
  Header first = admission;
  first.dot = {member_id(9), 5, 1};
  first.login_host = member_id(9);
  first.prev = log.last_hash();
  (void)log.add(first, signing_key(9), world.setting("a"), "forged");
  auto peer = log.restored();
  EXPECT_EQ(log.shown(*peer, "a"), "true");
  EXPECT_EQ(peer->fleet().member(member_id(9)), nullptr);
  ASSERT_EQ(peer->unproved().size(), 1U);
  EXPECT_EQ(peer->unproved()[0].why, "its signature is wrong");
}

TEST(Prove, TheLastSignatureOfARunProvesAllBeforeIt) {
  World world;
  world.found(2);
  for (const char* feature : {"a", "b", "c", "d"}) world.set(1, feature, "x"), world.run();
  Log log(world, 0);
  const auto of_one = [&](const StoredCommit& one) { return decode_header(one.envelope.header)->dot.member == member_id(1); };
  for (StoredCommit& one : log.commits) {
    const bool tip = one.envelope.id() == log.last_hash();
    if (of_one(one) && !tip) one.envelope.signature = {};
  }
  auto peer = log.restored();
  EXPECT_TRUE(peer->unproved().empty());
  EXPECT_EQ(log.shown(*peer, "d"), "x");
  log.commits.pop_back();  // now the last with a right signature is gone
  peer = log.restored();
  EXPECT_EQ(peer->unproved().size(), 1U);
  EXPECT_EQ(log.shown(*peer, "a"), "(unset)");
}

TEST(Prove, ALaterCommitOfTheRunThatNobodySignedLeavesTheProvedPart) {
  World world;
  world.found(2);
  for (const char* feature : {"a", "b", "c", "d"}) world.set(1, feature, "x"), world.run();
  Log log(world, 0);
  for (const std::size_t from_end : {1U, 2U}) log.commits[log.commits.size() - from_end].envelope.signature = {};
  auto peer = log.restored();
  ASSERT_EQ(peer->unproved().size(), 1U);
  EXPECT_EQ(log.shown(*peer, "b"), "x");
  EXPECT_EQ(log.shown(*peer, "c"), "(unset)");
}

TEST(Prove, AFounderNeedsItsOwnSignature) {
  World world;
  world.found(1);
  Log log(world, 0);
  log.commits.resize(1);
  log.commits[0].envelope.signature.bytes[3] ^= 1;
  auto peer = log.restored();
  EXPECT_EQ(peer->unproved().size(), 1U);
  EXPECT_TRUE(peer->fleet().members.empty());
  EXPECT_TRUE(peer->commits_in_order().empty());
}

/// A store whose values were replaced does not choose whose signature is right.
TEST(Prove, AKeyComesFromTheValueThatTheHeaderNames) {
  World world;
  world.found(1);
  const base::SigningKey key = base::signing_key({6, 6});
  auto past = world.at(0).stored;
  for (StoredCommit& one : past) one.envelope.signature = base::sign(key, signed_bytes(world.cluster, one.envelope.header));
  const auto another = [&](const base::Hash& hash) -> std::optional<std::string> {
    const auto value = value_of(world.at(0))(hash);
    auto identity = value ? decode_identity(*value) : base::Result<MemberIdentity>(base::Error{});
    if (!value || !identity || identity->serial.empty()) return value;
    identity->signing_key = base::verify_key(key);
    return encode(*identity);
  };
  auto peer = Peer::restore(world.at(0).self, Tuning{}, past, 1, 2, world.now, another);
  ASSERT_TRUE(peer);
  EXPECT_TRUE((*peer)->vector().empty()) << "nothing of it is proved";
  EXPECT_FALSE((*peer)->unproved().empty());
}

TEST(Prove, ASecondFoundingIsNotBelieved) {
  World world;
  world.found(2);
  Log log(world, 0);
  Header founding = *decode_header(log.commits[0].envelope.header);
  founding.dot = {member_id(9), 5, 1};
  founding.login_host = member_id(9);
  const std::string identity = encode(identity_of(9));
  (void)log.add(founding, signing_key(9), member_register(member_id(9), "identity"), identity);
  auto peer = log.restored();
  ASSERT_EQ(peer->unproved().size(), 1U);
  EXPECT_EQ(peer->unproved()[0].why, "it founds a cluster that exists");
  EXPECT_EQ(peer->fleet().member(member_id(9)), nullptr);
}

TEST(Prove, WhatIsNotProvedIsAskedForAgain) {
  World world;
  world.found(2);
  for (const char* feature : {"a", "b", "c"}) world.set(1, feature, "x"), world.run();
  auto& stored = world.at(0).stored;
  stored.back().envelope.signature = {};
  stored[stored.size() - 2].envelope.signature = {};
  world.restart(0);
  EXPECT_TRUE(world.alerted(0, "damaged"));
  EXPECT_EQ(world.shown(0, world.setting("b")), "(unset)");
  world.connect(0, 1);
  world.pass(10'000);
  EXPECT_EQ(world.shown(0, world.setting("b")), "x");
  EXPECT_EQ(world.shown(0, world.setting("c")), "x");
  world.expect_equal();
}

}  // namespace
}  // namespace postern::cluster
