#include "house.h"

namespace postern::desk {
namespace {

std::string asked(std::string_view command) { return json::serialize(json::object{{"command", command}}); }

TEST_F(DeskTest, ACommandIsAllowedOrSaysWhatItNeeds) {
  Sitter sitter(*desk, admin());
  EXPECT_EQ(sitter.ok("session.command", asked("smtproutes")).at("feature"), "smtp-routes");
  EXPECT_EQ(sitter.ok("session.command", asked("commit")).at("feature"), nullptr);
  const json::object cluster = sitter.refused("restricted", "session.command", asked("clusterconfig"));
  EXPECT_EQ(cluster.at("data").at("needs"), "cluster");
  EXPECT_EQ(cluster.at("message"), R"(This command is restricted to "cluster" mode.)");
  EXPECT_EQ(sitter.ok("session.command", asked("interfaceconfig")).at("allowed"), true);
  sitter.ok("session.mode", R"({"mode":"cluster"})");
  EXPECT_EQ(sitter.ok("session.command", asked("clusterconfig")).at("allowed"), true);
  EXPECT_EQ(sitter.refused("restricted", "session.command", asked("interfaceconfig")).at("data").at("needs"), "machine");
  EXPECT_EQ(sitter.refused("restricted", "session.command", asked("status")).at("data").at("needs"), "machine");
  sitter.ok("session.mode", R"({"mode":"machine paris"})");
  EXPECT_EQ(sitter.ok("session.command", asked("interfaceconfig")).at("allowed"), true);
  EXPECT_EQ(sitter.ok("session.command", asked("status")).at("allowed"), true) << "paris is asked";
}

TEST_F(DeskTest, WhatIsNotBuiltSaysSo) {
  Sitter sitter(*desk, admin());
  EXPECT_EQ(sitter.refused("unsupported", "session.command", asked("tophosts")).at("message"),
            "tophosts is not in this version.");
  sitter.refused("not-found", "session.command", asked("format"));
}

TEST_F(DeskTest, RolesAndTheGuestsPasswd) {
  Sitter guest(*desk, gina());
  EXPECT_EQ(guest.ok("session.command", asked("passwd")).at("allowed"), true) << "without switching";
  guest.refused("denied", "session.command", asked("smtproutes"));
  Sitter operator_here(*desk, bob());
  operator_here.refused("restricted", "session.command", asked("passwd"));
  operator_here.refused("denied", "session.command", asked("clusterconfig"));
}

class StandaloneCommands : public DeskTest {
 protected:
  StandaloneCommands() : DeskTest(FakeHouse::Plan{}) {}
};

TEST_F(StandaloneCommands, NoneIsRestricted) {
  Sitter sitter(*desk, admin());
  for (const char* name : {"clusterconfig", "interfaceconfig", "status", "smtproutes"})
    EXPECT_EQ(sitter.ok("session.command", asked(name)).at("allowed"), true) << name;
}

}  // namespace
}  // namespace postern::desk
