#include "house.h"

namespace postern::desk {
namespace {

using Strings = std::vector<std::string>;

/// Interfaces of newyork and losangeles, not of paris; the cluster's listener sits on them.
class CheckTest : public DeskTest {
 protected:
  CheckTest() : sitter(*desk, admin()) {
    for (const char* host : {"newyork", "losangeles"})
      sitter.ok("feature.put", std::string(R"({"feature":"interfaces","mode":"machine )") + host +
                                   R"(","data":{"interface":[{"name":"Management",)" +
                                   R"("address":"192.0.2.1/24","host-name":"x.example.com"}]}})");
    sitter.ok("commit", R"({"request":"interfaces"})");
  }
  json::value put_listener(std::string_view mode, std::string_view more = "") {
    return sitter.ok("feature.put", std::string(R"({"feature":"listeners","mode":")") + std::string(mode) +
                                        R"(","data":{"listener":[{"name":"In","type":"public",)" + R"("interface":"Management")" +
                                        std::string(more) + "}]}}");
  }
  Sitter sitter;
};

TEST_F(CheckTest, AReferenceThatDoesNotResolveEverywhereIsAWarning) {
  const json::value put = put_listener("cluster");
  const std::string at_once = with(put.at("warnings"), "Management");
  EXPECT_NE(at_once.find("paris.example.com"), std::string::npos) << at_once;
  EXPECT_EQ(at_once.find("newyork"), std::string::npos) << at_once;
  const json::value checked = sitter.ok("commit.check");
  EXPECT_EQ(checked.at("problems").as_array().size(), 0U);
  EXPECT_EQ(checked.at("warnings").as_array().size(), 1U);
  const json::value done = sitter.ok("commit", R"({"request":"1"})");
  const std::string warning = with(done.at("warnings"), "Cluster americas");
  EXPECT_NE(warning.find("paris.example.com"), std::string::npos) << warning;
  EXPECT_NE(warning.find("off there"), std::string::npos) << warning;
}

TEST_F(CheckTest, TwoThatWantOnePortAreNamedWithBothFeatures) {
  const auto problems = [&](std::string_view more) {
    put_listener("cluster", more);
    return sitter.ok("commit.check").at("problems").as_array();
  };
  EXPECT_EQ(problems(R"(,"port":2525)").size(), 0U);
  const json::array ssh = problems(R"(,"port":22)");
  ASSERT_EQ(ssh.size(), 1U);
  EXPECT_EQ(ssh[0].at("path"), "listener['In']/port");
  EXPECT_EQ(ssh[0].at("text"),
            "The listener In and SSH of the interface Management (Interfaces) both want port 22 of "
            "192.0.2.1. Give one of them another port.");
  EXPECT_EQ(ssh[0].at("machines").as_array().size(), 2U) << "paris has no such interface";
  sitter.refused("invalid", "commit", R"({"request":"1"})");
  EXPECT_EQ(problems(R"(,"port":443)").size(), 1U) << "HTTPS is on";
  EXPECT_EQ(problems(R"(,"port":2222)").size(), 0U) << "CCS is off";
  // Two listeners on one port are the schema's to find as well.
  EXPECT_GE(problems(R"(},{"name":"Out","type":"private","interface":"Management")").size(), 1U);
}

TEST_F(CheckTest, TwoServicesOfOneInterfaceOnOnePortAreRefused) {
  sitter.ok("feature.put", R"({"feature":"interfaces","mode":"machine paris","data":{"interface":[
      {"name":"Data","address":"192.0.2.9/24","host-name":"p.example.com",
       "ssh":{"port":2200},"https":{"port":2200}}]}})");
  const json::array found = sitter.ok("commit.check").at("problems").as_array();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(std::string(found[0].at("text").as_string()).find("HTTPS of the interface Data and SSH"), std::string::npos);
}

TEST_F(CheckTest, DeletingAnInterfaceNamesTheListenersThatItDisables) {
  put_listener("group usa");
  sitter.ok("commit", R"({"request":"1"})");
  const json::value edited = sitter.ok("feature.edit", R"({"feature":"interfaces","mode":"machine newyork","edits":[
          {"op":"remove","path":"interface['Management']"}]})");
  const std::string warning = with(edited.at("warnings"), "listener['In']");
  EXPECT_NE(warning.find("newyork.example.com"), std::string::npos) << warning;
  EXPECT_EQ(warning.find("losangeles"), std::string::npos) << warning;
  EXPECT_NE(with(sitter.ok("commit", R"({"request":"2","force":true})").at("warnings"), "listener['In']"), "");
}

TEST_F(CheckTest, MovingNamesTheReferencesThatAreLost) {
  put_listener("machine newyork");
  sitter.ok("commit", R"({"request":"1"})");
  const json::value moved =
      sitter.ok("feature.copy", R"({"feature":"listeners","mode":"machine newyork","to":"group europe","move":true})");
  EXPECT_NE(with(moved.at("warnings"), "paris.example.com"), "");
}

TEST_F(CheckTest, WhatDoesNotCheckIsNamedWithItsMachines) {
  sitter.ok("feature.put", R"({"feature":"smtp-routes","mode":"group usa","data":{"route":[
      {"domain":"a.example","action":"hosts"}]}})");
  const json::object error = sitter.refused("invalid", "commit", R"({"request":"1"})");
  EXPECT_EQ(error.at("code"), -32003);
  const json::value& problem = error.at("data").at("problems").at(0);
  EXPECT_EQ(problem.at("feature"), "smtp-routes");
  EXPECT_EQ(problem.at("mode"), "group usa");
  EXPECT_EQ(problem.at("label"), "Group usa");
  EXPECT_NE(problem.at("path").as_string().find("a.example"), json::string::npos);
  EXPECT_EQ(texts(problem.at("machines")), (Strings{"losangeles.example.com", "newyork.example.com"}));
  EXPECT_NE(error.at("message").as_string().find("SMTP routes (Group usa)"), json::string::npos);
  EXPECT_EQ(house.commits, 1) << "only the one of the set-up";
}

