#include "machine/fleets.h"

#include <algorithm>

#include "cluster/founding.h"
#include "cluster/join.h"

/// Joins in which one side lies, stops, or says too much.
namespace postern::machine::test {
namespace {

using cluster::JoinComplete;
using cluster::Joined;
using cluster::JoinFrame;
using cluster::JoinOffer;
using cluster::JoinPart;
using cluster::JoinReady;

class Joins : public Fleets {
 protected:
  /// a and b are a cluster; c is alone.
  void two_and_one() {
    fleet.add(a, "127.0.1.1");
    fleet.add(b, "127.0.1.2");
    fleet.add(c, "127.0.1.3");
    must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
    ASSERT_TRUE(join(b, "127.0.1.1").has_value());
    ASSERT_TRUE(fleet.run_until([&] { return linked(a) == 1 && linked(b) == 1 && digest(a) == digest(b); }));
  }

  /// Lets `lie` alter what a says while it sponsors.
  void sponsor_says(std::function<void(JoinFrame&)> lie) {
    fleet.tamper = [this, lie = std::move(lie)](const std::string& from, std::string& message) {
      if (from != a) return;
      auto frame = cluster::decode_join(message);
      ASSERT_TRUE(frame.has_value());
      lie(*frame);
      message = cluster::encode_join(*frame);
    };
  }

  /// c, which was not deceived, is as it was and can join.
  void expect_refused(std::string_view words) {
    const auto joined = join(c, "127.0.1.1");
    ASSERT_FALSE(joined.has_value());
    EXPECT_NE(joined.error().text.find(words), std::string::npos) << joined.error().text;
    EXPECT_TRUE(fleet.machine(c).peer().fleet().standalone());
    EXPECT_EQ(fleet.machine(c).peer().fleet().members.size(), 1U);
    fleet.tamper = nullptr;
    fleet.run_for(11 * 60'000);  // an admission that was not taken up lapses
    const auto honest = join(c, "127.0.1.2");
    EXPECT_TRUE(honest.has_value()) << (honest ? "" : to_text(honest.error()));
    EXPECT_TRUE(fleet.run_until([&] { return linked(c) == 2; }));
  }

  /// What a's key signs after the tip of that member, in its name.
  cluster::Ship::Item forged(const std::string& host) {
    const auto& peer = fleet.machine(a).peer();
    const auto victim = peer.fleet().member_by_host(host)->id;
    cluster::Header header;
    for (const auto& tip : peer.vector())
      if (tip.member == victim) header = peer.commit(tip.hash)->header, header.prev = tip.hash;
    ++header.dot.seq;
    header.parents.clear();
    header.request_key = "forged";
    const std::string text = "forged";
    const auto reg = cluster::cluster_name_register(peer.self().cluster);
    header.writes = {{reg, cluster::WriteKind::put, base::hash_bytes(text), text.size(), {}}};
    cluster::Ship::Item item{{cluster::encode_header(header), {}}, {text}, false};
    item.envelope.signature =
        base::sign(fleet.machine(a).identity().signing, cluster::signed_bytes(peer.self().cluster, item.envelope.header));
    return item;
  }

  /// A request that would be granted.
  cluster::JoinRequest request(int number) {
    cluster::JoinRequest out;
    out.package_version = fleet.machine(a).version();
    out.settings_version = the_schema().settings_version();
    out.host_name = "half" + std::to_string(number) + ".example.com";
    out.identity.serial = "HALF-" + std::to_string(number);
    out.identity.signing_key = base::verify_key(base::signing_key({static_cast<std::uint8_t>(number), 7}));
    out.identity.host_key = "ssh-ed25519 half-host-" + std::to_string(number);
    out.identity.user_key = "ssh-ed25519 half-user-" + std::to_string(number);
    return out;
  }
  /// Speaks to a as a machine that joins, without reading what it answers.
  void say(transport::ConnectionId connection, const JoinFrame& frame) {
    fleet.machine(a).join_message(connection, cluster::encode_join(frame));
    fleet.run_for(100);
  }
  std::size_t refusals() {
    const auto& lines = fleet.world(a).lines;
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
      return line.find("a join was refused") != std::string::npos;
    }));
  }
  std::size_t members() { return fleet.machine(a).peer().fleet().members.size(); }
};

