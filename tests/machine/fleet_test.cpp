#include "machine/fleets.h"

namespace postern::machine::test {
namespace {

TEST_F(Fleets, a_change_at_cluster_level_reaches_every_plan) {
  three();
  const auto committed = route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
  EXPECT_EQ(committed.at("members").to_number<int>(), 3);
  EXPECT_EQ(committed.at("durable").to_number<int>(), 3);
  ASSERT_TRUE(fleet.run_until(
      [&] {
        return !transport_row(a, "example.com").empty() && !transport_row(b, "example.com").empty() &&
               !transport_row(c, "example.com").empty();
      },
      5'000));
  EXPECT_EQ(transport_row(a, "example.com"), transport_row(c, "example.com"));
  EXPECT_NE(transport_row(b, "example.com").find("127.0.1.9"), std::string::npos);
  EXPECT_TRUE(equal());
}

TEST_F(Fleets, an_override_at_one_machine_changes_only_that_machine_until_it_is_removed) {
  three();
  route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
  route(*fleet.client(b), "machine " + c, "example.com", "127.0.1.8");
  ASSERT_TRUE(fleet.run_until([&] { return transport_row(c, "example.com").find("127.0.1.8") != std::string::npos; }, 5'000));
  EXPECT_NE(transport_row(a, "example.com").find("127.0.1.9"), std::string::npos);
  auto client = fleet.client(a);
  must(*client, "feature.clear", {{"feature", "smtp-routes"}, {"mode", "machine " + c}});
  must(*client, "commit", {{"comment", ""}, {"request", "clear"}});
  ASSERT_TRUE(fleet.run_until([&] { return transport_row(c, "example.com").find("127.0.1.9") != std::string::npos; }, 5'000));
  EXPECT_TRUE(equal());
}

TEST_F(Fleets, a_machine_that_was_killed_comes_back_with_all_that_was_committed) {
  three();
  fleet.kill(b);
  for (int i = 0; i < 5; ++i) route(*fleet.client(a), "cluster", "d" + std::to_string(i) + ".example", "127.0.1.9");
  fleet.restart(b);
  ASSERT_TRUE(fleet.run_until([&] { return equal() && !transport_row(b, "d4.example").empty(); }, 60'000));
}

TEST_F(Fleets, islands_stay_writable_and_merge) {
  three();
  fleet.cut(a, b, true);
  fleet.cut(a, c, true);
  fleet.run_for(1'000);
  route(*fleet.client(a), "cluster", "one.example", "127.0.1.9");
  route(*fleet.client(b), "machine " + b, "two.example", "127.0.1.9");
  EXPECT_FALSE(equal());
  fleet.cut(a, b, false);
  fleet.cut(a, c, false);
  ASSERT_TRUE(fleet.run_until([&] { return equal() && !transport_row(c, "one.example").empty(); }, 70'000));
  EXPECT_FALSE(transport_row(b, "two.example").empty());
}

TEST_F(Fleets, names_are_looked_up_once_for_all_who_ask_for_the_links_meanwhile) {
  three();
  int answers = 0;
  const auto ask = [&] {
    fleet.machine(a).link_status([&](const std::vector<desk::LinkStatus>& rows) {
      EXPECT_EQ(rows.size(), 3U);
      for (const auto& row : rows) EXPECT_FALSE(row.addresses.empty()) << row.dial;
      ++answers;
    });
  };
  for (int i = 0; i < 50; ++i) ask();
  ASSERT_TRUE(fleet.run_until([&] { return answers == 50; }, 1'000));
  EXPECT_EQ(fleet.world(a).resolved, 3);
  ask();
  ASSERT_TRUE(fleet.run_until([&] { return answers == 51; }, 1'000));
  EXPECT_EQ(fleet.world(a).resolved, 6) << "what was looked up for others is not kept";
  fleet.machine(a).link_status([&](const std::vector<desk::LinkStatus>&) { ask(); });
  ASSERT_TRUE(fleet.run_until([&] { return answers == 52; }, 1'000)) << "who asks when it is answered is, too";
}

TEST_F(Fleets, what_the_mail_engine_refused_is_not_told_as_applied_and_is_tried_again) {
  three();
  fleet.world(c).applies_fail = true;
  const auto committed = route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
  const auto hash = base::parse_hash(std::string(committed.at("commit").as_string()));
  ASSERT_TRUE(hash.has_value());
  const auto progress_of_c = [&] {
    for (const auto& one : fleet.machine(a).peer().progress(*hash))
      if (fleet.machine(a).peer().fleet().member(one.member)->host_name == c) return one;
    return cluster::Peer::Progress{};
  };
  ASSERT_TRUE(fleet.run_until([&] { return !progress_of_c().problem.empty(); }, 5'000));
  EXPECT_FALSE(progress_of_c().applied);
  EXPECT_NE(progress_of_c().problem.find("refused"), std::string::npos);
  fleet.world(c).applies_fail = false;
  ASSERT_TRUE(fleet.run_until([&] { return progress_of_c().applied; }, 30'000));
  EXPECT_FALSE(transport_row(c, "example.com").empty());
}

TEST_F(Fleets, what_the_mail_engine_keeps_refusing_is_tried_in_growing_pauses_by_one_timer) {
  three();
  fleet.world(c).applies_fail = true;
  for (const char* domain : {"one.example", "two.example", "three.example"}) {
    route(*fleet.client(a), "cluster", domain, "127.0.1.9");
    fleet.run_for(2'000);
  }
  const auto before = fleet.world(c).applies;
  fleet.run_for(620'000);  // after 10, 20, 40, 80, 160 and 300 s
  EXPECT_GE(fleet.world(c).applies - before, 5U);
  EXPECT_LE(fleet.world(c).applies - before, 7U);
  // That the settings before are in order is no reason to try the refused ones sooner.
  const auto tries = fleet.world(c).applies;
  applier::Outcome good;
  good.generation = fleet.world(c).generation;
  fleet.world(c).data_plane_watcher(good);
  fleet.run_for(1'000);
  EXPECT_EQ(fleet.world(c).applies, tries);
}

TEST_F(Fleets, what_is_in_force_is_told_as_applied_once_it_is_proved) {
  three();
  fleet.world(c).not_proved = "The listener IncomingMail answers MAIL FROM:<> with \"452 4.3.1\".";
  const auto committed = route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
  const auto hash = base::parse_hash(std::string(committed.at("commit").as_string()));
  ASSERT_TRUE(hash.has_value());
  const auto progress_of_c = [&] {
    for (const auto& one : fleet.machine(a).peer().progress(*hash))
      if (fleet.machine(a).peer().fleet().member(one.member)->host_name == c) return one;
    return cluster::Peer::Progress{};
  };
  ASSERT_TRUE(fleet.run_until([&] { return !progress_of_c().problem.empty(); }, 5'000));
  EXPECT_EQ(progress_of_c().problem, "in force, not proved: " + fleet.world(c).not_proved);
  EXPECT_FALSE(progress_of_c().applied);
  EXPECT_EQ(fleet.machine(c).mail_engine().state().problem, progress_of_c().problem);
  const auto applies = fleet.world(c).applies;
  fleet.run_for(60'000);
  EXPECT_EQ(fleet.world(c).applies, applies);  // asking again is the applier's

  fleet.world(c).not_proved.clear();
  applier::Outcome proved;
  proved.generation = fleet.world(c).generation;
  proved.running = true;
  fleet.world(c).data_plane_watcher(proved);
  ASSERT_TRUE(fleet.run_until([&] { return progress_of_c().applied; }, 5'000));
  EXPECT_EQ(progress_of_c().problem, "");
  EXPECT_EQ(fleet.machine(c).mail_engine().state().problem, "");
}

TEST_F(Fleets, what_breaks_beneath_a_running_mail_engine_is_told_until_it_is_mended) {
  three();
  applier::Outcome broken;
  broken.result = base::fail(base::ErrorCode::io, "Broken since 2026-11-26 22:00:00 UTC: The table transport is missing.");
  broken.generation = fleet.world(c).generation;
  fleet.world(c).data_plane_watcher(broken);
  EXPECT_NE(fleet.machine(c).mail_engine().state().problem.find("Broken since"), std::string::npos);
  EXPECT_FALSE(fleet.machine(c).mail_engine().state().running);
  applier::Outcome mended;
  mended.generation = broken.generation;
  mended.running = true;
  fleet.world(c).data_plane_watcher(mended);
  ASSERT_TRUE(fleet.run_until([&] { return fleet.machine(c).mail_engine().state().problem.empty(); }, 5'000));
  EXPECT_TRUE(fleet.machine(c).mail_engine().state().running);
}

TEST_F(Fleets, joins_that_are_refused_leave_both_sides_as_they_were) {
  fleet.add(a, "127.0.1.1");
  fleet.add(b, "127.0.1.2");
  const auto alone = join(b, "127.0.1.1");
  ASSERT_FALSE(alone.has_value());
  EXPECT_NE(alone.error().text.find("in no cluster"), std::string::npos) << alone.error().text;
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  const auto wrong = join(b, "127.0.1.1", "not it");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, base::ErrorCode::denied);
  const auto nobody = join(b, "127.0.1.77");
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().code, base::ErrorCode::unreachable);
  EXPECT_TRUE(fleet.machine(b).peer().fleet().standalone());
  EXPECT_EQ(fleet.machine(a).peer().fleet().members.size(), 1U);
}

TEST_F(Fleets, a_joiner_killed_before_its_swap_is_standalone_and_its_admission_lapses) {
  fleet.add(a, "127.0.1.1");
  fleet.add(b, "127.0.1.2");
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  {
    auto client = fleet.client(b);
    auto dialed = must(*client, "cluster.join_dial", {{"address", "127.0.1.1"}, {"port", 2200}});
    fleet.machine(b).join_go(
        {dialed.at("join").to_number<std::uint64_t>(), 0, std::string(support::passphrase), false, 2222},
        [](const std::string&) {}, [](base::Result<void>) {});
    ASSERT_TRUE(fleet.run_until([&] { return fleet.machine(a).peer().fleet().members.size() == 2; }, 10'000));
  }
  fleet.kill(b);
  fleet.restart(b);
  const bool swapped = !fleet.machine(b).peer().fleet().standalone();
  fleet.run_for(11 * 60'000);
  EXPECT_EQ(fleet.machine(a).peer().fleet().members.size(), swapped ? 2U : 1U);
}

TEST_F(Fleets, two_machines_of_one_serial_are_refused) {
  fleet.add(a, "127.0.1.1");
  fleet.add(b, "127.0.1.2");
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  fleet.kill(b);
  fleet.world(b).contents.notes["identity/serial"] = fleet.machine(a).identity().serial;
  fleet.restart(b);
  const auto refused = join(b, "127.0.1.1");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().text.find("serial"), std::string::npos) << refused.error().text;
  EXPECT_TRUE(fleet.machine(b).peer().fleet().standalone());
}

TEST_F(Fleets, pending_edits_survive_a_restart) {
  fleet.add(a, "127.0.1.1");
  {
    auto client = fleet.client(a);
    const boost::json::array edits{protocol::JsonObject{{"op", "set"}, {"path", "route['x.example']/action"}, {"value", "drop"}}};
    must(*client, "feature.edit", {{"feature", "smtp-routes"}, {"edits", edits}, {"start", "empty"}});
  }
  fleet.kill(a);
  fleet.restart(a);
  auto client = fleet.client(a);
  EXPECT_EQ(must(*client, "changes.show", {}).at("changes").as_array().size(), 1U);
  must(*client, "commit", {{"comment", ""}, {"request", "1"}});
  EXPECT_EQ(must(*client, "changes.show", {}).at("changes").as_array().size(), 0U);
}

}  // namespace
}  // namespace postern::machine::test
