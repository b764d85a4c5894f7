#include "gateway/draft.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

namespace postern::gateway {
namespace {

Facts facts() {
  Facts facts;
  facts.host_name = "NewYork.postern.test";
  facts.instance_dir = "/srv/mta";
  facts.version = "0.1.0";
  return facts;
}

const File& file(const Plan& plan, std::string_view path) {
  return *std::find_if(plan.files.begin(), plan.files.end(), [&](const File& each) { return each.path == path; });
}

TEST(Base, AnInstanceWithoutSettingsRelaysNothingAndListensNowhere) {
  const Plan plan = make_plan({}, facts(), {});
  EXPECT_EQ(parameter(plan, "smtpd_relay_restrictions"), "reject");
  EXPECT_EQ(parameter(plan, "mydestination"), "");
  EXPECT_EQ(parameter(plan, "mynetworks"), "");
  EXPECT_EQ(parameter(plan, "queue_directory"), "/srv/mta/queue");
  EXPECT_EQ(file(plan, "master.cf").bytes.find(" inet "), std::string::npos);
  EXPECT_EQ(file(plan, "master.cf").bytes.find(" local\n"), std::string::npos);
  EXPECT_TRUE(plan.listen.empty());
  ASSERT_EQ(plan.tables.size(), 7U);
  EXPECT_EQ(plan.tables[0].name, "no_mailboxes");
  EXPECT_EQ(plan.tables[0].rows.count("newyork.postern.test"), 1U);
  EXPECT_EQ(plan.tables[1].name, "relay_domains");
  EXPECT_EQ(plan.tables[2].name, "transport");
  EXPECT_EQ(plan.tables[2].rows.count("newyork.postern.test"), 1U);
  EXPECT_EQ(plan.tables[3].name, "transport_rest");
  EXPECT_TRUE(plan.tables[3].rows.empty());
  EXPECT_EQ(plan.tables[4].name, "transport_shared");
  EXPECT_EQ(plan.tables[5].name, "transport_turns");
  EXPECT_EQ(plan.tables[6].name, "virtual_alias");
}

TEST(Base, ABoundAddressIsUsedForItsFamily) {
  Facts v6 = facts();
  v6.bind_address = "2001:db8::1";
  EXPECT_EQ(parameter(make_plan({}, v6, {}), "smtp_bind_address6"), "2001:db8::1");
  EXPECT_EQ(parameter(make_plan({}, v6, {}), "smtp_bind_address"), "");
}

TEST(Base, TheSameSettingsGiveTheSameBytes) { EXPECT_EQ(make_plan({}, facts(), {}), make_plan({}, facts(), {})); }

TEST(Parts, TheOrderInWhichTheySpeakDoesNotShow) {
  const PlanPart one = [](const Effective&, const Facts&, Draft& draft) { draft.parameters["a"] = "1"; };
  const PlanPart two = [](const Effective&, const Facts&, Draft& draft) {
    draft.services[{"x", "unix"}] = {"-", "y", "-", "-", "smtp", {{"a", "b c"}}};
  };
  const Plan plan = make_plan({}, facts(), {{"one", one}, {"two", two}});
  EXPECT_EQ(plan, make_plan({}, facts(), {{"two", two}, {"one", one}}));
  EXPECT_NE(file(plan, "master.cf").bytes.find("x unix - - y - - smtp\n  -o { a = b c }\n"), std::string::npos);
}

Plan with_rows(std::map<std::string, std::string> rows) {
  Plan plan = make_plan({}, facts(), {});
  plan.tables = {{"transport", std::move(rows)}};
  return plan;
}

TEST(Difference, NothingForTheSamePlan) { EXPECT_TRUE(difference(with_rows({{"a", "1"}}), with_rows({{"a", "1"}})).nothing()); }

TEST(Difference, ChangedRowsNeedNoFiles) {
  const Actions actions = difference(with_rows({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}),
                                     with_rows({{"a", "1"}, {"b", "x"}, {"bb", "5"}, {"d", "4"}}));
  EXPECT_FALSE(actions.files);
  ASSERT_EQ(actions.tables.size(), 1U);
  EXPECT_EQ(actions.tables[0].put, (std::map<std::string, std::string>{{"b", "x"}, {"bb", "5"}}));
  EXPECT_EQ(actions.tables[0].drop, (std::vector<std::string>{"c"}));
  EXPECT_FALSE(actions.tables[0].whole);
}

TEST(Difference, ANewTableIsMadeWhole) {
  Plan after = with_rows({{"a", "1"}});
  after.tables.insert(after.tables.begin(), {"rat_In", {{"example.com", "OK"}}});
  const Actions actions = difference(with_rows({{"a", "1"}}), after);
  ASSERT_EQ(actions.tables.size(), 1U);
  EXPECT_TRUE(actions.tables[0].whole);
  EXPECT_EQ(actions.tables[0].table, "rat_In");
}

TEST(Difference, FromNothingItStarts) {
  const Actions actions = difference({}, with_rows({}));
  EXPECT_TRUE(actions.start && actions.files);
  EXPECT_FALSE(actions.restart);
}

TEST(Difference, OnlySomeParametersNeedARestart) {
  Facts renamed = facts();
  renamed.host_name = "other.postern.test";
  const Plan before = make_plan({}, facts(), {});
  const Actions name = difference(before, make_plan({}, renamed, {}));
  EXPECT_TRUE(name.files && !name.restart && !name.start);
  Facts moved = facts();
  moved.instance_dir = "/srv/other";
  EXPECT_TRUE(difference(before, make_plan({}, moved, {})).restart);
}

TEST(Difference, OtherNameServersAreANewGeneration) {
  Plan after = with_rows({});
  after.resolvers = {"127.0.0.1"};
  EXPECT_TRUE(difference(with_rows({}), after).files);
}

TEST(Difference, AppliedToTheTablesBeforeItGivesTheTablesAfter) {
  unsigned seed = 7;
  const auto random = [&seed](unsigned below) { return (seed = seed * 1664525U + 1013904223U) / 65536U % below; };
  for (int round = 0; round < 500; ++round) {
    std::map<std::string, std::string> before, after;
    for (unsigned i = 0; i < random(20); ++i) before[std::to_string(random(30))] = std::to_string(random(3));
    for (unsigned i = 0; i < random(20); ++i) after[std::to_string(random(30))] = std::to_string(random(3));
    const Actions actions = difference(with_rows(before), with_rows(after));
    for (const TableChange& change : actions.tables) {
      for (const std::string& key : change.drop) EXPECT_EQ(before.erase(key), 1U);
      for (const auto& [key, value] : change.put) EXPECT_NE(std::exchange(before[key], value), value);
    }
    ASSERT_EQ(before, after);
  }
}

TEST(Parameter, ReadsWhatWasRendered) {
  const Plan plan = make_plan({}, facts(), {});
  EXPECT_EQ(parameter(plan, "compatibility_level"), "3.6");
  EXPECT_EQ(parameter(plan, "compatibility"), "");
}

// Whatever it remembers of a recipient, the queue manager has from the tables that these two name.
TEST(RoutesMail, ATableThatLeadsMailDisplacesWhatIsRemembered) {
  const Plan plan = make_plan({}, facts(), {});
  const std::string asked = parameter(plan, "transport_maps") + ", " + parameter(plan, "sender_dependent_default_transport_maps");
  for (const Table& table : plan.tables)
    EXPECT_EQ(routes_mail(table.name), std::regex_search(asked, std::regex("/" + table.name + "\\b"))) << table.name;
  EXPECT_TRUE(routes_mail(rest_table));
}

TEST(ProbeTable, NamesItsGenerationToWhoKnowsItsName) {
  const std::string table = probe_table(17, "5eCret");
  EXPECT_EQ(table, "/^5eCret@postern-probe\\.invalid$/ REJECT generation 17.\n");
  EXPECT_EQ(probe_name(table), "5eCret");
  for (const char* other : {"", "/", "/^", "/^abc", "/^a.c@x/ OK", "abc@x", "/^@x/"}) EXPECT_EQ(probe_name(other), "") << other;
}

}  // namespace
}  // namespace postern::gateway
