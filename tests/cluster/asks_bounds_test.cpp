// Questions between machines: what they may cost those who ask, answer and carry.
#include "base/limits.h"
#include "cluster/asks_world.h"

namespace postern::cluster {
namespace {

TEST(Asks, OneMemberHas32UnderWayAndTheOthersTheirOwn) {
  Asks world;
  world.found(3);
  world.hold_replies = true;
  std::vector<AskId> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(world.ask(0, 1, std::to_string(i)));
  const AskId other = world.ask(2, 1, "other");
  world.run();
  EXPECT_EQ(world.heard(1).size(), 33U);
  EXPECT_EQ(world.told(0, ids[31]), "");
  EXPECT_EQ(world.told(0, ids[32]),
            "busy: " + world.at(1).host + " answers 32 questions of this machine already. Try again in a moment.");
  world.hold_replies = false;
  for (const Asked& asked : std::vector<Asked>(world.at(1).asked)) world.reply(1, asked);
  world.run();
  EXPECT_EQ(world.told(0, ids[31]), "done: " + world.at(1).host + " heard 31");
  EXPECT_EQ(world.told(2, other).substr(0, 4), "done");
  EXPECT_EQ(world.ask_and_wait(0, 1, "again").substr(0, 4), "done");
}

TEST(Asks, WhoeverIsRemovedMeanwhileIsNotAnswered) {
  Asks world;
  world.row(3);
  world.hold_replies = true;
  world.ask(0, 2, "x");
  world.run();
  ASSERT_EQ(world.at(2).asked.size(), 1U);
  world.commit(2, {world.item(2, member_register(member_id(0), "life"), "", WriteKind::remove)});
  world.pass(1'000);
  int answers = 0;
  world.on_wire = [&](int, int, Message& message) {
    const auto* relay = std::get_if<Relay>(&message);
    answers += relay != nullptr && relay->reply ? 1 : 0;
    return true;
  };
  world.reply(2, world.at(2).asked[0]);
  world.run();
  EXPECT_EQ(answers, 0);
}

/// However many come and go: each costs its 3 KiB while it is a member.
TEST(Asks, WhoeverIsRemovedIsForgottenAsAnAsker) {
  Asks world;
  world.found(3);
  for (const int asker : {0, 1}) ASSERT_EQ(world.ask_and_wait(asker, 2, "x").substr(0, 4), "done");
  EXPECT_EQ(world.at(2).peer->askers(), 2U);
  world.commit(0, {world.item(0, member_register(member_id(1), "life"), "", WriteKind::remove)});
  world.pass(5'000);
  EXPECT_EQ(world.at(2).peer->askers(), 1U);
}

TEST(Asks, WhatIsNeverAnsweredIsGivenUpAfterAMinute) {
  Asks world;
  world.found(2);
  world.hold_replies = true;
  for (int i = 0; i < 32; ++i) world.ask(0, 1, "x");
  world.pass(59'000);
  EXPECT_EQ(world.ask_and_wait(0, 1, "y").substr(0, 4), "busy");
  world.hold_replies = false;
  EXPECT_EQ(world.ask_and_wait(0, 1, "z").substr(0, 4), "done");
}

TEST(Asks, AMachineAsks64AtOnce) {
  Asks world;
  world.found(2);
  world.lose = {"relay"};
  std::vector<AskId> ids;
  for (int i = 0; i < 65; ++i) ids.push_back(world.ask(0, 1, "x"));
  EXPECT_EQ(world.told(0, ids[63]), "");
  EXPECT_EQ(world.told(0, ids[64]).substr(0, 4), "busy");
}

/// What is carried is measured by the neighbour that brings it, and by its size.
TEST(Asks, AFloodIsCarriedAtAMeasuredPace) {
  for (const std::size_t size : {std::size_t{1}, base::limits::ask_bytes}) {
    Asks world;
    world.row(3);
    for (std::uint64_t i = 1; i <= 300; ++i) world.say(0, 1, world.envelope(0, 2, i, std::string(size, 'x')));
    world.run();
    EXPECT_EQ(world.heard(2).size(), 64U);
    EXPECT_EQ(world.at(1).peer->counters().carried, size == 1 ? 128U : 96U)
        << "with the answers, which machine 2 brings: longer than the question, the longest count twice";
    world.pass(1'000);
    for (std::uint64_t i = 301; i <= 600; ++i) world.say(0, 1, world.envelope(0, 2, i));
    world.run();
    EXPECT_EQ(world.heard(2).size(), 74U) << "ten more in a second";
  }
}

TEST(Asks, WhatIsLongerCountsForAsMany) {
  Asks world;
  world.row(3);
  const Relay question = world.envelope(0, 2, 1);
  const Relay longest = world.answer(2, question, Relay::Verdict::done, std::string(base::limits::ask_answer_bytes, 'x'));
  for (int i = 0; i < 6; ++i) world.say(2, 1, longest);
  world.run();
  EXPECT_EQ(world.at(1).peer->counters().carried, 4U) << "16 of 64 each";
}

TEST(Asks, AFloodOfForgedOnesIsNotCarried) {
  Asks world;
  world.row(3);
  Relay forged = world.envelope(0, 2, 1);
  forged.body = "other";
  world.say(0, 1, forged);
  world.run();
  EXPECT_EQ(world.at(1).peer->counters().carried, 0U);
}

TEST(Asks, EightMachinesCarryItAndNoMore) {
  for (const std::uint32_t hops : {7U, 8U, ~0U}) {
    Asks world;
    world.row(3);
    Relay what = world.envelope(0, 2, 1);
    what.hops = hops;
    world.say(0, 1, what);
    world.run();
    EXPECT_EQ(world.heard(2).size(), hops == 7 ? 1U : 0U);
  }
}

/// Machines that believe wrong word of each other's links would carry it in a circle for ever.
TEST(Asks, ACircleEnds) {
  Asks world;
  world.found(5);
  for (const auto& [a, b] :
       {std::pair(0, 2), std::pair(0, 3), std::pair(0, 4), std::pair(1, 4), std::pair(2, 4), std::pair(3, 4)})
    world.cut(a, b);
  world.run();
  for (const auto& [liar, dupe, third] : {std::tuple(2, 1, 3), std::tuple(3, 2, 1), std::tuple(1, 3, 2)}) {
    world.say(liar, dupe,
              LinkState{world.at(liar).nonce, 1'000'000, member_id(liar), {member_id(dupe), member_id(third), member_id(4)}, {}});
    world.run();
  }
  world.say(1, 0, LinkState{world.at(1).nonce, 1'000'000, member_id(1), {member_id(0), member_id(4)}, {}});
  world.run();
  int carried = 0;
  world.on_wire = [&](int, int, Message& message) {
    carried += std::holds_alternative<Relay>(message) ? 1 : 0;
    return true;
  };
  const AskId id = world.ask(0, 4, "x");
  world.run();
  EXPECT_GE(carried, 4) << "it does go round";
  EXPECT_LE(carried, 9);
  world.pass(4'000);
  EXPECT_EQ(world.told(0, id).substr(0, 11), "unreachable");
}

TEST(Asks, WhatIsTooLongSaysSo) {
  Asks world;
  world.found(2);
  const AskId longest = world.ask(0, 1, std::string(base::limits::ask_bytes, 'x'));
  const AskId longer = world.ask(0, 1, std::string(base::limits::ask_bytes + 1, 'x'));
  world.run();
  EXPECT_EQ(world.told(0, longest).substr(0, 4), "done");
  EXPECT_EQ(world.told(0, longer).substr(0, 7), "invalid");
  world.hold_replies = true;
  for (const std::size_t size : {base::limits::ask_answer_bytes, base::limits::ask_answer_bytes + 1}) {
    const AskId id = world.ask(0, 1, "x");
    world.run();
    world.step(1, Reply{world.at(1).asked.back().id, std::string(size, 'y')});
    world.run();
    EXPECT_EQ(world.told(0, id).substr(0, 4), size == base::limits::ask_answer_bytes ? "done" : "unsu");
  }
}

TEST(Asks, AMessagePastTheLimitsDoesNotDecode) {
  Relay what{member_id(0), member_id(1), 1, false, std::string(base::limits::ask_bytes, 'x')};
  EXPECT_TRUE(decode(encode(what)));
  what.body += "x";
  EXPECT_FALSE(decode(encode(what)));
  what.reply = true;
  EXPECT_TRUE(decode(encode(what)));
  what.body.assign(base::limits::ask_answer_bytes + 1, 'x');
  EXPECT_FALSE(decode(encode(what)));
  EXPECT_FALSE(decode(encode(Relay{{}, member_id(1), 1, false, ""})));
}

}  // namespace
}  // namespace postern::cluster
