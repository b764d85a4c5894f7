#include "commands/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "commands/planned.h"
#include "tests/schema/loaded.h"

namespace postern::commands {
namespace {

const Table& table() {
  static const Table made(schema::loaded());
  return made;
}

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
  for (const Command& command : table().all())
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
  const auto& all = table().all();
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, &Command::name));
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_NE(all[i - 1].name, all[i].name) << "two rows";
  for (const Command& command : all) {
    EXPECT_TRUE(command.summary.ends_with('.')) << command.name;
    EXPECT_EQ(command.built && command.feature == nullptr, !command.forms.empty()) << command.name;
    if (command.feature == nullptr) continue;
    EXPECT_EQ(command.feature->command, command.name);
    EXPECT_EQ(command.where == Where::machine, command.feature->scope == schema::Scope::machine) << command.name;
    EXPECT_EQ(command.least, command.feature->role) << command.name;
  }
  for (const schema::Feature& feature : schema::loaded().features())
    EXPECT_NE(table().find(feature.command), nullptr) << feature.command;
}

TEST(Commands, AreFoundByNameAndAlias) {
  EXPECT_EQ(table().find("DestConfig")->feature->name, "destination-controls");
  EXPECT_EQ(table().find("CLEAR")->name, "clearchanges");
  EXPECT_EQ(table().find("quit")->name, "exit");
  EXPECT_EQ(table().find("dest"), nullptr);
  EXPECT_EQ(table().find(""), nullptr);
}

TEST(Commands, AFormBeginsWithItsCommand) {
  for (const Command& command : table().all()) {
    std::istringstream forms{std::string(command.forms)};
    for (std::string form; std::getline(forms, form);)
      EXPECT_TRUE(form.starts_with(command.name) || form.starts_with("    ")) << form;
  }
}

TEST(Commands, WhatIsBuiltTakesThePlaceOfWhatIsPlanned) {
  for (const auto& one : planned) {
    const Command* command = table().find(one.name);
    ASSERT_NE(command, nullptr) << one.name;
    EXPECT_EQ(command->where, one.where) << one.name;
    EXPECT_EQ(command->least, one.least) << one.name;
  }
}

}  // namespace
}  // namespace postern::commands
