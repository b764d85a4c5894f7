#include "base/limits.h"
#include "house.h"

namespace postern::desk {
namespace {

TEST_F(DeskTest, HelloTellsWhoAndWhere) {
  Sitter admin_here(*desk, admin());
  const json::value hello = admin_here.ok("session.hello", R"({"version":1})");
  EXPECT_EQ(hello.at("user"), "admin");
  EXPECT_EQ(hello.at("role"), "administrator");
  EXPECT_EQ(hello.at("host"), "newyork.example.com");
  EXPECT_EQ(hello.at("serial"), "4F21A09C3B70-K3QM7ZT2XW5A");
  EXPECT_EQ(hello.at("cluster"), "americas");
  EXPECT_EQ(hello.at("mode"), "machine newyork.example.com");
  EXPECT_EQ(hello.at("label"), "Machine newyork.example.com");
  EXPECT_EQ(hello.at("pending"), false);
  EXPECT_EQ(hello.at("other_sessions"), 0);
  EXPECT_EQ(hello.at("version"), "0.1.0");
  EXPECT_EQ(admin_here.refused("unsupported", "session.hello", R"({"version":2})")["code"], -32011);
}

TEST_F(DeskTest, TheRequestsAreReadStrictly) {
  Sitter sitter(*desk, admin());
  const auto code = [&](std::string_view line) {
    desk->receive(sitter.id, line);
    return sitter.last["error"].at("code");
  };
  EXPECT_EQ(code("{"), -32700);
  EXPECT_EQ(code("[]"), -32600);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","method":"status"})"), -32600);
  EXPECT_EQ(code(R"({"jsonrpc":"1.0","id":1,"method":"status"})"), -32600);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":7})"), -32600);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"status","uid":0})"), -32600);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"status","params":[]})"), -32602);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"statu"})"), -32601);
  EXPECT_EQ(code(std::string(41U << 20, ' ')), -32600);
  EXPECT_EQ(code(std::string(1000, '[')), -32700);
  sitter.refused("usage", "status", R"({"role":"administrator"})");
  sitter.refused("usage", "session.mode", R"({"mode":7})");
  sitter.refused("usage", "session.mode");
  EXPECT_EQ(sitter.ok("status").at("host"), "newyork.example.com");
}

/// Sessions of users of that many names, `each` of each.
std::vector<std::unique_ptr<Sitter>> crowd(Desk& desk, std::size_t users, std::size_t each) {
  std::vector<std::unique_ptr<Sitter>> out;
  for (std::size_t user = 0; user < users; ++user)
    for (std::size_t i = 0; i < each; ++i) {
      Who who{{}, "user" + std::to_string(user), cluster::Role::guest, "ssh 127.0.0.1:1", false};
      who.user.uuid.bytes[0] = static_cast<std::uint8_t>(100 + user);
      out.push_back(std::make_unique<Sitter>(desk, who));
    }
  return out;
}

TEST_F(DeskTest, OneUserHasALimitOfSessions) {
  std::vector<std::unique_ptr<Sitter>> bobs;
  for (std::size_t i = 0; i < base::limits::sessions_per_user; ++i) {
    ASSERT_TRUE(desk->room_for(bob()).has_value()) << i;
    bobs.push_back(std::make_unique<Sitter>(*desk, bob()));
  }
  const auto room = desk->room_for(bob());
  ASSERT_FALSE(room.has_value());
  EXPECT_EQ(room.error().code, base::ErrorCode::busy);
  EXPECT_EQ(room.error().text,
            "bob has 32 sessions on this machine already, which is the limit for one user. End one "
            "of them first.");
  EXPECT_TRUE(desk->room_for(admin()).has_value()) << "the others have theirs";
  bobs.pop_back();
  EXPECT_TRUE(desk->room_for(bob()).has_value());
}

TEST_F(DeskTest, AllUsersTogetherHaveALimitOfSessions) {
  auto all = crowd(*desk, 16, 16);
  ASSERT_EQ(desk->sessions(), base::limits::sessions);
  const auto room = desk->room_for(bob());
  ASSERT_FALSE(room.has_value());
  EXPECT_EQ(room.error().text,
            "256 sessions are open on this machine already, which is the limit. End one of them "
            "first.");
  all.pop_back();
  EXPECT_TRUE(desk->room_for(bob()).has_value());
}

