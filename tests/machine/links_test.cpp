// Which connection is a link with whom, who dials whom and where, and what the transport is told of it.
#include "machine/fleets.h"

#include <utility>

namespace postern::machine::test {
namespace {

class LinksOfTwo : public Fleets {
 protected:
  void two() {
    fleet.add(a, "127.0.1.1");
    fleet.add(b, "127.0.1.2");
    must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
    ASSERT_TRUE(join(b, "127.0.1.1").has_value());
    ASSERT_TRUE(fleet.run_until([&] { return linked(a) == 1 && linked(b) == 1; }));
    low = a;
    high = b;
    if (of(b).member < of(a).member) std::swap(low, high);
  }
  /// Then this test says what links there are.
  void two_apart() {
    two();
    fleet.cut(a, b, true);
  }
  const Identity& of(const std::string& host) { return fleet.machine(host).identity(); }
  std::string closed(const std::string& host, transport::ConnectionId connection) {
    const auto& reasons = fleet.world(host).closed;
    const auto found = reasons.find(connection);
    return found == reasons.end() ? "" : found->second;
  }
  std::size_t dials(const std::string& host) { return fleet.world(host).setup.targets.size(); }

  std::string low, high;  ///< by member id
};

TEST_F(LinksOfTwo, a_second_try_of_the_same_end_replaces_the_first) {
  two_apart();
  fleet.machine(low).link_up(7'001, of(high).user_public, false);
  fleet.machine(low).link_up(7'002, of(high).user_public, false);
  EXPECT_EQ(closed(low, 7'001), "replaced by a newer link");
  EXPECT_EQ(closed(low, 7'002), "");
}

TEST_F(LinksOfTwo, of_links_both_ways_the_one_that_the_lower_id_dialed_stays) {
  two_apart();
  fleet.machine(low).link_up(7'001, of(high).user_public, false);
  fleet.machine(low).link_up(7'002, of(high).host_public, true);
  EXPECT_EQ(closed(low, 7'001), "replaced by a newer link");
  fleet.machine(low).link_up(7'003, of(high).user_public, false);
  EXPECT_EQ(closed(low, 7'003), "a link with that machine is up already");
  EXPECT_EQ(closed(low, 7'002), "");
}

TEST_F(LinksOfTwo, nobody_has_a_link_under_the_keys_of_the_machine_itself) {
  two_apart();
  fleet.machine(a).link_up(7'001, of(a).user_public, false);
  EXPECT_EQ(closed(a, 7'001), "that machine is not a member of this cluster");
  fleet.machine(a).link_up(7'002, of(a).host_public, true);
  EXPECT_EQ(closed(a, 7'002), "that machine is not a member of this cluster");
  for (const auto& [whose, verdict] : {std::pair(a, transport::Verdict::refuse), std::pair(b, transport::Verdict::machine)}) {
    transport::LoginAsked login;
    login.method = transport::LoginAsked::Method::public_key;
    login.user = transport::machine_user;
    login.public_line = of(whose).user_public;
    fleet.machine(a).admit(login, [&](const Machine::Admission& answer) { EXPECT_EQ(answer.verdict, verdict) << whose; });
  }
}

TEST_F(LinksOfTwo, a_member_that_says_it_is_another_is_not_believed) {
  three();
  fleet.cut(a, b, true);
  fleet.cut(a, c, true);
  ASSERT_EQ(linked(a), 0U);
  for (const bool we_dialed : {false, true}) {
    const transport::ConnectionId connection = we_dialed ? 7'001 : 7'002;
    fleet.machine(a).link_up(connection, we_dialed ? of(b).host_public : of(b).user_public, we_dialed);
    cluster::Hello hello;
    hello.cluster = of(a).cluster;
    hello.member = of(c).member;
    hello.boot_nonce = 4'711;
    hello.settings_version = the_schema().settings_version();
    hello.wall_ms = fleet.now().wall_ms;
    fleet.machine(a).link_message(connection, cluster::encode(hello));
    EXPECT_EQ(linked(a), 0U);
    EXPECT_EQ(closed(a, connection), "closed by the cluster's rules");
    fleet.machine(a).link_down(connection);
  }
}

TEST_F(LinksOfTwo, what_cannot_be_read_ends_the_link) {
  two();
  const auto link = fleet.link(a, b);
  ASSERT_NE(link, 0U);
  fleet.machine(a).link_message(link, "\xff\xff");
  EXPECT_EQ(closed(a, link), "malformed message");
}

TEST_F(LinksOfTwo, the_higher_id_dials_when_no_link_came_up_since_it_started) {
  two();
  EXPECT_EQ(dials(low), 1U);
  EXPECT_EQ(dials(high), 0U);
  fleet.kill(high);
  fleet.cut(a, b, true);
  fleet.restart(high);
  fleet.run_for(900);
  EXPECT_EQ(dials(high), 0U);
  fleet.run_for(1'200);
  EXPECT_EQ(dials(high), 1U);
}

/// The transport ends what is not in the list.
TEST_F(LinksOfTwo, a_link_that_the_higher_id_dialed_is_kept) {
  two_apart();
  fleet.run_for(10'000);
  ASSERT_EQ(dials(high), 1U);
  fleet.machine(high).link_up(7'001, of(low).host_public, true);
  EXPECT_EQ(dials(high), 1U);
  fleet.machine(high).link_up(7'002, of(low).user_public, false);
  EXPECT_EQ(dials(high), 0U) << "the lower id's instead";
}

TEST_F(LinksOfTwo, the_pause_before_the_higher_id_dials_begins_with_the_last_link_that_broke) {
  two_apart();
  transport::ConnectionId connection = 7'000;
  for (int i = 0; i < 20; ++i) {
    fleet.machine(high).link_up(++connection, of(low).user_public, false);
    fleet.machine(high).link_down(connection);
    fleet.run_for(500);
    EXPECT_EQ(dials(high), 0U) << i;
  }
  fleet.run_for(1'600);
  EXPECT_EQ(dials(high), 1U);
}

TEST_F(LinksOfTwo, ports_that_cannot_be_bound_are_tried_again) {
  fleet.add(a, "127.0.1.1");
  fleet.kill(a);
  fleet.world(a).set_up_fails = "Port 2200 is in use.";
  fleet.restart(a);
  fleet.run_for(15'000);
  EXPECT_TRUE(fleet.world(a).setup.ports.empty());
  fleet.world(a).set_up_fails.clear();
  fleet.run_for(10'000);
  EXPECT_EQ(fleet.world(a).setup.ports.size(), 1U);
}

TEST_F(LinksOfTwo, a_machine_without_ssh_is_dialed_at_its_cluster_port) {
  two();
  auto client = fleet.client(low);
  const boost::json::array edits{
      protocol::JsonObject{{"op", "set"}, {"path", "interface['Management']/ssh/enabled"}, {"value", "false"}},
      protocol::JsonObject{{"op", "set"}, {"path", "interface['Management']/ccs/enabled"}, {"value", "true"}},
      protocol::JsonObject{{"op", "set"}, {"path", "interface['Management']/ccs/port"}, {"value", "2299"}}};
  must(*client, "feature.edit", {{"feature", "interfaces"}, {"mode", "machine " + high}, {"edits", edits}});
  must(*client, "commit", {{"comment", ""}, {"request", "no ssh"}, {"force", true}});
  ASSERT_TRUE(fleet.run_until([&] { return fleet.world(low).setup.targets.at(0).port == 2'299; }, 10'000));
  ASSERT_EQ(fleet.world(high).setup.ports.size(), 1U);
  EXPECT_FALSE(fleet.world(high).setup.ports.front().admin_logins);
  fleet.kill(low);
  fleet.restart(low);
  EXPECT_TRUE(fleet.run_until([&] { return linked(low) == 1; }, 10'000));
}

TEST_F(LinksOfTwo, a_machine_that_was_removed_asks_the_dns_servers_that_it_had) {
  two();
  auto client = fleet.client(a);
  name_dns_server(*client, "127.0.1.53");
  const std::vector<std::string> servers{"127.0.1.53"};
  ASSERT_TRUE(fleet.run_until([&] { return fleet.world(b).setup.dns_servers == servers; }, 5'000));
  must(*client, "session.mode", {{"mode", "cluster"}});
  must(*client, "cluster.remove_machine", {{"machines", boost::json::array{b}}});
  const auto gone = [&] { return fleet.world(b).setup.members.size() == 1 && dials(b) == 0 && linked(a) == 0; };
  ASSERT_TRUE(fleet.run_until(gone, 60'000));
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(fleet.world(b).setup.dns_servers, servers);
    fleet.kill(b);
    fleet.restart(b);
    fleet.run_for(5'000);
  }
}

}  // namespace
}  // namespace postern::machine::test
