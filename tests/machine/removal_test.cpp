#include "machine/fleets.h"

#include "cluster/founding.h"

/// A member is removed by another (spec J11, contract P14).
namespace postern::machine::test {
namespace {

class Removals : public Fleets {
 protected:
  base::Result<protocol::Json> remove(const std::string& by, const std::vector<std::string>& whom) {
    auto client = fleet.client(by);
    if (!fleet.machine(by).peer().fleet().standalone()) must(*client, "session.mode", {{"mode", "cluster"}});
    auto reply = client->call("cluster.remove_machine", {{"machines", boost::json::array(whom.begin(), whom.end())}});
    if (!reply) return reply.error().error;
    return *reply;
  }
  std::size_t members(const std::string& host) { return fleet.machine(host).peer().fleet().members.size(); }
};

TEST_F(Removals, the_others_go_on_and_it_keeps_its_mail) {
  three();
  route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
  ASSERT_TRUE(fleet.run_until([&] { return !transport_row(c, "example.com").empty(); }));
  const auto ports = fleet.world(c).setup.ports;
  ASSERT_FALSE(ports.empty());
  const auto removed = remove(a, {c});
  ASSERT_TRUE(removed.has_value()) << to_text(removed.error());
  EXPECT_EQ(removed->at("removed").as_array().size(), 1U);
  ASSERT_TRUE(fleet.run_until([&] { return members(b) == 2 && members(c) == 2 && linked(a) == 1; }, 10'000));
  fleet.run_for(60'000);
  EXPECT_EQ(linked(a), 1U);
  EXPECT_EQ(digest(a), digest(b));
  const auto committed = route(*fleet.client(a), "cluster", "after.example", "127.0.1.9");
  EXPECT_EQ(committed.at("members").to_number<int>(), 2);

  for (int start = 0; start < 2; ++start) {
    EXPECT_FALSE(transport_row(c, "example.com").empty()) << "its mail goes where it went";
    EXPECT_TRUE(transport_row(c, "after.example").empty());
    EXPECT_EQ(fleet.world(c).setup.ports, ports);
    EXPECT_TRUE(fleet.world(c).setup.targets.empty());
    must(*fleet.client(c), "status", {});
    fleet.kill(c);
    fleet.restart(c);
    fleet.run_for(60'000);
  }
  EXPECT_EQ(linked(a), 1U) << "refused at every door";
}

TEST_F(Removals, it_is_refused_for_oneself_for_the_last_and_for_whoever_is_not_there) {
  fleet.add(a, "127.0.1.1");
  const auto alone = remove(a, {a});
  ASSERT_FALSE(alone.has_value());
  EXPECT_NE(alone.error().text.find("in no cluster"), std::string::npos);
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  const auto last = remove(a, {a});
  ASSERT_FALSE(last.has_value());
  EXPECT_NE(last.error().text.find("the last machine"), std::string::npos) << last.error().text;
  fleet.add(b, "127.0.1.2");
  ASSERT_TRUE(join(b, "127.0.1.1").has_value());
  const auto self = remove(a, {a});
  ASSERT_FALSE(self.has_value());
  EXPECT_NE(self.error().text.find("is this machine"), std::string::npos) << self.error().text;
  EXPECT_FALSE(remove(a, {"nobody.example.com"}).has_value());
  EXPECT_FALSE(remove(a, {}).has_value());
  EXPECT_EQ(members(a), 2U);
}

TEST_F(Removals, one_that_bears_anothers_name_is_told_apart) {
  three();
  const auto& peer = fleet.machine(a).peer();
  const auto id = peer.fleet().member_by_host(c)->id;
  cluster::LocalCommit rename;
  rename.request_key = "rename";
  rename.items = {cluster::item_over(peer.state(), cluster::member_register(id, "name"), cluster::WriteKind::put, b)};
  fleet.machine(c).commit(rename, [](const cluster::Answer&) {});
  ASSERT_TRUE(fleet.run_until([&] { return peer.fleet().member_by_host(c) == nullptr; }));
  const auto unclear = remove(a, {b});
  ASSERT_FALSE(unclear.has_value());
  EXPECT_NE(unclear.error().text.find(to_text(id)), std::string::npos) << unclear.error().text;
  EXPECT_EQ(members(a), 3U);
  ASSERT_TRUE(remove(a, {to_text(id)}).has_value());
  EXPECT_EQ(members(a), 2U);
  EXPECT_NE(peer.fleet().member_by_host(b), nullptr);
  EXPECT_EQ(peer.fleet().member(id), nullptr);
}

TEST_F(Removals, several_go_at_once) {
  three();
  ASSERT_TRUE(remove(b, {a, c}).has_value());
  ASSERT_TRUE(fleet.run_until([&] { return members(b) == 1; }));
}

}  // namespace
}  // namespace postern::machine::test
