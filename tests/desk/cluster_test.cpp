#include "house.h"

#include <fmt/format.h>

namespace postern::desk {
namespace {

class CreateTest : public DeskTest {
 protected:
  CreateTest() : DeskTest(FakeHouse::Plan{}), sitter(*desk, admin()) {
    sitter.ok("feature.put", R"({"feature":"dns","data":{"source":"root"}})");
    sitter.ok("feature.put", R"({"feature":"interfaces","data":{"interface":[
        {"name":"Management","address":"192.0.2.10/24","host-name":"newyork.example.com"}]}})");
    sitter.ok("commit", R"({"request":"1"})");
  }
  Sitter sitter;
};

TEST_F(CreateTest, MovesWhatCanBeShared) {
  const int before = house.commits;
  const json::value created = sitter.ok("cluster.create", R"({"name":"Americas"})");
  EXPECT_EQ(created.at("time"), house.clock.wall_ms);
  EXPECT_EQ(house.commits, before + 1) << "one commit, all or nothing";
  const json::value hello = sitter.ok("session.hello", R"({"version":1})");
  EXPECT_EQ(hello.at("cluster"), "Americas");
  EXPECT_EQ(hello.at("label"), "Cluster Americas");
  const json::value dns = sitter.ok("feature.get", R"({"feature":"dns","mode":"machine newyork"})");
  EXPECT_EQ(dns.at("defined"), false);
  EXPECT_EQ(dns.at("effective_from"), "Cluster Americas");
  EXPECT_EQ(dns.at("effective").at("source"), "root");
  EXPECT_EQ(sitter.ok("feature.get", R"({"feature":"interfaces","mode":"machine newyork"})").at("defined"), true);
  EXPECT_EQ(sitter.ok("status").at("group"), "Main_Group");
  sitter.refused("exists", "cluster.create", R"({"name":"Again"})");
  sitter.refused("exists", "cluster.join_dial", R"({"address":"192.0.2.1","port":22})");
}

TEST_F(CreateTest, NamesAreChecked) {
  for (const char* name :
       {R"("")", R"(" a")", R"("a\nb")", R"("0123456789012345678901234567890123456789012345678901234567890123")"})
    sitter.refused("invalid", "cluster.create", std::string(R"({"name":)") + name + "}");
  for (const char* name : {"bad/name", "a,b", "a;b", "a|b", "it's", "a*", "-a", "#1", "all-groups", "Cluster", "a:b"})
    EXPECT_NE(sitter.refused("invalid", "cluster.create", fmt::format(R"({{"name":"{}"}})", name))
                  .at("message")
                  .as_string()
                  .find("name"),
              std::string::npos)
        << name;
  const json::value named_like_group = sitter.ok("cluster.create", R"({"name":"main_group"})");
  EXPECT_NE(with(named_like_group.at("warnings"), "named like the cluster"), "");
}

TEST_F(CreateTest, UncommittedChangesComeFirst) {
  sitter.ok("feature.put", R"({"feature":"dns","data":{"source":"system"}})");
  sitter.refused("busy", "cluster.create", R"({"name":"americas"})");
  EXPECT_EQ(sitter.ok("status").at("cluster"), nullptr);
}

TEST_F(CreateTest, StandaloneHasNoClusterToShow) {
  for (const char* method : {"cluster.list", "cluster.connstatus"}) sitter.refused("not-found", method);
  sitter.refused("not-found", "cluster.add_group", R"({"name":"usa"})");
  sitter.refused("not-found", "cluster.set_group", R"({"machines":["newyork"],"group":"Main_Group"})");
}

TEST_F(DeskTest, GroupsAreAddedOnce) {
  Sitter sitter(*desk, admin());
  sitter.ok("session.mode", R"({"mode":"cluster"})");
  EXPECT_EQ(sitter.ok("cluster.add_group", R"({"name":"asia"})").at("warnings").as_array().size(), 0U);
  EXPECT_EQ(sitter.ok("session.mode", R"({"mode":"group Asia"})").at("label"), "Group asia");
  sitter.ok("session.mode", R"({"mode":"cluster"})");
  sitter.refused("exists", "cluster.add_group", R"({"name":"ASIA"})");
  sitter.refused("invalid", "cluster.add_group", R"({"name":""})");
  EXPECT_NE(with(sitter.ok("cluster.add_group", R"({"name":"Americas"})").at("warnings"), "named like"), "");
}

