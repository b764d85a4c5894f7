#include "features/features.h"
#include "features/words.h"
#include "tests/features/checked_plan.h"
#include "tests/features/trees.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace postern::features {
namespace {

using namespace trees;

gateway::Plan plan(std::vector<Node> features) { return test::checked_plan(effective(std::move(features))); }

Node management() {
  return interfaces({interface("Management", "192.0.2.1/24"), interface("Six", "2001:db8::1/64"),
                     interface("Away", "198.51.100.7/24"), interface("Loop", "127.0.1.1/8")});
}

const std::map<std::string, std::string>& rows(const gateway::Plan& made, std::string_view table) {
  return std::ranges::find(made.tables, table, &gateway::Table::name)->rows;
}

// A '$' in what an administrator types is not a pattern's match.
TEST(Listeners, ADollarInARejectionOfTheRestStandsForItself) {
  const gateway::Plan made =
      plan({management(), listeners({listener("A", "public", "Management", 25, {{rat("ALL", "reject", "It costs $5")}, {}})})});
  const auto file =
      std::find_if(made.files.begin(), made.files.end(), [](const auto& each) { return each.path == "rat_A_all.regexp"; });
  ASSERT_NE(file, made.files.end());
  EXPECT_EQ(file->bytes, "/^/ REJECT It costs $$5\n");
}

TEST(Listeners, APublicOneNeverTakesMailForAll) {
  const gateway::Plan made =
      plan({management(), listeners({listener("In", "public", "Loop", 25, {{rat("ALL", "accept")}, {}})})});
  for (const gateway::Table& table : made.tables) {
    const bool ours = table.name == "transport" || table.name == "no_mailboxes";
    EXPECT_EQ(table.rows.size(), ours ? 2U : 0U) << table.name;
  }
  ASSERT_EQ(made.notes.size(), 1U);
  EXPECT_NE(made.notes[0].text.find("open relay"), std::string::npos);
}

// One local part must not open the relay: it counts at domains that the table names.
TEST(Listeners, AUserInEveryDomainNeedsDomains) {
  const auto with = [](std::vector<Node> rows) {
    return plan({management(), listeners({listener("In", "public", "Loop", 25, {std::move(rows), {}})})});
  };
  const auto table = [](const gateway::Plan& made, std::string_view name) {
    const auto found = std::ranges::find(made.tables, name, &gateway::Table::name);
    return found == made.tables.end() ? std::map<std::string, std::string>{} : found->rows;
  };
  const gateway::Plan none = with({rat("postmaster@", "accept")});
  ASSERT_EQ(none.notes.size(), 1U);
  EXPECT_NE(none.notes[0].text.find("names no domain"), std::string::npos) << none.notes[0].text;
  EXPECT_TRUE(table(none, "relay_domains").empty());
  const gateway::Plan some = with({rat("postmaster@", "accept"), rat("a.example", "reject")});
  EXPECT_TRUE(some.notes.empty());
  EXPECT_EQ(table(some, "relay_domains").count("a.example"), 1U);
  EXPECT_EQ(table(some, "rat_In_users").at("postmaster@"), "OK");
}

// Postfix's master ends when it cannot open a port that posternd has, and takes the other listeners along.
TEST(Listeners, OneOnAPortOfTheMachinesOwnIsOff) {
  const Node own = interfaces(
      {entry({leaf("name", "Own"), leaf("address", "127.0.1.1/8"), leaf("host-name", "mx.example.com"),
              container("ssh", {leaf("port", "2200")}), container("ccs", {leaf("enabled", "true"), leaf("port", "2201")}),
              container("https", {leaf("enabled", "true"), leaf("port", "2202")})})});
  const std::pair<unsigned, std::string> taken[] = {{2200, "SSH"}, {2201, "CCS"}, {2202, "HTTPS"}};
  for (const auto& [port, name] : taken) {
    const gateway::Plan made = plan({own, listeners({listener("In", "private", "Own", port, {})})});
    EXPECT_TRUE(made.listen.empty()) << name;
    ASSERT_EQ(made.notes.size(), 1U) << name;
    EXPECT_NE(made.notes[0].text.find(name + " listens on 127.0.1.1:"), std::string::npos) << made.notes[0].text;
  }
  EXPECT_EQ(plan({own, listeners({listener("In", "private", "Own", 2203, {})})}).listen.size(), 1U);
}

TEST(Listeners, OneRecipientRowIsOneRowAndNoFile) {
  const auto with = [](std::vector<Node> rows) {
    return plan({management(), listeners({listener("In", "public", "Loop", 25, {std::move(rows), {}})})});
  };
  const gateway::Actions actions = gateway::difference(with({rat("a.example", "accept")}),
                                                       with({rat("a.example", "accept"), rat("b.example", "reject", "no")}));
  EXPECT_FALSE(actions.files);
  ASSERT_EQ(actions.tables.size(), 1U);
  EXPECT_EQ(actions.tables[0].put, (std::map<std::string, std::string>{{"b.example", "REJECT no"}}));
}

TEST(Routes, ANewProfileIsAFileAndOtherRowsStay) {
  const auto with = [](std::vector<Node> all) {
    return plan({routes({route("ALL", {"smart.example:25"})}), destinations(std::move(all))});
  };
  const gateway::Actions actions =
      gateway::difference(with({destination("Default", 9, 9), destination("b.example", 5, 5)}),
                          with({destination("Default", 9, 9), destination("a.example", 1, 1), destination("b.example", 5, 5)}));
  EXPECT_TRUE(actions.files);
  EXPECT_FALSE(actions.restart);
  ASSERT_EQ(actions.tables.size(), 1U);
  EXPECT_EQ(actions.tables[0].put.size(), 1U);
}

// Nor by what a covering route shares among its hosts, though the shared table is asked first.
TEST(Routes, TheOwnNameIsTakenByItsOwnRouteAlone) {
  const std::string here = test::facts().host_name;
  const Node limits = destinations({destination("Default", 9, 9), destination(here, 5, 5)});
  for (const std::string covering : {"ALL", ".postern.test"}) {
    const gateway::Plan made = plan({routes({route(covering, {"a.example:25", "b.example:25"})}), limits});
    EXPECT_TRUE(rows(made, "transport").at(here).starts_with("error:")) << covering;
    EXPECT_FALSE(rows(made, gateway::shared_table).contains(here)) << covering;
    EXPECT_TRUE(rows(made, "no_mailboxes").contains(here)) << covering;
  }
  const gateway::Plan own = plan({routes({route(here, {"a.example:25", "b.example:25"})}), limits});
  EXPECT_FALSE(rows(own, "transport").at(here).starts_with("error:"));
  EXPECT_TRUE(rows(own, gateway::shared_table).contains(here));
  EXPECT_FALSE(rows(own, "no_mailboxes").contains(here));
}

// access(5) asks for an address whole, and for a domain without an @.
TEST(Aliases, TheOwnNameHasTheMailboxesThatStandForOthers) {
  const auto with = [](std::string address) {
    return plan({container(
        "aliases", {list("alias", {entry({leaf("address", std::move(address)), leaf_list("target", {"ann@example.com"})})})})});
  };
  const gateway::Plan all = with("@NewYork.postern.test");
  EXPECT_EQ(rows(all, "no_mailboxes").at("newyork.postern.test"), "DUNNO");
  EXPECT_FALSE(rows(all, "no_mailboxes").contains("@newyork.postern.test"));
  const gateway::Plan one = with("postmaster@NewYork.postern.test");
  EXPECT_EQ(rows(one, "no_mailboxes").at("postmaster@newyork.postern.test"), "DUNNO");
  EXPECT_NE(rows(one, "no_mailboxes").at("newyork.postern.test"), "DUNNO");
}

TEST(Services, DefaultsAndValues) {
  const auto all = services(
      interfaces({entry({leaf("name", "Management"), leaf("address", "192.0.2.1/24"), leaf("host-name", "mx.example.com"),
                         container("ssh", {leaf("port", "2200")}), container("ccs", {leaf("enabled", "true")}),
                         container("https", {leaf("enabled", "false"), leaf("port", "8443")})}),
                  interface("Data", "2001:db8::1/64")}));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].address, "192.0.2.1");
  EXPECT_TRUE(all[0].ssh && all[0].ccs && !all[0].https);
  EXPECT_EQ(all[0].ssh_port, 2200);
  EXPECT_EQ(all[0].ccs_port, 2222);
  EXPECT_EQ(all[0].https_port, 8443);
  EXPECT_EQ(all[1].address, "2001:db8::1");
  EXPECT_TRUE(all[1].ssh && !all[1].ccs && all[1].https);
  EXPECT_EQ(all[1].ssh_port, 22);
}

