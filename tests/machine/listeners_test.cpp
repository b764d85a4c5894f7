// Listeners that are suspended: a machine's own, in no commit, and still so after a restart and a join.
#include "machine/fleets.h"
#include "machine/join/birth.h"
#include "machine/plane/mail.h"

#include <algorithm>

namespace postern::machine::test {
namespace {

struct Listeners : Fleets {
  protocol::Json set(const std::string& host, std::string_view command, boost::json::array names) {
    return must(*fleet.client(host), "command.run", {{"command", command}, {"parameters", {{"listeners", std::move(names)}}}});
  }
  protocol::Refusal refused_to_suspend(const std::string& host) {
    const auto client = fleet.client(host);
    const auto reply =
        client->call("command.run", {{"command", "suspendlistener"}, {"parameters", {{"listeners", {"IncomingMail"}}}}});
    EXPECT_FALSE(reply.has_value());
    return reply ? protocol::Refusal{} : reply.error();
  }
  /// Ports that the plan in force opens.
  std::size_t open(const std::string& host) { return fleet.world(host).plan.listen.size(); }
  bool noted(const std::string& host) {
    const auto status = must(*fleet.client(host), "status", {});
    const auto& notes = status.at("notes").as_array();
    return std::ranges::any_of(notes,
                               [](const auto& note) { return note.as_string().find("is suspended") != std::string::npos; });
  }
};

TEST_F(Listeners, are_suspended_over_a_restart_and_resumed) {
  fleet.add(a, "127.0.1.1");
  fleet.run_for(100);
  ASSERT_EQ(open(a), 2U);
  const auto commits = fleet.machine(a).peer().newest_commits(10).size();
  const auto answer = set(a, "suspendlistener", {"IncomingMail"});
  EXPECT_EQ(answer.at("under_way"), false);
  EXPECT_TRUE(fleet.world(a).notes_flushed) << "told as kept, a power cut or not";
  EXPECT_EQ(open(a), 1U) << "in force when it is told";
  EXPECT_TRUE(noted(a));
  fleet.kill(a);
  fleet.restart(a);
  fleet.run_for(100);
  EXPECT_EQ(open(a), 1U);
  set(a, "resumelistener", {"IncomingMail"});
  EXPECT_EQ(open(a), 2U);
  EXPECT_FALSE(noted(a));
  EXPECT_FALSE(fleet.world(a).contents.notes.contains(std::string(note_suspended)));
  EXPECT_EQ(fleet.machine(a).peer().newest_commits(10).size(), commits) << "no commit";
}

TEST_F(Listeners, a_join_keeps_what_is_the_hosts_own) {
  fleet.add(a, "127.0.1.1");
  fleet.add(b, "127.0.1.2");
  fleet.kill(b);
  const std::string bind(note_bind_address);
  fleet.world(b).contents.notes[bind] = "127.0.1.2";
  fleet.restart(b);
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  set(b, "suspendlistener", {"IncomingMail"});
  ASSERT_TRUE(join(b, "127.0.1.1").has_value());
  fleet.run_for(1'000);
  EXPECT_EQ(fleet.world(b).contents.notes[bind], "127.0.1.2");
  EXPECT_EQ(fleet.world(b).contents.notes[std::string(note_suspended)], "IncomingMail");
  EXPECT_EQ(open(b), 1U);
}

// While the store is replaced, what is asked of the machine is asked all the same.
TEST_F(Listeners, a_wish_that_a_join_crosses_is_kept) {
  for (const bool suspends : {true, false}) {
    const std::string host = suspends ? b : c;
    const std::string address = suspends ? "127.0.1.2" : "127.0.1.3";
    if (suspends) {
      fleet.add(a, "127.0.1.1");
      must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
    }
    fleet.add(host, address);
    if (!suspends) set(host, "suspendlistener", {"IncomingMail"});
    bool kept = false;
    fleet.world(host).before_replacing = [&] {
      fleet.machine(host).mail_engine().suspend({"IncomingMail"}, suspends,
                                                [&](const base::Result<void>& done) { kept = done.has_value(); });
    };
    ASSERT_TRUE(join(host, "127.0.1.1").has_value());
    fleet.run_for(1'000);
    EXPECT_TRUE(kept);
    EXPECT_EQ(open(host), suspends ? 1U : 2U);
    EXPECT_EQ(fleet.world(host).contents.notes.contains(std::string(note_suspended)), suspends);
    fleet.kill(host);
    fleet.restart(host);
    fleet.run_for(1'000);
    EXPECT_EQ(open(host), suspends ? 1U : 2U);
  }
}

/// What the disk does not keep is not done, now or later.
TEST_F(Listeners, a_wish_that_is_not_kept_has_no_effect) {
  fleet.add(a, "127.0.1.1");
  fleet.run_for(100);
  fleet.world(a).disk_is_full = true;
  const auto refused = refused_to_suspend(a);
  EXPECT_EQ(refused.error.text, "The disk is full.");
  const auto notes = must(*fleet.client(a), "status", {}).at("notes").as_array();
  ASSERT_FALSE(notes.empty());
  EXPECT_EQ(notes[0], "The store refused the last change: The disk is full.");
  fleet.world(a).disk_is_full = false;
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  fleet.run_for(1'000);
  EXPECT_EQ(open(a), 2U) << "a later plan does not take it up";
  EXPECT_TRUE(must(*fleet.client(a), "status", {}).at("notes").as_array().empty()) << "it takes changes again";
}

struct Wishes : Listeners {
  void SetUp() override {
    fleet.add(a, "127.0.1.1");
    fleet.run_for(100);
  }
  void wish(const char* listener, bool suspended) {
    fleet.machine(a).mail_engine().suspend({listener}, suspended, [this](const base::Result<void>& result) {
      heard.push_back(result ? "kept" : result.error().text);
    });
  }
  void plan_anew() {
    must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
    fleet.run_for(1'000);
  }
  std::vector<std::string> heard;
};

TEST_F(Wishes, two_that_are_not_kept_have_no_effect) {
  fleet.world(a).disk_is_full = true;
  wish("IncomingMail", true);
  wish("OutgoingMail", true);
  fleet.run_for(1'000);
  EXPECT_EQ(heard, (std::vector<std::string>{"The disk is full.", "The disk is full."}));
  fleet.world(a).disk_is_full = false;
  plan_anew();
  EXPECT_EQ(open(a), 2U);
}

TEST_F(Wishes, one_that_is_not_kept_undoes_no_other) {
  wish("IncomingMail", true);
  fleet.run_for(1'000);
  fleet.world(a).disk_is_full = true;
  wish("OutgoingMail", true);
  fleet.run_for(1'000);
  wish("IncomingMail", false);
  fleet.run_for(1'000);
  EXPECT_EQ(heard, (std::vector<std::string>{"kept", "The disk is full.", "The disk is full."}));
  fleet.world(a).disk_is_full = false;
  plan_anew();
  EXPECT_EQ(open(a), 1U);
  EXPECT_EQ(fleet.world(a).contents.notes[std::string(note_suspended)], "IncomingMail");
}

TEST_F(Wishes, one_that_is_not_kept_yet_is_not_in_force) {
  fleet.world(a).disk_stands_still = true;
  wish("IncomingMail", true);
  fleet.run_for(10);
  fleet.world(a).data_plane_watcher(applier::Outcome{});  // all is well: what is in effect is planned anew
  fleet.run_for(1'000);
  EXPECT_EQ(open(a), 2U);
  EXPECT_FALSE(fleet.machine(a).mail_engine().listeners().front().kept);
  fleet.world(a).disk_is_full = true;
  fleet.world(a).disk_goes_on();
  fleet.run_for(100'000);
  EXPECT_EQ(open(a), 2U);
  EXPECT_EQ(heard, (std::vector<std::string>{"The disk is full."}));
  EXPECT_TRUE(std::ranges::any_of(fleet.world(a).lines, [](const std::string& line) {
    return line.find("IncomingMail not suspended: ") != std::string::npos;
  })) << "whoever asked may have gone";
}

TEST_F(Wishes, take_effect_in_their_order) {
  wish("IncomingMail", true);
  wish("IncomingMail", false);
  EXPECT_EQ(fleet.machine(a).mail_engine().listeners().front().state, "open") << "as it is to be";
  wish("IncomingMail", true);
  fleet.run_for(1'000);
  EXPECT_EQ(heard, (std::vector<std::string>{"kept", "kept", "kept"})) << "whichever came after";
  EXPECT_EQ(open(a), 1U);
}

TEST_F(Wishes, what_is_not_in_force_is_not_said_to_be) {
  fleet.world(a).applies_fail = true;
  refused_to_suspend(a);
  const auto& mail = fleet.machine(a).mail_engine();
  EXPECT_EQ(mail.listeners().front().state, "suspended");
  EXPECT_EQ(mail.listeners().front().in_force, "open");
  refused_to_suspend(a);
  fleet.world(a).applies_fail = false;
  EXPECT_EQ(set(a, "suspendlistener", {"IncomingMail"}).at("changed"), (protocol::Json{"IncomingMail"}));
  EXPECT_EQ(mail.listeners().front().in_force, "suspended");
}

TEST_F(Wishes, what_is_not_proved_is_told_as_given) {
  fleet.world(a).not_proved = "421 Too busy";
  const auto refused = refused_to_suspend(a);
  EXPECT_EQ(refused.error.text, "Postfix was given this, and it is kept, but it is in force, not proved: 421 Too busy");
}

/// In transport(5)'s order: the domain, those that it is in from the nearest on, everything else.
TEST_F(Wishes, a_route_is_the_nearest_that_is_set) {
  const auto& mail = fleet.machine(a).mail_engine();
  EXPECT_EQ(mail.route_of("example.com"), "");
  const auto client = fleet.client(a);
  const std::string here = "machine " + a;
  const auto leads = [&](const char* domain, const char* to) { return mail.route_of(domain).find(to) != std::string::npos; };
  route(*client, here, "example.com", "192.0.2.1");
  route(*client, here, ".example.com", "192.0.2.2");
  route(*client, here, ".sub.example.com", "192.0.2.3");
  ASSERT_TRUE(fleet.run_until([&] { return leads("mail.sub.example.com", "192.0.2.3"); }, 5'000));
  EXPECT_TRUE(leads("example.com", "192.0.2.1"));
  EXPECT_TRUE(leads("mail.example.com", "192.0.2.2"));
  EXPECT_TRUE(leads("sub.example.com", "192.0.2.2"));
  EXPECT_TRUE(leads("a.mail.example.com", "192.0.2.2")) << "as far down as it may be";
  EXPECT_TRUE(leads("a.b.sub.example.com", "192.0.2.3"));
  EXPECT_EQ(mail.route_of("example.org"), "");
  route(*client, here, "ALL", "192.0.2.9");
  ASSERT_TRUE(fleet.run_until([&] { return leads("example.org", "192.0.2.9"); }, 5'000));
  EXPECT_TRUE(leads("example.com", "192.0.2.1"));
}

TEST_F(Wishes, one_for_a_listener_that_is_gone_is_told_and_taken_back) {
  fleet.kill(a);
  fleet.world(a).contents.notes[std::string(note_suspended)] = "OldMail";
  fleet.restart(a);
  fleet.run_for(100);
  EXPECT_EQ(open(a), 2U);
  EXPECT_TRUE(noted(a));
  set(a, "resumelistener", {"OldMail"});
  EXPECT_FALSE(noted(a));
  EXPECT_FALSE(fleet.world(a).contents.notes.contains(std::string(note_suspended)));
}

TEST_F(Listeners, a_mail_engine_that_refuses_is_told_and_the_wish_is_kept) {
  fleet.add(a, "127.0.1.1");
  fleet.run_for(100);
  fleet.world(a).applies_fail = true;
  const auto refused = refused_to_suspend(a);
  EXPECT_EQ(refused.error.code, base::ErrorCode::io);
  EXPECT_NE(refused.error.text.find("kept, but not in force"), std::string::npos) << refused.error.text;
  fleet.world(a).applies_fail = false;
  ASSERT_TRUE(fleet.run_until([&] { return open(a) == 1; }, 60'000)) << "tried again by itself";
}

}  // namespace
}  // namespace postern::machine::test