TEST_F(DeskTest, MachinesMoveBetweenGroups) {
  Sitter sitter(*desk, admin());
  sitter.ok("session.mode", R"({"mode":"cluster"})");
  sitter.ok("cluster.set_group", R"({"machines":["paris","losangeles","paris"],"group":"main_group"})");
  const json::value list = sitter.ok("cluster.list");
  EXPECT_EQ(list.at("name"), "americas");
  ASSERT_EQ(list.at("groups").as_array().size(), 3U);
  EXPECT_EQ(list.at("groups").at(0).at("name"), "Main_Group");
  ASSERT_EQ(list.at("groups").at(0).at("machines").as_array().size(), 2U);
  const json::value& host = list.at("groups").at(0).at("machines").at(0);
  EXPECT_EQ(host.at("host"), "losangeles.example.com");
  EXPECT_EQ(host.at("serial"), "4F21A09C3B71-K3QM7ZT2XW5A");
  EXPECT_EQ(host.at("state"), "no link");
  EXPECT_EQ(list.at("groups").at(1).at("machines").at(0).at("state"), "this machine");
  const int before = house.commits;
  sitter.ok("cluster.set_group", R"({"machines":["paris"],"group":"Main_Group"})");
  EXPECT_EQ(house.commits, before) << "it is there already";
  EXPECT_EQ(sitter.refused("not-found", "cluster.set_group", R"({"machines":["rome"],"group":"usa"})")
                .at("message")
                .as_string()
                .starts_with("There is no machine \"rome\"."),
            true);
  sitter.refused("not-found", "cluster.set_group", R"({"machines":["paris"],"group":"asia"})");
  sitter.refused("usage", "cluster.set_group", R"({"machines":[],"group":"usa"})");
  sitter.refused("usage", "cluster.set_group", R"({"machines":[7],"group":"usa"})");
}

TEST_F(DeskTest, ConnstatusShowsEveryMachine) {
  Sitter sitter(*desk, admin());
  house.links = {{member_id(3), "paris.example.com:22", "refused", {"192.0.2.3"}, "", "no such name"}};
  const json::value machines = sitter.ok("cluster.connstatus").at("machines");
  ASSERT_EQ(machines.as_array().size(), 3U);
  EXPECT_EQ(machines.at(0).at("host"), "losangeles.example.com");
  EXPECT_EQ(machines.at(1).at("self"), true);
  EXPECT_EQ(machines.at(1).at("version"), "0.1.0");
  EXPECT_EQ(machines.at(2).at("dial"), "paris.example.com:22");
  EXPECT_EQ(machines.at(2).at("last_error"), "refused");
  EXPECT_EQ(machines.at(2).at("resolve_problem"), "no such name");
  EXPECT_EQ(machines.at(2).at("uses"), "name");
  EXPECT_EQ(machines.at(2).at("round_trip_ms"), nullptr);
}