TEST_F(CheckTest, ADefinitionThatNobodyUsesYetIsCheckedToo) {
  sitter.ok("feature.put", R"({"feature":"dns","mode":"group Main_Group","data":{"source":"servers"}})");
  const json::object error = sitter.refused("invalid", "commit", R"({"request":"1"})");
  EXPECT_EQ(error.at("data").at("problems").at(0).at("label"), "Group Main_Group");
  EXPECT_EQ(error.at("data").at("problems").at(0).at("machines").as_array().size(), 0U);
  sitter.ok("changes.clear");
  // There nobody is who could miss the interface.
  put_listener("group Main_Group");
  EXPECT_EQ(sitter.ok("commit", R"({"request":"2"})").at("warnings").as_array().size(), 0U);
}

TEST_F(CheckTest, EachCombinationIsCheckedOnce) {
  const auto checks = [&] { return sitter.ok("stats").at("counters").at("desk.checks").to_number<int>(); };
  const char* const servers = R"({"feature":"dns","mode":"cluster","data":{"source":"servers","server":["192.0.2.1"]}})";
  sitter.ok("feature.put", R"({"feature":"dns","mode":"cluster","data":{"source":"root"}})");
  const int before = checks();
  sitter.ok("feature.put", servers);
  sitter.ok("commit.check");
  EXPECT_EQ(checks() - before, 1) << "three machines, one combination, typed and looked at again";
  const int two = checks();
  sitter.ok("feature.put", R"({"feature":"dns","mode":"machine paris","data":{"source":"system"}})");
  sitter.ok("commit.check");
  EXPECT_EQ(checks() - two, 1) << "only paris has a new one";
}

/// What is there already is not told again.
TEST_F(CheckTest, WhatHasNoEffectIsWarnedOfOnce) {
  const auto put = [&](const std::string& more) {
    return put_listener("cluster", R"(,"hat":[{"name":"A","action":"reject","sender":["192.0.2.0/24"]},)"
                                   R"({"name":"B","action":"accept","sender":["192.0.2.7")" +
                                       more + "]}]");
  };
  const json::value first = put("");
  EXPECT_NE(with(first.at("warnings"), "192.0.2.7 of sender group B at listener In is never asked"), "");
  EXPECT_NE(with(sitter.ok("commit.check").at("warnings"), "is never asked"), "");
  sitter.ok("commit", R"({"request":"1"})");
  const json::value second = put(R"(,"192.0.2.8")");
  EXPECT_EQ(with(second.at("warnings"), "192.0.2.7 of"), "");
  EXPECT_NE(with(second.at("warnings"), "192.0.2.8 of"), "");
}

}  // namespace
}  // namespace postern::desk
