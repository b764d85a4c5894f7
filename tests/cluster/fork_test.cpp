// Forks: one dot, several hashes (contract 2.2; cases 22, 23, 56).
#include "cluster/reference.h"
#include "cluster/state_builder.h"
#include "cluster/world.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace postern::cluster {
namespace {

/// Three machines; machine 0 has committed once, and is then set back and goes on, once with each of the
/// others, who do not hear of each other.
struct Forked : World {
  Snapshot before;
  void island(int other, const std::string& feature, const std::string& value, int times = 1) {
    connect(0, other);
    run();
    for (int i = 0; i < times; ++i) {
      set(0, feature, value + std::to_string(i));
      run();
      pass(10);
    }
    cut(0, other);
    run();
  }
  void make(int others = 2) {
    found(1 + others);
    set(0, "seen", "by all");
    run();
    pass(3'000);
    before = snapshot(0);
    for (int a = 0; a < others + 1; ++a)
      for (int b = 0; b < a; ++b) cut(b, a);
  }
  /// The names of machine 0's chains, as machine 1 has them.
  std::set<ChainId> names() {
    std::set<ChainId> found;
    for (const Tip& tip : at(1).peer->vector())
      if (tip.member == member_id(0)) found.insert(chain_of(tip));
    return found;
  }
  std::vector<Head> heads(int machine, const std::string& feature) {
    const RegisterState* state = at(machine).peer->state().find(setting(feature));
    return state == nullptr ? std::vector<Head>() : state->heads;
  }
};

TEST(Fork, BothBranchesAreKeptAsConcurrentAndTheLesserHashKeepsTheName) {
  Forked world;
  world.make();
  world.island(1, "a", "left");
  world.set_back(0, world.before);
  world.island(2, "a", "right");
  const Vector left = world.at(1).peer->vector();
  const Vector right = world.at(2).peer->vector();
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i].seq, right[i].seq) << "case 56";
  EXPECT_NE(world.at(1).peer->vector_digest(), world.at(2).peer->vector_digest());

  world.connect_all();
  world.pass(5'000);
  world.expect_equal();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(world.alerted(i, "fork"));
    EXPECT_EQ(world.shown(i, world.setting("a")), "right0") << "the later one wins";
  }
  const std::vector<Head> heads = world.heads(1, "a");
  ASSERT_EQ(heads.size(), 2U);
  const Head& kept = heads[0].commit < heads[1].commit ? heads[0] : heads[1];
  const Head& renamed = heads[0].commit < heads[1].commit ? heads[1] : heads[0];
  EXPECT_EQ(kept.dot.incarnation, world.before.incarnation);
  EXPECT_TRUE(kept.dot.branch.is_nil());
  EXPECT_EQ(renamed.dot.incarnation, world.before.incarnation);
  EXPECT_EQ(renamed.dot.branch, renamed.commit);
  EXPECT_EQ(renamed.dot.seq, kept.dot.seq);
  EXPECT_EQ(world.names(), (std::set{chain_of(kept.dot), chain_of(renamed.dot)}));
  EXPECT_EQ(world.at(1).peer->commit(renamed.commit)->dot, renamed.dot);

  world.set(1, "a", "decided");  // its base is the two dots
  world.run();
  EXPECT_EQ(world.heads(2, "a").size(), 1U);
  world.expect_equal();
}

TEST(Fork, TheAuthorGoesOnInANewIncarnation) {
  Forked world;
  world.make();
  world.island(1, "a", "left");
  world.set_back(0, world.before);
  world.island(2, "a", "right");
  world.connect_all();
  const std::string key = world.set(0, "b", "after");
  world.run();
  const Answer* answer = world.answer(0, key);
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->what, Answer::What::committed);
  EXPECT_TRUE(answer->missing.empty());
  EXPECT_EQ(answer->dot.seq, 1U);
  EXPECT_NE(answer->dot.incarnation, world.before.incarnation);
  world.expect_equal();
}