TEST_F(Joins, a_sponsor_cannot_forge_what_another_machine_signed) {
  two_and_one();
  const auto item = forged(b);
  sponsor_says([&, sent = false](JoinFrame& frame) mutable {
    if (auto* offer = std::get_if<JoinOffer>(&frame)) ++offer->commits;
    auto* part = std::get_if<JoinPart>(&frame);
    if (part != nullptr && !std::exchange(sent, true)) part->items.push_back(item);
  });
  expect_refused("in the name of " + b + " is not proved: its signature is wrong");
}

TEST_F(Joins, what_a_machine_signed_comes_with_its_signature) {
  two_and_one();
  sponsor_says([&](JoinFrame& frame) {
    auto* part = std::get_if<JoinPart>(&frame);
    if (part == nullptr) return;
    for (auto& item : part->items)
      if (cluster::decode_header(item.envelope.header)->comment == "Joined the cluster") item.envelope.signature.bytes[9] ^= 1;
  });
  expect_refused("in the name of " + b + " is not proved");
}

TEST_F(Joins, a_sponsor_that_answers_as_it_should_not_ends_the_join) {
  two_and_one();
  sponsor_says([](JoinFrame& frame) {
    if (auto* offer = std::get_if<JoinOffer>(&frame)) offer->commits = 1ULL << 63;
  });
  expect_refused("announces 9223372036854775808 commits");
  fleet.kill(c);
  for (const auto& [lie, words] : std::vector<std::pair<std::function<void(JoinFrame&)>, std::string>>{
           {[](JoinFrame& frame) {
              if (std::holds_alternative<JoinOffer>(frame)) frame = JoinPart{};
            },
            "out of turn"},
           {[](JoinFrame& frame) {
              if (std::holds_alternative<JoinPart>(frame)) frame = JoinOffer{};
            },
            "out of turn"},
           {[](JoinFrame& frame) {
              if (std::holds_alternative<JoinPart>(frame)) frame = JoinComplete{};
            },
            "out of turn"},
           {[](JoinFrame& frame) {
              if (auto* offer = std::get_if<JoinOffer>(&frame)) offer->commits = 1;
            },
            "more commits than it announced"},
           {[](JoinFrame& frame) {
              auto* part = std::get_if<JoinPart>(&frame);
              if (part != nullptr) part->items.push_back(part->items.front());
            },
            "commits twice"},
           {[](JoinFrame& frame) { frame = cluster::JoinRefusal{"\x1b[2Jno"}; }, "\\x1b[2Jno"}}) {
    const std::string d = "d" + std::to_string(requests++) + ".example.com";
    fleet.add(d, "127.0.1." + std::to_string(10 + requests));
    sponsor_says(lie);
    const auto joined = join(d, "127.0.1.1");
    ASSERT_FALSE(joined.has_value()) << words;
    std::string text = joined.error().text;
    EXPECT_NE(text.find(words), std::string::npos) << text;
    EXPECT_TRUE(fleet.machine(d).peer().fleet().standalone());
  }
}

TEST_F(Joins, a_sponsor_that_admits_another_key_is_found_out) {
  two_and_one();
  const auto accomplice = request(9).identity.signing_key;
  fleet.tamper = [&](const std::string& from, std::string& message) {
    if (from != c) return;  // what c asks for, as the sponsor takes it
    auto frame = cluster::decode_join(message);
    if (auto* asked = std::get_if<cluster::JoinRequest>(&*frame)) asked->identity.signing_key = accomplice;
    message = cluster::encode_join(*frame);
  };
  expect_refused("do not name this machine with its keys");
}