TEST_F(CreateTest, JoiningShowsTheFingerprintFirst) {
  sitter.ok("feature.put", R"({"feature":"dns","data":{"source":"system"}})");
  Sitter other(*desk, bob());
  const json::value offer = sitter.ok("cluster.join_dial", R"({"address":"192.0.2.1","port":22})");
  EXPECT_EQ(offer.at("join"), 7);
  EXPECT_EQ(offer.at("sha256"), "SHA256:abc");
  EXPECT_EQ(offer.at("md5"), "MD5:00:11");
  sitter.refused("unreachable", "cluster.join_dial", R"({"address":"192.0.2.9","port":22})");
  sitter.refused("usage", "cluster.join_dial", R"({"address":"192.0.2.1","port":0})");
  sitter.refused("unsupported", "cluster.join_go", R"({"join":7,"passphrase":""})");
  sitter.ok("cluster.join_cancel", R"({"join":7})");
  EXPECT_EQ(house.cancelled, 7U);
  EXPECT_NE(sitter.refused("invalid", "cluster.join_dial", R"({"address":"192.0.2.10","port":22})")
                .at("message")
                .as_string()
                .find("this machine itself"),
            std::string::npos);
  EXPECT_EQ(house.cancelled, 8U) << "nothing is left of it";

  house.on_join = [&] {
    house.elsewhere({house.item(cluster::cluster_name_register(cluster_id), "europe")});
    desk->replaced(sitter.id);
  };
  const json::value joined = sitter.ok("cluster.join_go", R"({"join":7,"passphrase":"s","ccs":true,"ccs_port":2223})");
  EXPECT_EQ(joined.at("cluster"), "europe");
  EXPECT_EQ(joined.at("group"), "Main_Group");
  EXPECT_EQ(house.joined_with->passphrase, "s");
  EXPECT_EQ(house.joined_with->session, sitter.id) << "so that this session can be kept";
  EXPECT_EQ(house.joined_with->ccs_port, 2223);
  EXPECT_TRUE(sitter.heard("session.progress", "1 pending change on this machine will be lost"));
  EXPECT_TRUE(sitter.heard("session.progress", "Fetching the settings."));
  EXPECT_TRUE(other.hung_up);
  EXPECT_FALSE(sitter.hung_up);
  EXPECT_TRUE(house.saved.empty());
  EXPECT_EQ(sitter.ok("session.hello", R"({"version":1})").at("pending"), false);
  EXPECT_EQ(sitter.ok("session.hello", R"({"version":1})").at("role"), "administrator");
}

TEST_F(DeskTest, PrejoinSettingsAreShown) {
  Sitter sitter(*desk, admin());
  sitter.ok("session.mode", R"({"mode":"cluster"})");
  const json::value features = sitter.ok("cluster.prejoin").at("features");
  EXPECT_EQ(features.at(0).at("title"), "DNS");
  EXPECT_EQ(features.at(0).at("data").at("source"), "root");
}

TEST_F(DeskTest, StatusAndStats) {
  Sitter sitter(*desk, admin());
  const json::value status = sitter.ok("status");
  EXPECT_EQ(status.at("cluster"), "americas");
  EXPECT_EQ(status.at("group"), "usa");
  EXPECT_EQ(status.at("data_plane"), "in force");
  EXPECT_EQ(status.at("generation"), 3);
  EXPECT_EQ(status.at("queue").at("active"), 2);
  EXPECT_EQ(status.at("queue").at("deferred"), 3);
  EXPECT_EQ(status.at("queue").at("hold"), 1);
  EXPECT_EQ(status.at("measured_ms_ago"), 0);
  EXPECT_EQ(status.at("mta"), true);
  EXPECT_EQ(status.at("links").at("of"), 2);
  EXPECT_EQ(status.at("links").at("up"), 0);
  EXPECT_EQ(status.at("sessions"), 1);
  EXPECT_EQ(status.at("newest_commit").at("user"), "founder");
  EXPECT_EQ(status.at("digest").as_string().size(), 64U);
  const json::value before = status.at("mode_digest");
  sitter.ok("feature.put", R"({"feature":"dns","mode":"group usa","data":{"source":"root"}})");
  EXPECT_EQ(sitter.ok("status").at("pending"), true);
  EXPECT_EQ(sitter.ok("status").at("mode_digest"), before) << "pending is not in effect";
  sitter.ok("commit", R"({"request":"1"})");
  EXPECT_NE(sitter.ok("status").at("mode_digest"), before);
  const json::value counters = sitter.ok("stats").at("counters");
  EXPECT_EQ(counters.at("store.flushes"), 12);
  EXPECT_GT(counters.at("desk.calls").to_number<int>(), 3);
  EXPECT_EQ(counters.at("cluster.commits_authored"), 2);
  EXPECT_EQ(sitter.ok("host.fingerprint").at("sha256"), "SHA256:h");
  EXPECT_EQ(sitter.ok("host.fingerprint").at("line"), "ssh-ed25519 AAAA newyork");
  EXPECT_EQ(texts(sitter.ok("host.addresses").at("addresses")), std::vector<std::string>{"127.0.1.1"});
}

}  // namespace
}  // namespace postern::desk
