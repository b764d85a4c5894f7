// Questions between machines: who may ask, how they travel, and what a machine between can do to them.
#include "cluster/asks.h"
#include "cluster/asks_world.h"

namespace postern::cluster {
namespace {

TEST(Asks, OverADirectLinkAtOnce) {
  Asks world;
  world.found(2);
  const AskId id = world.ask(0, 1, "how are you");
  world.run();
  EXPECT_EQ(world.told(0, id), "done: " + world.at(1).host + " heard how are you");
  ASSERT_EQ(world.at(1).asked.size(), 1U);
  EXPECT_EQ(world.at(1).asked[0].from, member_id(0));
}

TEST(Asks, OverOneMachineBetween) {
  Asks world;
  world.row(3);
  const AskId id = world.ask(0, 2, "x");
  world.run();
  EXPECT_EQ(world.told(0, id), "done: " + world.at(2).host + " heard x");
  EXPECT_EQ(world.at(1).peer->counters().carried, 4U) << "there and back, for the nonce and for the question";
  EXPECT_TRUE(world.heard(1).empty());
}

TEST(Asks, OverTwoMachinesBetween) {
  Asks world;
  world.row(4);
  const AskId id = world.ask(0, 3, "x");
  world.run();
  EXPECT_EQ(world.told(0, id), "done: " + world.at(3).host + " heard x");
  EXPECT_EQ(world.at(1).peer->counters().carried, 4U);
  EXPECT_EQ(world.at(2).peer->counters().carried, 4U);
}

/// Whoever links last hears of its neighbour's neighbours then, not only at their next change.
TEST(Asks, OverTwoMachinesThatWereLinkedBefore) {
  Asks world;
  world.found(4, false);
  for (const auto& [a, b] : {std::pair(2, 3), std::pair(1, 2), std::pair(0, 1)}) {
    world.connect(a, b);
    world.run();
  }
  const AskId id = world.ask(0, 3, "x");
  world.run();
  EXPECT_EQ(world.told(0, id), "done: " + world.at(3).host + " heard x");
}

/// Whoever has a link with the asker meanwhile needs nobody between.
TEST(Asks, AnAnswerGoesToANeighbourAtOnce) {
  Asks world;
  world.row(3);
  world.hold_replies = true;
  const AskId id = world.ask(0, 2, "x");
  world.run();
  world.connect(0, 2);
  world.run();
  world.reply(2, world.at(2).asked.at(0));
  world.run();
  EXPECT_EQ(world.told(0, id), "done: " + world.at(2).host + " heard x");
  EXPECT_EQ(world.at(1).peer->counters().carried, 3U) << "for the nonce there and back, and the question";
}

/// Its link is there still, so that it gets what ended its membership; nothing else is said there.
TEST(Asks, AnAnswerDoesNotGoOverAMachineThatWasRemovedMeanwhile) {
  Asks world;
  world.found(4);
  world.cut(0, 2);
  world.cut(1, 3);
  world.run();
  world.hold_replies = true;
  const AskId id = world.ask(0, 2, "x");
  world.run();
  ASSERT_EQ(world.heard(2), Heard{"x"});
  ASSERT_GT(world.at(1).peer->counters().carried, 0U) << "over 1, which has the lesser id";
  world.on_wire = [](int from, int to, Message&) { return from != 2 || to != 1; };
  world.commit(2, {world.item(2, member_register(member_id(1), "life"), "", WriteKind::remove)});
  world.run();
  world.reply(2, world.at(2).asked.at(0));
  world.run();
  EXPECT_EQ(world.told(0, id), "done: " + world.at(2).host + " heard x");
}

/// Wrong word of a link that is none: the machine that brings a question is no way to carry it on.
TEST(Asks, NothingIsCarriedBackToWhereItCameFrom) {
  Asks world;
  world.row(4);
  world.cut(2, 3);
  world.run();
  world.say(1, 2, LinkState{world.at(1).nonce, 1'000'000, member_id(1), {member_id(0), member_id(2), member_id(3)}, {}});
  world.say(1, 2, world.envelope(0, 3, 1));
  world.run();
  EXPECT_EQ(world.at(2).peer->counters().carried, 0U);
}

TEST(Asks, WithoutAWayTheAnswerComesAtOnce) {
  Asks world;
  world.row(3);
  world.cut(1, 2);
  world.run();
  const AskId id = world.ask(0, 2, "x");
  EXPECT_EQ(world.told(0, id), "unreachable: Could not reach " + world.at(2).host +
                                   ": neither this machine nor one that it reaches has a link with it.");
}

TEST(Asks, NobodyWaitsLongerThanThreeSeconds) {
  Asks world;
  world.found(2);
  world.hold_replies = true;
  const AskId id = world.ask(0, 1, "x");
  world.pass(2'999);
  EXPECT_EQ(world.told(0, id), "");
  world.pass(1);
  EXPECT_EQ(world.told(0, id), "unreachable: Could not reach " + world.at(1).host + ": it did not answer in 3 s.");
  EXPECT_EQ(world.heard(1), Heard{"x"}) << "asked once, however often it was sent";
  world.reply(1, world.at(1).asked[0]);
  world.run();
  EXPECT_EQ(world.told(0, id).substr(0, 11), "unreachable") << "a late answer changes nothing";
}

TEST(Asks, AnotherWayIsTriedWhenOneSwallowsThem) {
  Asks world;
  world.found(4);
  world.cut(0, 3);
  world.run();
  int swallowed = 0;
  world.on_wire = [&](int from, int, Message& message) {
    const bool lost = from == 1 && std::holds_alternative<Relay>(message);
    swallowed += lost ? 1 : 0;
    return !lost;
  };
  EXPECT_EQ(world.ask_and_wait(0, 3, "x"), "done: " + world.at(3).host + " heard x");
  EXPECT_EQ(swallowed, 1) << "the way on which the nonce came is taken for the question";
  EXPECT_EQ(world.heard(3), Heard{"x"});
}

TEST(Asks, EachSecondTriesAnotherWay) {
  Asks world;
  world.found(4);
  world.cut(0, 3);
  world.run();
  int ways = 0;
  world.on_wire = [&](int from, int, Message& message) {
    const bool put = from == 0 && std::holds_alternative<Relay>(message);
    ways += put ? 1 : 0;
    return !put;
  };
  EXPECT_EQ(world.ask_and_wait(0, 3, "x").substr(0, 11), "unreachable");
  EXPECT_EQ(ways, 3) << "at once, after one second and after two";
}

/// A link that seems to live and carries nothing one way.
TEST(Asks, ALinkWithTheOtherThatSwallowsThemIsGoneRound) {
  Asks world;
  world.found(3);
  world.on_wire = [&](int from, int to, Message& message) {
    return from != 0 || to != 2 || !std::holds_alternative<Relay>(message);
  };
  EXPECT_EQ(world.ask_and_wait(0, 2, "x"), "done: " + world.at(2).host + " heard x");
}

TEST(Asks, TheNextTryWakesTheMachine) {
  Asks world;
  world.found(2);
  world.hold_replies = true;
  world.ask(0, 1, "x");
  world.run();
  EXPECT_GT(world.at(0).wake_mono_ms, 0);
  EXPECT_LE(world.at(0).wake_mono_ms, world.clock_of(world.at(0)).mono_ms + ask_retry_ms);
}

/// What the machine between does to an answer.
TEST(Asks, AnAnswerThatIsForgedOrAlteredIsNone) {
  Asks world;
  world.row(3);
  const auto signed_by_one = [&world](Relay& what) { what = world.sign(1, what); };
  const auto signed_by_two = [&world](Relay& what) { what = world.sign(2, what); };
  const std::vector<std::pair<const char*, std::function<void(Relay&)>>> tricks = {
      {"another member's",
       [&](Relay& what) {
         what.from = member_id(1);
         signed_by_one(what);
       }},
      {"signed by another", signed_by_one},
      {"signature", [](Relay& what) { what.signature.bytes[7] ^= 1U; }},
      {"body", [](Relay& what) { what.body += "!"; }},
      {"verdict", [](Relay& what) { what.verdict = 1; }},
      {"nonce of the asker", [](Relay& what) { ++what.to_nonce; }},
      {"nonce of the asked", [](Relay& what) { ++what.from_nonce; }},
      {"question", [](Relay& what) { what.about = base::hash_bytes("another"); }},
      {"number", [](Relay& what) { ++what.number; }},
      {"a question", [](Relay& what) { what.reply = false; }},
      // The machine that was asked can say what it likes of this question, but of no other, and for no other run of either.
      {"its own, to another question",
       [&](Relay& what) {
         what.about = base::hash_bytes("another");
         signed_by_two(what);
       }},
      {"its own, to another run",
       [&](Relay& what) {
         ++what.to_nonce;
         signed_by_two(what);
       }},
      {"its own, of another run",
       [&](Relay& what) {
         ++what.from_nonce;
         signed_by_two(what);
       }},
  };
  for (const auto& [name, trick] : tricks) {
    world.on_wire = [&, &trick = trick](int from, int to, Message& message) {
      auto* relay = std::get_if<Relay>(&message);
      if (relay != nullptr && relay->reply && from == 1 && to == 0) trick(*relay);
      return true;
    };
    EXPECT_EQ(world.ask_and_wait(0, 2, name).substr(0, 11), "unreachable") << name;
  }
  world.on_wire = nullptr;
  EXPECT_EQ(world.ask_and_wait(0, 2, "x").substr(0, 4), "done") << "for comparison";
}

TEST(Asks, EachQuestionHasItsOwnAnswer) {
  Asks world;
  world.found(2);
  world.hold_replies = true;
  const AskId first = world.ask(0, 1, "one");
  const AskId second = world.ask(0, 1, "two");
  world.run();
  ASSERT_EQ(world.heard(1), (Heard{"one", "two"}));
  world.reply(1, world.at(1).asked[1]);
  world.run();
  EXPECT_EQ(world.told(0, second), "done: " + world.at(1).host + " heard two");
  EXPECT_EQ(world.told(0, first), "");
  world.reply(1, world.at(1).asked[0]);
  world.run();
  EXPECT_EQ(world.told(0, first), "done: " + world.at(1).host + " heard one");
}

/// And to a question.
TEST(Asks, AQuestionThatIsForgedOrAlteredIsNotHeard) {
  Asks world;
  world.row(3);
  const std::vector<std::pair<const char*, std::function<void(Relay&)>>> tricks = {
      {"signed by another", [&](Relay& what) { what = world.sign(1, what); }},
      {"signature", [](Relay& what) { what.signature.bytes[7] ^= 1U; }},
      {"body", [](Relay& what) { what.body += "!"; }},
      {"number", [](Relay& what) { what.number += 1000; }},
      {"nonce of the asker", [](Relay& what) { ++what.from_nonce; }},
      {"nonce of the asked", [](Relay& what) { ++what.to_nonce; }},
      {"asker", [](Relay& what) { what.from = member_id(1); }},
      {"nobody", [](Relay& what) { what.from = base::MemberId{uuid(0x900)}; }},
      {"itself",
       [&](Relay& what) {
         what.from = member_id(2);
         what = world.sign(2, what);
       }},
  };
  for (const auto& [name, trick] : tricks) {
    world.on_wire = [&, &trick = trick](int from, int to, Message& message) {
      auto* relay = std::get_if<Relay>(&message);
      if (relay != nullptr && !relay->reply && from == 1 && to == 2) trick(*relay);
      return true;
    };
    EXPECT_EQ(world.ask_and_wait(0, 2, name).substr(0, 11), "unreachable") << name;
    EXPECT_TRUE(world.heard(2).empty()) << name;
  }
}

/// A question of another cluster, or signed as a commit is, proves nothing: the words before it are of their own.
TEST(Asks, WhatIsSignedIsAQuestionOfThisCluster) {
  const Relay what{member_id(0), member_id(1), 1, false, "x", 2, 3};
  const base::ClusterId one{uuid(1)};
  const base::ClusterId two{uuid(2)};
  EXPECT_NE(signed_bytes(one, what), signed_bytes(two, what));
  EXPECT_EQ(signed_bytes(one, what).substr(0, 16), std::string("postern relay 1\0", 16));
  Relay longer = what;
  longer.hops = 3;
  EXPECT_EQ(signed_bytes(one, what), signed_bytes(one, longer)) << "each that carries it counts";
}

TEST(Asks, AReplayedQuestionIsHeardOnce) {
  Asks world;
  world.row(3);
  world.keep_questions_of(1);
  ASSERT_EQ(world.ask_and_wait(0, 2, "x").substr(0, 4), "done");
  world.say(1, 2, world.kept);
  world.run();
  EXPECT_EQ(world.heard(2), Heard{"x"});

  // The one who asked starts again: its new questions are heard, that old one is not.
  world.restart(0);
  world.connect(0, 1);
  world.run();
  world.on_wire = nullptr;
  EXPECT_EQ(world.ask_and_wait(0, 2, "y").substr(0, 4), "done");
  world.say(1, 2, world.kept);
  world.run();
  EXPECT_EQ(world.heard(2), (Heard{"x", "y"}));
}

/// A machine that was started again has forgotten which numbers it heard; its nonce says so.
TEST(Asks, AQuestionFromBeforeARestartIsNotHeard) {
  Asks world;
  world.row(3);
  world.keep_questions_of(1);
  ASSERT_EQ(world.ask_and_wait(0, 2, "x").substr(0, 4), "done");
  world.on_wire = nullptr;
  world.restart(2);
  world.connect(1, 2);
  world.run();
  world.at(2).asked.clear();
  world.say(1, 2, world.kept);
  world.run();
  EXPECT_TRUE(world.heard(2).empty());
  EXPECT_EQ(world.ask_and_wait(0, 2, "y"), "done: " + world.at(2).host + " heard y")
      << "who asks under the old nonce is told the new one, and asks again";
  EXPECT_EQ(world.heard(2), Heard{"y"});
}

/// Nothing is done twice because the machine that did it stopped before it said so.
TEST(Asks, AQuestionThatMayHaveBeenHeardIsNotAskedAnew) {
  Asks world;
  world.row(3);
  world.hold_replies = true;
  const AskId id = world.ask(0, 2, "x");
  world.run();
  ASSERT_EQ(world.heard(2), Heard{"x"});
  world.restart(2);
  world.connect(1, 2);
  world.pass(1'500);
  EXPECT_EQ(world.told(0, id), "unreachable: Could not reach " + world.at(2).host + ": it was started again meanwhile.");
  EXPECT_EQ(world.heard(2), Heard{"x"});
}

/// The answer was lost between, and the question comes again from there: to the run that is, it is a new one.
TEST(Asks, ARelayCannotHaveAQuestionHeardTwiceOverARestart) {
  Asks world;
  world.row(3);
  std::vector<Relay> carried;
  world.on_wire = [&](int from, int to, Message& message) {
    const auto* relay = std::get_if<Relay>(&message);
    if (relay != nullptr && from == 1 && to == 2 && !relay->reply) carried.push_back(*relay);
    return relay == nullptr || from != 1 || to != 0 || relay->verdict != static_cast<std::uint32_t>(Relay::Verdict::done);
  };
  const AskId id = world.ask(0, 2, "x");
  world.run();
  ASSERT_EQ(world.heard(2), Heard{"x"});
  world.restart(2);
  world.connect(1, 2);
  world.run();
  for (const Relay& one : std::vector<Relay>(carried)) world.say(1, 2, one);
  world.pass(4'000);
  EXPECT_EQ(world.heard(2), Heard{"x"});
  EXPECT_EQ(world.told(0, id), "unreachable: Could not reach " + world.at(2).host + ": it was started again meanwhile.");
}

/// A machine that names a new nonce again and again, as one would that starts all the time.
TEST(Asks, AQuestionIsAskedAnewOnce) {
  Asks world;
  world.row(3);
  std::vector<Relay> sent;
  world.on_wire = [&](int from, int to, Message& message) {
    const auto* relay = std::get_if<Relay>(&message);
    if (relay == nullptr || from != 0 || to != 1) return true;
    sent.push_back(*relay);
    return false;
  };
  const auto again = [&] {
    Relay other = world.answer(2, sent.back(), Relay::Verdict::again);
    other.from_nonce += sent.size();
    world.say(1, 0, world.sign(2, other));
    world.run();
  };
  const AskId id = world.ask(0, 2, "x");
  world.run();
  again();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_NE(sent[1].number, sent[0].number);
  EXPECT_EQ(sent[1].to_nonce, world.at(2).nonce + 1);
  again();
  EXPECT_EQ(sent.size(), 2U);
  EXPECT_EQ(world.told(0, id), "unreachable: Could not reach " + world.at(2).host + ": it was started again meanwhile.");

  const AskId silent = world.ask(0, 2, "y");
  world.pass(900);
  again();
  world.pass(2'099);
  EXPECT_EQ(world.told(0, silent), "");
  world.pass(1);
  EXPECT_EQ(world.told(0, silent), "unreachable: Could not reach " + world.at(2).host + ": it did not answer in 3 s.")
      << "3 s in all";
}

TEST(Asks, ARemovedMemberIsNeitherAskedNorServed) {
  Asks world;
  world.row(3);
  const Relay before = world.envelope(2, 0, 900);
  const Register life = member_register(member_id(2), "life");
  world.commit(0, {world.item(0, life, "", WriteKind::remove)});
  world.pass(5'000);
  ASSERT_EQ(world.at(1).peer->fleet().member(member_id(2)), nullptr);
  EXPECT_EQ(world.told(0, world.ask(0, 2, "x")),
            "unreachable: Could not reach " + base::to_text(member_id(2)) + ": it is not another machine of this cluster.")
      << "at once";
  EXPECT_EQ(world.told(0, world.ask(0, 0, "x")),
            "unreachable: Could not reach " + world.at(0).host + ": it is not another machine of this cluster.");
  world.say(1, 0, before);
  world.say(0, 1, world.envelope(2, 1, 901));
  world.run();
  EXPECT_TRUE(world.heard(0).empty());
  EXPECT_TRUE(world.heard(1).empty());
}

/// Its last word of its links may still be remembered.
TEST(Asks, NoWayLeadsOverARemovedMember) {
  Asks world;
  world.row(4);
  world.commit(0, {world.item(0, member_register(member_id(2), "life"), "", WriteKind::remove)});
  world.pass(5'000);
  world.say(1, 0, LinkState{world.at(1).nonce, 1'000'000, member_id(1), {member_id(0), member_id(2)}, {}});
  world.run();
  EXPECT_EQ(world.told(0, world.ask(0, 3, "x")).substr(0, 11), "unreachable") << "at once";
}

TEST(Asks, NumbersAreTakenOnceInAnyOrder) {
  SeenNumbers seen;
  EXPECT_FALSE(seen.take(0));
  for (const std::uint64_t number : {5U, 3U, 4U, 1028U, 6U}) EXPECT_TRUE(seen.take(number)) << number;
  for (const std::uint64_t number : {5U, 3U, 4U, 1028U, 6U}) EXPECT_FALSE(seen.take(number)) << number;
  EXPECT_FALSE(seen.take(2)) << "too old to tell";
  EXPECT_TRUE(seen.take(1027));
  EXPECT_TRUE(seen.take(1028 + 1024));
  EXPECT_TRUE(seen.take(1027 + 1024)) << "in whose place 1027 stood";
  EXPECT_TRUE(seen.take(5000));
  EXPECT_FALSE(seen.take(1027));
  EXPECT_TRUE(seen.take(~std::uint64_t{0} - 1));
  EXPECT_TRUE(seen.take(~std::uint64_t{0}));
  EXPECT_FALSE(seen.take(~std::uint64_t{0}));
}

TEST(Asks, ARunThatGaveWayToOthersNeverAsksAgain) {
  Asker asker;
  for (std::uint64_t run = 1; run <= 9; ++run) EXPECT_TRUE(asker.take(run, 1));
  EXPECT_FALSE(asker.take(1, 2)) << "the first of nine";
  EXPECT_TRUE(asker.take(2, 2));
  EXPECT_FALSE(asker.take(2, 1));
  EXPECT_TRUE(asker.take(10, 1));
  EXPECT_TRUE(asker.take(2, 3)) << "it has asked since, and 3 gave way";
  EXPECT_FALSE(asker.take(3, 2));
  for (std::uint64_t run = 11; run <= 250; ++run) EXPECT_TRUE(asker.take(run, 1));
  for (std::uint64_t run = 1; run <= 200; ++run) EXPECT_FALSE(asker.take(run, 9)) << run;
}

}  // namespace
}  // namespace postern::cluster
