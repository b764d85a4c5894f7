#include "features/features.h"
#include "features/words.h"
#include "hands/guard.h"
#include "tests/features/trees.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace postern::features {
namespace {

using namespace trees;

gateway::Facts facts() {
  gateway::Facts facts;
  facts.host_name = "newyork.postern.test";
  facts.instance_dir = "/srv/mta";
  facts.addresses = {"192.0.2.1", "2001:db8::1"};
  facts.bind_address = "192.0.2.1";
  facts.version = "0.1.0";
  return facts;
}

/// As the applier stages it.
hands::Stage staged(const gateway::Plan& plan) {
  hands::Stage stage{17, {}};
  for (const auto& each : plan.files) stage.files.push_back({each.path, each.bytes, each.mode});
  const std::string probe(gateway::probe_file);
  stage.files.push_back({probe, gateway::probe_table(17, "0123456789abcdef0123456789abcdef"), 0644});
  return stage;
}

/// A plan that postern-hands takes, as it must take each.
gateway::Plan plan(std::vector<Node> features) {
  auto made = gateway::make_plan(effective(std::move(features)), facts(), parts());
  const auto taken = hands::check_generation(
      staged(made), {facts().instance_dir, facts().postfix_dir, facts().mail_owner});
  EXPECT_TRUE(taken) << base::to_text(taken.error());
  return made;
}

/// All of a plan as one text that a person can read.
std::string show(const gateway::Plan& plan) {
  std::string out;
  for (const auto& each : plan.files)
    out += fmt::format("== file {} {:o}\n{}", each.path, each.mode, each.bytes);
  for (const auto& each : plan.tables) {
    out += fmt::format("== table {}\n", each.name);
    for (const auto& [key, value] : each.rows) out += fmt::format("{} -> {}\n", key, value);
  }
  for (const auto& each : plan.probes)
    out += fmt::format("== probe {} {} {} {}\n", each.listener, each.address, each.port,
                       each.recipient);
  for (const auto& each : plan.notes)
    out += fmt::format("== note {}: {}\n", each.feature, each.text);
  for (const auto& each : plan.listen) out += fmt::format("== listen {}\n", each);
  for (const auto& each : plan.resolvers) out += fmt::format("== resolver {}\n", each);
  return out;
}

/// Compares with src/features/FEATURE/golden/NAME.txt; POSTERN_REWRITE=1 writes it anew.
void expect_golden(const std::string& feature, const std::string& name, const std::string& text) {
  const std::string path =
      fmt::format("{}/src/features/{}/golden/{}.txt", POSTERN_SOURCE_DIR, feature, name);
  if (std::getenv("POSTERN_REWRITE") != nullptr) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.good()) << path << " is not there: run this test once with POSTERN_REWRITE=1";
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text) << path;
}

/// What the settings add to a plan without any: one feature's golden file shows nothing of the
/// base.
std::string added(std::vector<Node> features) {
  const auto lines = [](const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      out.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return out;
  };
  const std::vector<std::string> base = lines(show(plan({})));
  std::string out;
  for (const std::string& line : lines(show(plan(std::move(features)))))
    if (line.starts_with("== file") || line.starts_with("== table") ||
        std::find(base.begin(), base.end(), line) == base.end())
      out += line + "\n";
  return out;
}

Node management() {
  return interfaces({interface("Management", "192.0.2.1/24"), interface("Six", "2001:db8::1/64"),
                     interface("Away", "198.51.100.7/24"), interface("Loop", "127.0.1.1/8")});
}

TEST(Golden, Listeners) {
  Node incoming = listener(
      "IncomingMail", "public", "Management", 25,
      {{rat("example.com", "accept"), rat(".example.com", "accept"),
        rat("Spam@example.com", "reject", "Go away"), rat("ALL", "reject", "Not for us")},
       {hat("FRIENDS", {"10.1.2.3/8", "2001:db8:1::5/48"}, "relay"),
        hat("BLOCKLIST", {"203.0.113.9"}, "reject", "Blocked"), hat("REST", {"ALL"}, "accept")}});
  incoming.children.push_back(leaf("maximum-message-size", "104857600"));
  expect_golden(
      "listeners", "two",
      added(
          {management(),
           listeners({incoming, listener("Outgoing Mail", "private", "Six", 587,
                                         {{}, {hat("RELAYLIST", {"192.0.2.0/24"}, "relay")}})})}));
}

TEST(Golden, InterfacesAreWhatPosterndListensOn) {
  std::string text;
  for (const Service& each : services(management()))
    text += fmt::format("{} {} ssh {}:{} ccs {}:{} https {}:{}\n", each.interface_name, each.address, each.ssh,
                        each.ssh_port, each.ccs, each.ccs_port, each.https, each.https_port);
  expect_golden("interfaces", "services", text);
}