TEST(Fork, SetBackWithoutACommitIsRecovery) {
  Forked world;
  world.make();
  world.island(1, "a", "left");
  world.set_back(0, world.before);
  world.connect_all();
  EXPECT_EQ(world.shown(0, world.setting("a")), "left0");
  const std::string key = world.set(0, "b", "after");
  world.run();
  EXPECT_NE(world.answer(0, key)->dot.incarnation, world.before.incarnation) << "a peer holds more";
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(world.alerted(i, "fork"));
  world.expect_equal();
}

TEST(Fork, OfThreeBranchesEachIsKept) {
  Forked world;
  world.make(3);
  for (int other : {1, 2, 3}) {
    world.set_back(0, world.before);
    world.island(other, "a", "branch" + std::to_string(other), other);
  }
  world.connect_all();
  world.pass(10'000);
  world.expect_equal();
  EXPECT_EQ(world.names().size(), 3U);
  EXPECT_EQ(world.heads(1, "a").size(), 3U);
}

TEST(Fork, InsideAForkIsAForkOfTheBranch) {
  Forked world;
  world.make(3);
  world.island(1, "a", "trunk", 2);
  world.set_back(0, world.before);
  world.island(2, "a", "branch", 2);
  const World::Snapshot inside = world.snapshot(0);
  world.island(2, "a", "twig", 2);
  world.set_back(0, inside);
  world.island(3, "a", "other twig", 2);
  world.connect_all();
  world.pass(10'000);
  world.expect_equal();
  EXPECT_EQ(world.names().size(), 3U);
  EXPECT_EQ(world.heads(1, "a").size(), 3U);
}

TEST(Fork, LongBranchesOfDifferentLengthMeet) {
  for (const auto& [left, right] : {std::pair(1, 30), std::pair(30, 1), std::pair(25, 30)}) {
    Forked world;
    world.make();
    world.island(1, "a", std::string(60'000, 'l'), left);
    world.set_back(0, world.before);
    world.island(2, "b", std::string(60'000, 'r'), right);
    world.connect(1, 2);
    world.pass(20'000);
    EXPECT_EQ(world.at(1).peer->vector_digest(), world.at(2).peer->vector_digest());
    EXPECT_EQ(world.at(1).peer->state().digest(), world.at(2).peer->state().digest());
  }
}

TEST(Fork, ARestartFindsTheSameNames) {
  Forked world;
  world.make();
  world.island(1, "a", "left", 3);
  world.set_back(0, world.before);
  world.island(2, "a", "right", 3);
  world.connect_all();
  world.pass(5'000);
  world.set(2, "a", "after");
  world.pass(5'000);
  world.expect_equal();
  for (int i = 0; i < 3; ++i) {
    world.restart(i);
    EXPECT_FALSE(world.alerted(i, "damaged"));
  }
  world.expect_equal();
  world.connect_all();
  world.expect_equal();
}

TEST(Fork, ABranchIsCountedWhereItIs) {
  Forked world;
  world.make();
  world.island(1, "a", "left", 2);
  world.set_back(0, world.before);
  world.cut(0, 1);
  const std::string key = world.set(0, "a", "right");
  world.pass(3'000);
  const Answer* answer = world.answer(0, key);
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->missing.size(), 2U);
  const base::Hash commit = answer->commit;
  world.lose = {"ship"};
  world.connect(0, 1);  // which holds as many commits of this incarnation, but not this one
  world.pass(5'000);
  for (const Peer::Progress& one : world.at(0).peer->progress(commit)) EXPECT_EQ(one.stored, one.member == member_id(0));
  world.lose.clear();
  world.pass(30'000);
  for (const Peer::Progress& one : world.at(0).peer->progress(commit)) EXPECT_EQ(one.stored, one.member != member_id(2));
}

TEST(Fork, WhatWasStagedOfALostBranchIsDropped) {
  Forked world;
  world.make(1);
  world.connect(0, 1);
  world.run();
  world.lose = {"durable"};
  const std::string key = world.set(0, "a", "left");
  world.run();
  ASSERT_TRUE(world.at(1).stored.back().staged);
  world.lose.clear();
  world.set_back(0, world.before);
  for (const char* feature : {"b", "c"}) {
    world.set(0, feature, "right");
    world.pass(3'000);
  }
  for (int link = 0; link < 2; ++link) {  // the first brings the other branch, the second tells by it
    world.connect(0, 1);
    world.pass(5'000);
    world.cut(0, 1);
  }
  for (const StoredCommit& stored : world.at(1).stored) EXPECT_FALSE(stored.staged);
  world.expect_equal();
  world.commit(1, {world.item(1, world.setting("a"), "left")}, key);
  world.pass(3'000);
  EXPECT_EQ(world.answer(1, key)->what, Answer::What::committed) << "it is not in doubt any more";
}

TEST(Fork, ABaseMeansWhatItsAuthorKnew) {
  Forked world;
  world.make();
  const std::string first[2] = {"left", "right"};
  base::Hash base[2];
  base::Hash over[2];
  for (int i = 0; i < 2; ++i) {
    world.set_back(0, world.before);
    world.island(1 + i, "a", first[i], 1);
    base[i] = world.heads(1 + i, "a").at(0).commit;
    world.set(1 + i, "a", "over " + first[i]);  // machines 1 and 2: each takes the dot for its own branch
    world.run();
    over[i] = world.heads(1 + i, "a").at(0).commit;
  }
  world.connect_all();
  world.pass(5'000);
  world.expect_equal();
  for (int i = 0; i < 2; ++i) {
    const Header header = world.at(0).peer->commit(over[i])->header;
    ASSERT_EQ(header.writes.at(0).base.size(), 1U);
    const Peer::CommitInfo* meant = world.at(0).peer->commit_meant(over[i], header.writes[0].base[0]);
    ASSERT_NE(meant, nullptr);
    EXPECT_EQ(meant->hash, base[i]);
  }
}

/// Some machines that commit, tell each other, and are set back to what they once were.
struct Graph {
  struct Process {
    base::MemberId member;
    base::Incarnation incarnation = 0;
    std::vector<base::Hash> own;
    std::set<base::Hash> known;
  };
  struct Made {
    Header header;
    base::Hash hash;
    std::set<base::Hash> context;
  };
  std::map<base::Hash, Made> all;
  std::vector<base::Hash> order;
  std::vector<Process> processes;
  std::vector<Process> snapshots;
  std::uint32_t random = 0;

  std::uint32_t draw(std::uint32_t below) {
    random = random * 1664525U + 1013904223U;
    return (random >> 8) % below;
  }
  void commit(Process& by) {
    Made made;
    Header& header = made.header;
    header.dot = {by.member, by.incarnation, by.own.size() + 1};
    if (!by.own.empty()) header.prev = by.own.back();
    header.stamp.value = 1 + draw(6);  // often equal, so that names decide
    header.comment = std::to_string(all.size());
    const std::string features[] = {"x", "y"};
    header.writes = {{settings_register({base::Level::cluster, uuid(1)}, features[draw(2)]),
                      WriteKind::put,
                      base::hash_bytes(header.comment),
                      1,
                      {}}};
    std::set<base::Hash> seen;
    if (!by.own.empty()) seen = all.at(by.own.back()).context;
    if (!by.own.empty()) seen.insert(by.own.back());
    std::set<base::Hash> maximal = by.known;
    for (const base::Hash& one : by.known)
      for (const base::Hash& before : all.at(one).context) maximal.erase(before);
    for (const base::Hash& one : maximal)
      if (seen.count(one) == 0) header.parents.push_back({all.at(one).header.dot, one});
    std::sort(header.parents.begin(), header.parents.end());
    made.context = by.known;
    made.hash = base::hash_bytes(encode_header(header));
    by.known.insert(made.hash);
    by.own.push_back(made.hash);
    order.push_back(made.hash);
    all[made.hash] = made;
  }
  void live(std::uint32_t seed, int steps) {
    random = seed;
    for (int i = 0; i < 4; ++i) processes.push_back({{uuid(10 + i)}, 7, {}, {}});
    for (int i = 0; i < steps; ++i) {
      Process& one = processes[draw(4)];
      const std::uint32_t what = draw(10);
      if (what < 5) {
        commit(one);
      } else if (what < 8) {
        const Process& other = processes[draw(4)];
        if (one.member != other.member) one.known.insert(other.known.begin(), other.known.end());
      } else if (what == 8 || snapshots.empty()) {
        snapshots.push_back(one);
      } else {
        const Process& was = snapshots[draw(static_cast<std::uint32_t>(snapshots.size()))];
        for (Process& process : processes)
          if (process.member == was.member) process = was;
      }
    }
  }
  /// Another causal order.
  std::vector<base::Hash> shuffled() {
    std::vector<base::Hash> out;
    std::set<base::Hash> done;
    while (out.size() < order.size()) {
      const base::Hash& next = order[draw(static_cast<std::uint32_t>(order.size()))];
      const std::set<base::Hash>& context = all.at(next).context;
      if (!std::includes(done.begin(), done.end(), context.begin(), context.end())) continue;
      if (done.insert(next).second) out.push_back(next);
    }
    return out;
  }
};

TEST(Fork, NamesAndStateDependOnTheSetAlone) {
  std::size_t branches = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    Graph graph;
    graph.live(seed, 60);
    Reference reference;
    for (const auto& [hash, made] : graph.all) reference.add(made.header, hash);
    const State expected = reference.state();
    std::optional<base::Hash> digest;
    for (int round = 0; round < 8; ++round) {
      History history;
      StateBuilder builder(history);
      std::set<Register> changed;
      for (const base::Hash& hash : graph.shuffled()) {
        const Header& header = graph.all.at(hash).header;
        if (history.renames(header, hash)) {
          history = history.renamed_for(header);
          builder.begin_again(changed);
        }
        builder.apply(history.add(header, hash), {}, changed);
      }
      if (!digest) digest = history.digest();
      ASSERT_EQ(history.digest(), *digest) << "seed " << seed;
      ASSERT_EQ(builder.state().digest(), expected.digest()) << "seed " << seed;
      ASSERT_EQ(history.size(), graph.all.size());
      for (const auto& [a, one] : graph.all)
        for (const auto& [b, other] : graph.all)
          ASSERT_EQ(history.saw(*history.find(a), history.find(b)->info.dot), one.context.count(b) > 0);
      branches = std::max(branches, history.vector().size());
    }
  }
  EXPECT_GT(branches, 8U) << "of four machines with one incarnation each";
}

TEST(Fork, ADotMeansTheSameToItsAuthorForEver) {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    Graph graph;
    graph.live(seed, 50);
    History whole;
    for (const base::Hash& hash : graph.order) {
      const Header& header = graph.all.at(hash).header;
      if (whole.renames(header, hash)) whole = whole.renamed_for(header);
      whole.add(header, hash);
    }
    for (const auto& [hash, made] : graph.all) {  // what its author knew, and by which names
      History then;
      for (const base::Hash& seen : graph.order) {
        if (made.context.count(seen) == 0) continue;
        const Header& header = graph.all.at(seen).header;
        if (then.renames(header, seen)) then = then.renamed_for(header);
        then.add(header, seen);
      }
      for (const base::Hash& seen : made.context) {
        const Record* meant = whole.meant(*whole.find(hash), then.find(seen)->info.dot);
        ASSERT_NE(meant, nullptr) << "seed " << seed;
        ASSERT_EQ(meant->info.hash, seen) << "seed " << seed;
      }
      Known all;
      for (const Record* record : then.order()) whole.raise(all, *whole.find(record->info.hash));
      ASSERT_EQ(whole.understood(then.vector()), all) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace postern::cluster
