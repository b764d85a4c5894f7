#include "desk/commands.h"

#include "house.h"

#include <algorithm>
#include <set>
#include <sstream>

namespace postern::desk {
namespace {

// The lists of spec C9 to C12, word for word.
constexpr const char* c9 = "clusterconfig sshconfig clustercheck userconfig passwd";
constexpr const char* c10 =
    "antispamstatus antispamupdate antivirusstatus antivirusupdate bouncerecipients "
    "deleterecipients "
    "delivernow diagnostic dnsflush dnslistflush dnslisttest dnsstatus etherconfig featurekey "
    "hostrate "
    "hoststatus interfaceconfig ldapflush ldaptest nslookup quarantineconfig rate reboot "
    "resetcounters "
    "resume resumedel resumelistener rollovernow routeconfig sbstatus setgateway sethostname "
    "settime "
    "shutdown status suspend suspenddel suspendlistener techsupport tophosts topin trace version "
    "vofflush "
    "vofstatus workqueue";
constexpr const char* c11 = "last ping resetconfig supportrequest tail telnet upgrade who";
constexpr const char* c12 =
    "listenerconfig destconfig smtproutes bounceconfig ldapconfig dictionaryconfig textconfig "
    "smtpauthconfig unsubscribe aliasconfig dnsconfig ntpconfig settz alertconfig logconfig "
    "saveconfig "
    "loadconfig";

std::set<std::string> words(const char* list) {
  std::istringstream in(list);
  std::set<std::string> out;
  for (std::string word; in >> word;) out.insert(word);
  return out;
}

std::set<std::string> at(Where where) {
  std::set<std::string> out;
  for (const Command& command : command_table())
    if (command.where == where) out.emplace(command.name);
  return out;
}

TEST(Commands, AreRestrictedExactlyAsTheSpecSays) {
  EXPECT_EQ(at(Where::cluster), words(c9));
  EXPECT_EQ(at(Where::machine), words(c10));
  EXPECT_EQ(at(Where::login_host), words(c11));
  const std::set<std::string> anywhere = at(Where::any);
  for (const std::string& word : words(c12)) EXPECT_TRUE(anywhere.contains(word)) << word;
}

TEST(Commands, TheTableIsInOrderAndComplete) {
  const std::vector<Command>& table = command_table();
  EXPECT_TRUE(std::is_sorted(table.begin(), table.end(),
                             [](const Command& a, const Command& b) { return a.name < b.name; }));
  for (const Command& command : table) {
    EXPECT_TRUE(command.help.ends_with('.')) << command.name;
    if (command.feature.empty()) continue;
    const schema::Feature* feature = loaded_schema().feature(command.feature);
    ASSERT_NE(feature, nullptr) << command.name;
    EXPECT_EQ(feature->command, command.name);
    EXPECT_TRUE(command.built && command.needs_commit) << command.name;
    EXPECT_EQ(command.where == Where::machine, feature->scope == schema::Scope::machine)
        << command.name;
  }
  for (const schema::Feature& feature : loaded_schema().features())
    EXPECT_NE(find_command(feature.command), nullptr) << feature.command;
  EXPECT_EQ(find_command("DestConfig")->feature, "destination-controls");
  EXPECT_EQ(find_command("dest"), nullptr);
}

std::string asked(std::string_view command) {
  return json::serialize(json::object{{"command", command}});
}

TEST_F(DeskTest, ACommandIsAllowedOrSaysWhatItNeeds) {
  Sitter sitter(*desk, admin());
  EXPECT_EQ(sitter.ok("session.command", asked("smtproutes")).at("feature"), "smtp-routes");
  EXPECT_EQ(sitter.ok("session.command", asked("commit")).at("feature"), nullptr);
  const json::object cluster =
      sitter.refused("restricted", "session.command", asked("clusterconfig"));
  EXPECT_EQ(cluster.at("data").at("needs"), "cluster");
  EXPECT_EQ(cluster.at("message"), R"(This command is restricted to "cluster" mode.)");
  EXPECT_EQ(sitter.ok("session.command", asked("interfaceconfig")).at("allowed"), true);
  sitter.ok("session.mode", R"({"mode":"cluster"})");
  EXPECT_EQ(sitter.ok("session.command", asked("clusterconfig")).at("allowed"), true);
  EXPECT_EQ(sitter.refused("restricted", "session.command", asked("interfaceconfig"))
                .at("data")
                .at("needs"),
            "machine");
  EXPECT_EQ(sitter.refused("restricted", "session.command", asked("status")).at("data").at("needs"),
            "machine");
  sitter.ok("session.mode", R"({"mode":"machine paris"})");
  EXPECT_EQ(sitter.ok("session.command", asked("interfaceconfig")).at("allowed"), true);
  const json::object status = sitter.refused("unsupported", "session.command", asked("status"));
  EXPECT_NE(status.at("message").as_string().find("log in to paris.example.com"),
            json::string::npos);
}

TEST_F(DeskTest, WhatIsNotBuiltSaysSo) {
  Sitter sitter(*desk, admin());
  EXPECT_EQ(sitter.refused("unsupported", "session.command", asked("tophosts")).at("message"),
            "tophosts is not in this version.");
  sitter.refused("not-found", "session.command", asked("format"));
}

TEST_F(DeskTest, RolesAndTheGuestsPasswd) {
  Sitter guest(*desk, gina());
  EXPECT_EQ(guest.ok("session.command", asked("passwd")).at("allowed"), true)
      << "without switching";
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