TEST(Golden, ListenersThatAreOff) {
  expect_golden("listeners", "off",
                added({management(),
                       listeners({listener("A", "public", "Nowhere", 25, {}),
                                  listener("B", "public", "Away", 25, {}),
                                  listener("C", "public", "Loop", 25, {{rat("ALL", "accept")}, {}}),
                                  listener("D", "private", "Loop", 25, {})})}));
}

// A '$' in what an administrator types is not a pattern's match.
TEST(Listeners, ADollarInARejectionOfTheRestStandsForItself) {
  const gateway::Plan made = plan(
      {management(), listeners({listener("A", "public", "Management", 25,
                                         {{rat("ALL", "reject", "It costs $5")}, {}})})});
  const auto file = std::find_if(made.files.begin(), made.files.end(), [](const auto& each) {
    return each.path == "rat_A_all.regexp";
  });
  ASSERT_NE(file, made.files.end());
  EXPECT_EQ(file->bytes, "/^/ REJECT It costs $$5\n");
}

TEST(Golden, SmtpRoutes) {
  expect_golden(
      "smtp-routes", "all",
      added({routes({route("ALL", {"smart.example:25"}),
                     route("example.com", {"10.0.0.2:25/1", "10.0.0.1:25"}),
                     route_action("gone.example", "drop"), route_action("real.example", "mx"),
                     route("newyork.postern.test", {"hub.example:25"})})}));
}

TEST(Golden, DestinationControls) {
  expect_golden("destination-controls", "profiles",
                added({destinations(
                    {destination("Default", 40, 10), destination("slow.example", 2, 1),
                     destination(".slow.example", 2, 1), destination("big.example", 900, 50)})}));
}

TEST(Golden, Dns) {
  expect_golden(
      "dns", "servers",
      added({container("dns",
                       {leaf("source", "servers"),
                        leaf_list("server", {"192.0.2.53", "[2001:db8::53]:53", "127.0.1.53:5353"}),
                        list("domain-server", {entry({leaf("domain", "a.example")})})})}));
  expect_golden("dns", "root", added({container("dns", {leaf("source", "root")})}));
}

TEST(Listeners, APublicOneNeverTakesMailForAll) {
  const gateway::Plan made =
      plan({management(),
            listeners({listener("In", "public", "Loop", 25, {{rat("ALL", "accept")}, {}})})});
  for (const gateway::Table& table : made.tables)
    EXPECT_EQ(table.rows.size(), table.name == "transport" ? 1U : 0U) << table.name;
  ASSERT_EQ(made.notes.size(), 1U);
  EXPECT_NE(made.notes[0].text.find("open relay"), std::string::npos);
}

TEST(Listeners, OneRecipientRowIsOneRowAndNoFile) {
  const auto with = [](std::vector<Node> rows) {
    return plan(
        {management(), listeners({listener("In", "public", "Loop", 25, {std::move(rows), {}})})});
  };
  const gateway::Actions actions =
      gateway::difference(with({rat("a.example", "accept")}),
                          with({rat("a.example", "accept"), rat("b.example", "reject", "no")}));
  EXPECT_FALSE(actions.files);
  ASSERT_EQ(actions.tables.size(), 1U);
  EXPECT_EQ(actions.tables[0].put,
            (std::map<std::string, std::string>{{"b.example", "REJECT no"}}));
}

TEST(Routes, ANewProfileIsAFileAndOtherRowsStay) {
  const auto with = [](std::vector<Node> all) {
    return plan({routes({route("ALL", {"smart.example:25"})}), destinations(std::move(all))});
  };
  const gateway::Actions actions =
      gateway::difference(with({destination("Default", 9, 9), destination("b.example", 5, 5)}),
                          with({destination("Default", 9, 9), destination("a.example", 1, 1),
                                destination("b.example", 5, 5)}));
  EXPECT_TRUE(actions.files);
  EXPECT_FALSE(actions.restart);
  ASSERT_EQ(actions.tables.size(), 1U);
  EXPECT_EQ(actions.tables[0].put.size(), 1U);
}

TEST(Services, DefaultsAndValues) {
  const auto all = services(interfaces(
      {entry({leaf("name", "Management"), leaf("address", "192.0.2.1/24"),
              leaf("host-name", "mx.example.com"), container("ssh", {leaf("port", "2200")}),
              container("ccs", {leaf("enabled", "true")}),
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
  for (const char* bad :
       {"", "10.1.2", "10.1.2.3/33", "10.1.2.3/", "10.1.2.3/x", "::/129", "example.com"})
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