TEST_F(Joins, a_sponsor_that_falls_silent_is_given_up) {
  two_and_one();
  fleet.tamper = [&](const std::string& from, std::string& message) {
    if (from == a) message.clear();
  };
  auto client = fleet.client(c);
  const auto dialed = must(*client, "cluster.join_dial", {{"address", "127.0.1.1"}, {"port", 2200}});
  std::optional<base::Result<void>> done;
  fleet.machine(c).join_go(
      {dialed.at("join").to_number<std::uint64_t>(), 0, std::string(support::passphrase), false, 2222}, [](const std::string&) {},
      [&](base::Result<void> result) { done = std::move(result); });
  ASSERT_TRUE(fleet.run_until([&] { return done.has_value(); }, 400'000));
  ASSERT_FALSE(done->has_value());
  EXPECT_NE(done->error().text.find("has sent nothing for"), std::string::npos) << done->error().text;
  fleet.tamper = nullptr;
  EXPECT_TRUE(join(c, "127.0.1.2").has_value());
}

TEST_F(Joins, joins_that_do_not_go_on_end_and_make_room) {
  two_and_one();
  for (transport::ConnectionId connection = 1'001; connection <= 1'012; ++connection) {
    fleet.machine(a).join_open(connection, "admin");
    if (connection % 2 == 0) say(connection, request(static_cast<int>(connection)));
  }
  EXPECT_EQ(refusals(), 4U) << "8 of one user at once";
  const auto full = join(c, "127.0.1.1");
  ASSERT_FALSE(full.has_value());
  EXPECT_NE(full.error().text.find("Too many machines are joining"), std::string::npos) << full.error().text;
  fleet.run_for(400'000);
  EXPECT_EQ(refusals(), 13U) << "the 8 did not go on";
  EXPECT_EQ(members(), 2U);
  EXPECT_TRUE(join(c, "127.0.1.1").has_value());
}

TEST_F(Joins, a_guest_that_speaks_out_of_turn_leaves_nothing_behind) {
  two_and_one();
  std::size_t refused = 0;
  transport::ConnectionId connection = 2'000;
  for (const auto& words : std::vector<std::vector<JoinFrame>>{{JoinReady{}},
                                                               {Joined{}},
                                                               {JoinPart{}},
                                                               {request(1), request(2)},
                                                               {request(3), Joined{}},
                                                               {request(4), JoinComplete{}}}) {
    fleet.machine(a).join_open(++connection, "admin");
    for (const auto& frame : words) say(connection, frame);
    EXPECT_EQ(refusals(), ++refused);
  }
  auto evil = request(5);
  evil.identity.serial = "\x1b[2J";
  fleet.machine(a).join_open(++connection, "admin");
  say(connection, evil);
  EXPECT_EQ(refusals(), ++refused);
  EXPECT_EQ(members(), 2U);
  fleet.machine(a).join_open(++connection, "admin");
  evil.identity.serial = std::string(1U << 20, 's');
  say(connection, evil);
  say(connection, request(6));  // and its connection is closed, so this would not arrive
  EXPECT_EQ(members(), 2U);
}

TEST_F(Joins, an_admission_is_made_once_and_lapses_when_its_taker_says_nothing_more) {
  two_and_one();
  fleet.machine(a).join_open(3'000, "admin");
  say(3'000, request(1));
  fleet.run_for(1'000);
  say(3'000, JoinReady{});
  say(3'000, JoinReady{});
  EXPECT_EQ(members(), 3U);
  fleet.run_for(11 * 60'000);
  EXPECT_EQ(members(), 2U);
}

/// What was right when it asked may not be any more: two of one serial number, name and keys ask at once.
TEST_F(Joins, an_admission_is_judged_again_when_it_is_made) {
  two_and_one();
  for (const transport::ConnectionId connection : {3'000U, 3'001U}) {
    fleet.machine(a).join_open(connection, "admin");
    say(connection, request(1));
  }
  fleet.run_for(1'000);
  EXPECT_EQ(refusals(), 0U);
  say(3'000, JoinReady{});
  EXPECT_EQ(members(), 3U);
  say(3'001, JoinReady{});
  EXPECT_EQ(members(), 3U);
  EXPECT_EQ(refusals(), 1U);
}

/// The person at the fingerprint takes his time, and so may the line.
struct Founders : Joins {
  /// Founds a cluster after the fingerprint was shown; `gone_on`: when the join has begun, too.
  void found_meanwhile(bool gone_on) {
    two_and_one();
    fleet.slow(a, c, 1);
    const auto dialed = must(*fleet.client(c), "cluster.join_dial", {{"address", "127.0.1.1"}, {"port", 2200}});
    std::optional<base::Result<void>> done;
    const auto go = [&] {
      fleet.machine(c).join_go(
          {dialed.at("join").to_number<std::uint64_t>(), 0, std::string(support::passphrase), false, 2222},
          [](const std::string&) {}, [&](base::Result<void> result) { done = std::move(result); });
    };
    if (gone_on) go();
    must(*fleet.client(c), "cluster.create", {{"name", "europe"}});
    ASSERT_FALSE(done.has_value());
    if (!gone_on) go();
    ASSERT_TRUE(fleet.run_until([&] { return done.has_value(); }, 600'000));
    ASSERT_FALSE(done->has_value());
    EXPECT_NE(done->error().text.find("in the cluster europe already"), std::string::npos) << done->error().text;
    EXPECT_EQ(fleet.machine(c).peer().fleet().cluster_name, "europe");
  }
};

TEST_F(Founders, of_a_cluster_while_the_fingerprint_stood_stay_in_it) { found_meanwhile(false); }

TEST_F(Founders, of_a_cluster_while_the_history_came_stay_in_it) { found_meanwhile(true); }

/// While it is on its way to the disk, the cluster's settings are about to take its place.
TEST_F(Joins, what_a_machine_commits_last_before_it_joins_it_takes_along) {
  two_and_one();
  std::optional<cluster::Answer> answer;
  const auto commit = [&] {
    const auto& peer = fleet.machine(c).peer();
    const auto own = cluster::settings_register({base::Level::machine, peer.self().member.uuid}, "interfaces");
    std::string text = *peer.state().value(own);
    text.replace(text.find("8443"), 4, "8444");
    cluster::LocalCommit what;
    what.request_key = "last";
    what.items = {cluster::item_over(peer.state(), own, cluster::WriteKind::put, text)};
    fleet.machine(c).commit(what, [&](const cluster::Answer& got) { answer = got; });
  };
  fleet.tamper = [&](const std::string& from, const std::string& message) {
    if (from == a && std::holds_alternative<JoinComplete>(*cluster::decode_join(message))) fleet.at(1, commit);
  };
  ASSERT_TRUE(join(c, "127.0.1.1").has_value());
  ASSERT_TRUE(answer.has_value());
  ASSERT_EQ(answer->what, cluster::Answer::What::committed) << answer->reason;
  const auto& peer = fleet.machine(c).peer();
  const auto text = peer.state().value(cluster::settings_register({base::Level::machine, peer.self().member.uuid}, "interfaces"));
  ASSERT_NE(text, nullptr);
  EXPECT_NE(text->find("8444"), std::string::npos) << *text;
}

TEST_F(Joins, a_store_that_does_not_prove_its_own_machine_does_not_start) {
  fleet.add(a, "127.0.1.1");
  auto contents = fleet.world(a).contents;
  contents.commits.front().envelope.signature.bytes[0] ^= 1;
  contents.commits.resize(1);
  fleet.kill(a);
  const auto started = Machine::start(fleet.world(a), the_schema(), {}, std::move(contents));
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, base::ErrorCode::damaged);
  EXPECT_NE(started.error().text.find("its signature is wrong"), std::string::npos) << started.error().text;
}

}  // namespace
}  // namespace postern::machine::test
