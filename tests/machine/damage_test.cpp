#include "machine/fleets.h"

/// What a disk has lost is not as if it had never been set: mail goes where it went, and the others send it again.
namespace postern::machine::test {
namespace {

class Damages : public Fleets {
 protected:
  void three_with_a_route() {
    three();
    route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
    ASSERT_TRUE(fleet.run_until([&] { return !transport_row(c, "example.com").empty() && equal(); }));
    fleet.run_for(5'000);
    fleet.kill(c);
    cut(true);
  }
  void cut(bool is_cut) {
    fleet.cut(a, c, is_cut);
    fleet.cut(b, c, is_cut);
  }
  /// The commit that many from the end of what c has stored.
  base::Hash damage(std::ptrdiff_t from_end) {
    auto& contents = fleet.world(c).contents;
    const auto at = std::prev(contents.commits.end(), from_end);
    const auto id = at->envelope.id();
    contents.damaged.push_back({id, base::hash_bytes("damaged")});
    contents.commits.erase(at);
    return id;
  }
  std::string problem() { return fleet.machine(c).mail_engine().state().problem; }
  void start_and_heal(const std::string& word) {
    fleet.restart(c);
    fleet.run_for(30'000);
    EXPECT_FALSE(transport_row(c, "example.com").empty()) << "its mail goes where it went";
    EXPECT_NE(problem().find(word), std::string::npos) << problem();
    EXPECT_FALSE(fleet.world(c).setup.ports.empty());
    cut(false);
    ASSERT_TRUE(fleet.run_until([&] { return linked(c) == 2 && problem().empty() && equal(); }, 120'000)) << problem();
    EXPECT_FALSE(transport_row(c, "example.com").empty());
    fleet.kill(c);
    cut(true);
    fleet.restart(c);
    fleet.run_for(10'000);
    EXPECT_EQ(problem(), "") << "it is on the disk again";
    EXPECT_FALSE(transport_row(c, "example.com").empty());
    cut(false);
  }
};

TEST_F(Damages, a_value_that_is_lost_is_kept_in_force_and_comes_again) {
  three_with_a_route();
  auto& blobs = fleet.world(c).blobs;
  EXPECT_EQ(std::erase_if(blobs,
                          [](const auto& one) {
                            return one.second.find("example.com\"") != std::string::npos &&
                                   one.second.find("destination") != std::string::npos;
                          }),
            1U);
  start_and_heal("lost");
}

TEST_F(Damages, its_own_listeners_too) {
  three_with_a_route();
  auto& blobs = fleet.world(c).blobs;
  EXPECT_EQ(std::erase_if(blobs, [&](const auto& one) { return one.second.find("OutgoingMail") != std::string::npos; }), 1U)
      << "each machine has the same";
  start_and_heal("lost");
}

/// Of one that did not admit it: else its store does not prove that it is a member itself.
TEST_F(Damages, the_identity_of_another_machine_too) {
  three();
  route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
  ASSERT_TRUE(fleet.run_until([&] { return equal(); }));
  const auto* other = fleet.machine(b).peer().fleet().member_by_host(c);
  ASSERT_NE(other, nullptr);
  const auto identity = base::hash_bytes(cluster::encode(other->identity));
  fleet.kill(a);
  EXPECT_EQ(fleet.world(a).blobs.erase(identity), 1U);
  fleet.restart(a);
  ASSERT_TRUE(fleet.run_until([&] { return linked(a) == 2; }, 180'000)) << linked(a);
  route(*fleet.client(c), "cluster", "after.example", "127.0.1.9");
  EXPECT_TRUE(fleet.run_until([&] { return !transport_row(a, "after.example").empty(); }, 60'000));
}

TEST_F(Damages, a_commit_that_is_damaged_leaves_in_force_what_was) {
  three_with_a_route();
  damage(1);
  start_and_heal("damaged");
}

TEST_F(Damages, one_that_others_built_on_too) {
  three_with_a_route();
  damage(2);
  start_and_heal("damaged");
}

/// Then the row's bytes are the commit, and what it stands under is nothing.
TEST_F(Damages, one_of_which_only_the_hash_is_damaged_too) {
  three_with_a_route();
  const auto id = damage(1);
  fleet.world(c).contents.damaged = {{base::hash_bytes("damaged"), id}};
  start_and_heal("damaged");
}

/// By their names it finds the machines that have what is damaged.
TEST_F(Damages, the_dns_servers_that_were_in_use_are_asked_while_a_commit_is_damaged) {
  three();
  auto client = fleet.client(a);
  name_dns_server(*client, "127.0.1.53");
  const std::vector<std::string> servers{"127.0.1.53"};
  ASSERT_TRUE(fleet.run_until([&] { return fleet.world(c).contents.in_use.contains("dns") && equal(); }, 5'000));
  fleet.kill(c);
  cut(true);
  damage(1);
  fleet.restart(c);
  fleet.run_for(5'000);
  EXPECT_NE(problem().find("damaged"), std::string::npos) << problem();
  EXPECT_EQ(fleet.world(c).setup.dns_servers, servers);
}

/// They were chosen while what is damaged was missing, and wait for it.
TEST_F(Damages, the_dns_servers_that_are_chosen_meanwhile_are_asked_once_all_is_there_again) {
  three_with_a_route();
  damage(1);
  fleet.restart(c);
  fleet.run_for(5'000);
  ASSERT_NE(problem().find("damaged"), std::string::npos) << problem();
  const auto before = fleet.world(c).setup.dns_servers;
  auto client = fleet.client(c);
  name_dns_server(*client, "127.0.1.53");
  fleet.run_for(5'000);
  EXPECT_EQ(fleet.world(c).setup.dns_servers, before);
  fleet.cut(a, c, false);  // one link: each that comes up has the servers looked at
  ASSERT_TRUE(fleet.run_until([&] { return problem().empty() && equal(); }, 120'000)) << problem();
  EXPECT_EQ(fleet.world(c).setup.dns_servers, std::vector<std::string>{"127.0.1.53"});
}

/// Contract P10: what a machine runs while something of it is lost is not the whole commit. Its listeners are another matter.
TEST_F(Damages, what_is_held_is_not_told_as_applied_and_hinders_no_listener) {
  three_with_a_route();
  std::erase_if(fleet.world(c).blobs, [](const auto& one) {
    return one.second.find("example.com\"") != std::string::npos && one.second.find("destination") != std::string::npos;
  });
  fleet.restart(c);
  fleet.run_for(30'000);
  ASSERT_NE(problem().find("lost"), std::string::npos) << problem();
  const auto& peer = fleet.machine(c).peer();
  const auto newest = peer.newest_commits(1).front();
  const auto all = peer.progress(newest);
  const auto own = std::ranges::find(all, peer.self().member, &cluster::Peer::Progress::member);
  ASSERT_NE(own, all.end());
  EXPECT_FALSE(own->applied);
  std::optional<std::string> heard;
  fleet.machine(c).mail_engine().suspend(
      {"IncomingMail"}, true, [&](const base::Result<void>& result) { heard = result ? "done" : result.error().text; });
  fleet.run_for(10'000);
  EXPECT_EQ(heard, "done");
  EXPECT_EQ(fleet.world(c).plan.listen.size(), 1U);
  cut(false);
}

TEST_F(Damages, what_is_known_is_in_force_where_nothing_was_before) {
  three_with_a_route();
  damage(1);
  fleet.world(c).contents.in_use.clear();
  fleet.restart(c);
  fleet.run_for(5'000);
  EXPECT_EQ(fleet.world(c).plan.listen.size(), 2U) << "its listeners are known";
  EXPECT_TRUE(transport_row(c, "example.com").empty());
  cut(false);
  EXPECT_TRUE(fleet.run_until([&] { return !transport_row(c, "example.com").empty(); }, 120'000));
}

/// Founding or joining another, it would write over what the others have.
TEST_F(Damages, a_machine_that_lost_its_clusters_name_is_in_it_still) {
  three_with_a_route();
  auto& blobs = fleet.world(c).blobs;
  EXPECT_EQ(std::erase_if(blobs, [](const auto& one) { return one.second == "americas"; }), 1U);
  fleet.restart(c);
  fleet.run_for(5'000);
  EXPECT_FALSE(fleet.machine(c).peer().fleet().standalone());
  const auto client = fleet.client(c);
  EXPECT_FALSE(client->call("cluster.create", {{"name", "europe"}}).has_value());
  EXPECT_FALSE(client->call("cluster.join_dial", {{"address", "127.0.1.1"}, {"port", 2200}}).has_value());
  cut(false);
  EXPECT_TRUE(fleet.run_until([&] { return fleet.machine(c).peer().fleet().cluster_name == "americas"; }, 120'000));
}

/// It is defined there, whatever it said: the cluster's is not this machine's.
TEST_F(Damages, a_value_that_is_lost_and_was_never_in_force_is_not_the_next_levels) {
  three_with_a_route();
  cut(false);
  fleet.restart(c);
  ASSERT_TRUE(fleet.run_until([&] { return linked(c) == 2 && equal(); }, 120'000));
  route(*fleet.client(a), "machine " + c, "own.example", "127.0.1.8");
  ASSERT_TRUE(fleet.run_until([&] { return !transport_row(c, "own.example").empty(); }));
  ASSERT_TRUE(transport_row(c, "example.com").empty());
  fleet.kill(c);
  cut(true);
  auto& blobs = fleet.world(c).blobs;
  EXPECT_EQ(std::erase_if(blobs, [](const auto& one) { return one.second.find("own.example") != std::string::npos; }), 1U);
  fleet.world(c).contents.in_use.erase("smtp-routes");
  fleet.restart(c);
  fleet.run_for(5'000);
  EXPECT_NE(problem().find("lost"), std::string::npos) << problem();
  EXPECT_TRUE(transport_row(c, "example.com").empty());
  cut(false);
  EXPECT_TRUE(fleet.run_until([&] { return !transport_row(c, "own.example").empty(); }, 120'000));
}

}  // namespace
}  // namespace postern::machine::test