TEST_F(DeskTest, ModesAreFoundAsPeopleTypeThem) {
  Sitter sitter(*desk, admin());
  const auto mode = [&](std::string text) {
    return sitter.ok("session.mode", json::serialize(json::object{{"mode", text}})).at("label");
  };
  EXPECT_EQ(mode("cluster"), "Cluster americas");
  EXPECT_EQ(mode("CLUSTER"), "Cluster americas");
  EXPECT_EQ(mode("Group USA"), "Group usa");
  EXPECT_EQ(mode("machine Paris.Example.com"), "Machine paris.example.com");
  EXPECT_EQ(mode("machine  PARIS "), "Machine paris.example.com");
  EXPECT_EQ(mode("machine 4F21A09C3B71-K3QM7ZT2XW5A"), "Machine losangeles.example.com");
  EXPECT_EQ(sitter.ok("session.hello", R"({"version":1})").at("mode"), "machine losangeles.example.com");
  const json::object group = sitter.refused("not-found", "session.mode", R"({"mode":"group asia"})");
  EXPECT_EQ(group.at("message"), R"(There is no group "asia". The groups are: Main_Group, usa and europe.)");
  const json::object host = sitter.refused("not-found", "session.mode", R"({"mode":"machine rome"})");
  EXPECT_NE(host.at("message").as_string().find("losangeles.example.com"), json::string::npos);
  sitter.refused("usage", "session.mode", R"({"mode":"group"})");
  sitter.refused("usage", "session.mode", R"({"mode":"cluster americas"})");
  sitter.refused("usage", "session.mode", R"({"mode":"galaxy"})");
}

class Standalone : public DeskTest {
 protected:
  Standalone() : DeskTest(FakeHouse::Plan{}) {}
};

TEST_F(Standalone, HasOneMode) {
  Sitter sitter(*desk, admin());
  EXPECT_EQ(sitter.ok("session.hello", R"({"version":1})").at("cluster"), nullptr);
  EXPECT_EQ(sitter.ok("session.mode", R"({"mode":"machine newyork"})").at("mode"), "machine newyork.example.com");
  sitter.refused("not-found", "session.mode", R"({"mode":"cluster"})");
  sitter.refused("not-found", "session.mode", R"({"mode":"group Main_Group"})");
}

TEST_F(DeskTest, AGroupThatIsDeletedLeavesItsSessionsWithoutAMode) {
  Sitter sitter(*desk, admin());
  sitter.ok("session.mode", R"({"mode":"group europe"})");
  cluster::LocalCommit::Item remove;
  remove.reg = cluster::group_life_register(group_id(3));
  remove.kind = cluster::WriteKind::remove;
  remove.value = cluster::encode_group(group_id(2));
  house.elsewhere({remove});
  const json::object error = sitter.refused("not-found", "feature.get", R"({"feature":"dns"})");
  EXPECT_NE(error.at("message").as_string().find("clustermode"), json::string::npos);
}

TEST_F(DeskTest, ASecondSessionIsToldAndSeesThePendingChanges) {
  Sitter first(*desk, admin());
  first.ok("feature.put", R"({"feature":"dns","mode":"cluster","data":{"source":"root"}})");
  Sitter second(*desk, admin());
  EXPECT_TRUE(first.heard("session.notices", "Another session of admin"));
  EXPECT_TRUE(second.heard("session.notices", "another session"));
  const json::value hello = second.ok("session.hello", R"({"version":1})");
  EXPECT_EQ(hello.at("other_sessions"), 1);
  EXPECT_EQ(hello.at("pending"), true);
  EXPECT_EQ(second.ok("changes.show").at("changes").as_array().size(), 1U);
  Sitter other(*desk, bob());
  EXPECT_TRUE(other.notices.empty());
  EXPECT_EQ(other.ok("changes.show").at("changes").as_array().size(), 0U);
}

TEST_F(DeskTest, RightsAreReadAtEachCommand) {
  Sitter guest(*desk, gina());
  guest.ok("feature.get", R"({"feature":"dns"})");
  guest.refused("denied", "feature.clear", R"({"feature":"dns"})");
  guest.refused("denied", "commit", R"({"request":"1"})");
  Sitter operator_here(*desk, bob());
  operator_here.ok("feature.put", R"({"feature":"dns","mode":"cluster","data":{}})");
  operator_here.refused("denied", "cluster.add_group", R"({"name":"asia"})");
}

TEST_F(DeskTest, ASessionEndsWhenItsUsersRightsChange) {
  Sitter operator_here(*desk, bob());
  Sitter other(*desk, admin());
  Sitter at_console(*desk, console());
  house.elsewhere({house.item(cluster::user_register(user_id(2), "role"), cluster::encode_role(cluster::Role::guest))});
  EXPECT_TRUE(operator_here.hung_up);
  EXPECT_TRUE(operator_here.heard("session.end", "Log in again"));
  EXPECT_FALSE(other.hung_up);
  EXPECT_FALSE(at_console.hung_up);
  EXPECT_EQ(desk->sessions(), 2U);
}

TEST_F(DeskTest, AlertsReachThoseWhoSitThere) {
  Sitter sitter(*desk, admin());
  Sitter guest(*desk, gina());
  desk->alerts({{cluster::Alert::Grade::warning, "link-down", "paris does not answer."},
                {cluster::Alert::Grade::info, "link-up", "paris answers."}});
  EXPECT_TRUE(sitter.heard("session.notices", "paris does not answer."));
  EXPECT_FALSE(sitter.heard("session.notices", "paris answers."));
  EXPECT_TRUE(guest.notices.empty());
}

}  // namespace
}  // namespace postern::desk