TEST(Dns, ServersOnlyWhenTheyAreTheSource) {
  const Node list = leaf_list("server", {"192.0.2.53", "192.0.2.54:5353"});
  EXPECT_EQ(dns_servers(container("dns", {leaf("source", "servers"), list})).size(), 2U);
  EXPECT_TRUE(dns_servers(container("dns", {leaf("source", "system"), list})).empty());
  EXPECT_TRUE(dns_servers(container("dns", {})).empty());
}

TEST(Words, NetworksLoseTheirHostBits) {
  EXPECT_EQ(network("10.1.2.3/8"), "10.0.0.0/8");
  EXPECT_EQ(network("10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(network("255.255.255.255/0"), "0.0.0.0/0");
  EXPECT_EQ(network("2001:db8:1::5/47"), "2001:db8::/47");
  for (const char* bad : {"", "10.1.2", "10.1.2.3/33", "10.1.2.3/", "10.1.2.3/x", "::/129", "example.com"})
    EXPECT_EQ(network(bad), std::nullopt) << bad;
}

TEST(Words, DifferentNamesStayDifferent) {
  EXPECT_EQ(plain_name("IncomingMail"), "IncomingMail");
  EXPECT_EQ(plain_name("a b"), "a.20b");
  EXPECT_EQ(plain_name("a.20b"), "a.2e20b");
  EXPECT_EQ(plain_name("../x"), ".2e.2e.2fx");
}

}  // namespace
}  // namespace postern::features
