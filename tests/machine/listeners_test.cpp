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
    return std::ranges::any_of(notes, [](const auto& note) { return note.as_string().find("is suspended") != std::string::npos; });
  }
};

TEST_F(Listeners, are_suspended_over_a_restart_and_resumed) {
  fleet.add(a, "127.0.1.1");
  fleet.run_for(100);
  ASSERT_EQ(open(a), 2U);
  const auto commits = fleet.machine(a).peer().newest_commits(10).size();
  const auto answer = set(a, "suspendlistener", {"IncomingMail"});
  EXPECT_EQ(answer.at("under_way"), false);
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

/// What the disk does not keep is not done, now or later.
TEST_F(Listeners, a_wish_that_is_not_kept_has_no_effect) {
  fleet.add(a, "127.0.1.1");
  fleet.run_for(100);
  fleet.world(a).disk_is_full = true;
  const auto refused = refused_to_suspend(a);
  EXPECT_EQ(refused.error.text, "The disk is full.");
  fleet.world(a).disk_is_full = false;
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  fleet.run_for(1'000);
  EXPECT_EQ(open(a), 2U) << "a later plan does not take it up";
}

TEST_F(Listeners, a_mail_engine_that_refuses_is_told_and_the_wish_is_kept) {
  fleet.add(a, "127.0.1.1");
  fleet.run_for(100);
  fleet.world(a).applies_fail = true;
  const auto refused = refused_to_suspend(a);
  EXPECT_EQ(refused.error.code, base::ErrorCode::io);
  EXPECT_NE(refused.error.text.find("kept, but not known to be in force"), std::string::npos) << refused.error.text;
  fleet.world(a).applies_fail = false;
  ASSERT_TRUE(fleet.run_until([&] { return open(a) == 1; }, 60'000)) << "tried again by itself";
}

}  // namespace
}  // namespace postern::machine::test
