#include "params.h"

#include <fmt/format.h>

namespace postern::desk {
namespace {

constexpr const char* example_route =
    R"([{"op":"create","path":"route['example.com']"},
        {"op":"create","path":"route['example.com']/destination['relay.example.com','25']"}])";

std::string edit(std::string_view feature, std::string_view mode, std::string_view edits, std::string_view more = "") {
  return "{\"feature\":\"" + std::string(feature) + "\",\"mode\":\"" + std::string(mode) + "\",\"edits\":" + std::string(edits) +
         std::string(more) + "}";
}

TEST_F(DeskTest, AnUndefinedFeatureShowsItsFactoryDefault) {
  Sitter sitter(*desk, admin());
  const json::value got = sitter.ok("feature.get", R"({"feature":"dns","mode":"group usa"})");
  EXPECT_EQ(got.at("command"), "dnsconfig");
  EXPECT_EQ(got.at("title"), "DNS");
  EXPECT_EQ(got.at("defined"), false);
  EXPECT_EQ(got.at("data"), nullptr);
  EXPECT_EQ(got.at("effective").at("source"), "system");
  EXPECT_EQ(got.at("effective_from"), "factory default");
  EXPECT_EQ(got.at("effective_mode"), nullptr);
  EXPECT_EQ(got.at("defined_at").as_array().size(), 7U);
  EXPECT_EQ(got.at("defined_at").at(0).at("label"), "Cluster americas");
  const json::object error = sitter.refused("not-found", "feature.get", R"({"feature":"dnsconfig"})");
  EXPECT_NE(error.at("message").as_string().find("smtp-routes"), json::string::npos);
}

TEST_F(DeskTest, NothingIsDefinedUnasked) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("cluster", "root"));
  const std::string edits = R"([{"op":"set","path":"source","value":"system"}])";
  const json::object error = sitter.refused("restricted", "feature.edit", edit("dns", "group usa", edits));
  const json::value& data = error.at("data");
  EXPECT_EQ(data.at("needs"), "start");
  EXPECT_EQ(data.at("feature"), "dns");
  EXPECT_EQ(data.at("effective_from"), "Cluster americas");
  EXPECT_EQ(data.at("defined_at").at(0).at("defined"), true);
  EXPECT_EQ(sitter.ok("feature.get", R"({"feature":"dns","mode":"group usa"})").at("defined"), false);
  // Nor at the top, where nothing is defined yet: the person says where.
  EXPECT_EQ(
      sitter.refused("restricted", "feature.edit", edit("smtp-routes", "cluster", example_route)).at("data").at("effective_from"),
      "factory default");
}

TEST_F(DeskTest, ADefinitionStartsEmptyOrAsACopy) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.edit", edit("smtp-routes", "cluster", example_route, R"(,"start":"empty")"));
  const auto routes = [&](std::string_view mode, std::string_view start) {
    sitter.ok("feature.edit", edit("smtp-routes", mode, R"([{"op":"create","path":"route['other.example']"},
                                            {"op":"set","path":"route['other.example']/action","value":"drop"}])",
                                   ",\"start\":\"" + std::string(start) + "\""));
    return sitter.ok("feature.get", R"({"feature":"smtp-routes","mode":")" + std::string(mode) + "\"}")
        .at("data")
        .at("route")
        .as_array()
        .size();
  };
  EXPECT_EQ(routes("group usa", "empty"), 1U);
  EXPECT_EQ(routes("group europe", "copy"), 2U);
  EXPECT_EQ(routes("machine paris", "copy:cluster"), 2U);
  sitter.refused("not-found", "feature.edit",
                 edit("smtp-routes", "machine newyork", "[]", R"(,"start":"copy:group Main_Group")"));
  sitter.refused("usage", "feature.edit", edit("smtp-routes", "machine newyork", "[]", R"(,"start":"full")"));
  // Factory default where there is one.
  sitter.ok("feature.edit", edit("destination-controls", "cluster", "[]", R"(,"start":"empty")"));
  EXPECT_EQ(sitter.ok("feature.get", R"({"feature":"destination-controls","mode":"cluster"})")
                .at("data")
                .at("destination")
                .at(0)
                .at("domain"),
            "Default");
}

TEST_F(DeskTest, EditsAreCheckedAtOnceAndAllOrNone) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.edit", edit("smtp-routes", "cluster", example_route, R"(,"start":"empty")"));
  sitter.refused("exists", "feature.edit", edit("smtp-routes", "cluster", example_route));
  sitter.refused("not-found", "feature.edit",
                 edit("smtp-routes", "cluster", R"([{"op":"remove","path":"route['nowhere.example']"}])"));
  const json::object error =
      sitter.refused("invalid", "feature.edit", edit("smtp-routes", "cluster", R"([{"op":"create","path":"route['b.example']"},
          {"op":"create","path":"route['b.example']/destination['b.example','99999']"}])"));
  EXPECT_NE(error.at("data").at("where").as_string().find("b.example"), json::string::npos);
  sitter.refused("usage", "feature.edit", edit("smtp-routes", "cluster", R"([{"op":"twist","path":"route"}])"));
  sitter.refused("usage", "feature.edit", edit("smtp-routes", "cluster", R"([{"path":"route"}])"));
  sitter.refused("usage", "feature.edit", edit("smtp-routes", "cluster", R"({"op":"set"})"));
  EXPECT_EQ(sitter.ok("feature.get", R"({"feature":"smtp-routes","mode":"cluster"})").at("data").at("route").as_array().size(),
            1U);
  // Names are found in whatever case they are typed.
  EXPECT_EQ(sitter.ok("feature.edit", edit("smtp-routes", "cluster", R"([{"op":"remove","path":"route['Example.COM']"}])"))
                .at("changed"),
            true);
}

TEST_F(DeskTest, OnlyWhatWasEditedThereIsPending) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("cluster", "root"));
  const auto pending = [&](std::string_view feature, std::string_view mode) {
    return sitter.ok("feature.get", fmt::format(R"({{"feature":"{}","mode":"{}"}})", feature, mode)).at("pending").as_bool();
  };
  EXPECT_TRUE(pending("dns", "cluster"));
  EXPECT_FALSE(pending("dns", "group usa")) << "in effect there, but not edited there";
  EXPECT_FALSE(pending("smtp-routes", "cluster"));
}

TEST_F(DeskTest, AnEditThatEndsWhereItBeganIsNoChange) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("cluster", "root"));
  sitter.ok("commit", R"({"request":"1"})");
  EXPECT_EQ(sitter.ok("feature.put", put_dns("cluster", "root")).at("changed"), false);
  EXPECT_EQ(sitter.ok("feature.put", put_dns("cluster", "system")).at("changed"), true);
  EXPECT_EQ(sitter.ok("feature.get", R"({"feature":"dns","mode":"cluster"})").at("pending"), true);
  EXPECT_EQ(sitter.ok("feature.put", put_dns("cluster", "root")).at("changed"), true);
  EXPECT_EQ(sitter.ok("session.hello", R"({"version":1})").at("pending"), false);
  EXPECT_TRUE(house.saved.empty());
}

TEST_F(DeskTest, WhoWillNotSeeAChangeIsNamed) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("group europe", "root"));
  sitter.ok("feature.put", put_dns("machine newyork", "root"));
  sitter.ok("feature.put", put_dns("cluster", "system"));
  const json::value hidden = sitter.ok("feature.get", R"({"feature":"dns","mode":"cluster"})").at("hidden_from");
  EXPECT_EQ(texts(hidden.at("groups")), std::vector<std::string>{"europe"});
  EXPECT_EQ(texts(hidden.at("machines")), std::vector<std::string>{"newyork.example.com"});
}

TEST_F(DeskTest, ClearingInheritsAgain) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("cluster", "root"));
  sitter.ok("feature.put", put_dns("group usa", "system"));
  EXPECT_EQ(sitter.ok("feature.clear", R"({"feature":"dns","mode":"group usa"})").at("effective_from"), "Cluster americas");
  sitter.refused("not-found", "feature.clear", R"({"feature":"dns","mode":"group usa"})");
  const json::value cleared = sitter.ok("feature.clear", R"({"feature":"dns","mode":"cluster"})");
  EXPECT_EQ(cleared.at("effective_from"), "factory default");
  EXPECT_NE(with(cleared.at("warnings"), "fall to the factory default"), "");
}

TEST_F(DeskTest, CopyKeepsAndMoveClearsTheSource) {
  Sitter sitter(*desk, admin());
  const auto defined = [&](std::string mode) {
    return sitter.ok("feature.get", R"({"feature":"smtp-routes","mode":")" + mode + "\"}").at("defined").as_bool();
  };
  sitter.ok("feature.edit", edit("smtp-routes", "cluster", example_route, R"(,"start":"empty")"));
  json::value copied =
      sitter.ok("feature.copy", R"({"feature":"smtp-routes","mode":"cluster","to":"machine paris","move":false})");
  EXPECT_EQ(texts(copied.at("to")), std::vector<std::string>{"Machine paris.example.com"});
  EXPECT_TRUE(defined("cluster") && defined("machine paris"));
  // Everybody but paris loses its routes, and there is no factory default to fall to.
  json::value moved = sitter.ok("feature.copy", R"({"feature":"smtp-routes","mode":"cluster","to":"group europe","move":true})");
  const std::string warning = with(moved.at("warnings"), "left empty");
  EXPECT_NE(warning.find("losangeles.example.com and newyork.example.com"), std::string::npos) << warning;
  EXPECT_FALSE(defined("cluster"));
}

TEST_F(DeskTest, ACopyGoesToAllGroupsAndSaysWhatItReplaces) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("machine paris", "root"));
  sitter.ok("feature.put", put_dns("group usa", "system"));
  const json::value copied =
      sitter.ok("feature.copy", R"({"feature":"dns","mode":"machine paris","to":"all-groups","move":true})");
  EXPECT_EQ(texts(copied.at("to")), (std::vector<std::string>{"Group Main_Group", "Group usa", "Group europe"}));
  EXPECT_NE(with(copied.at("warnings"), "Group usa defined are replaced"), "");
  for (const char* group : {"Main_Group", "usa", "europe"})
    EXPECT_EQ(sitter.ok("feature.get", R"({"feature":"dns","mode":"group )" + std::string(group) + "\"}").at("data").at("source"),
              "root");
  EXPECT_EQ(sitter.ok("feature.get", R"({"feature":"dns","mode":"machine paris"})").at("defined"), false);
}

TEST_F(DeskTest, ACopyNeedsASourceAndAnotherMode) {
  Sitter sitter(*desk, admin());
  sitter.refused("not-found", "feature.copy", R"({"feature":"dns","mode":"cluster","to":"group usa","move":true})");
  sitter.ok("feature.put", put_dns("cluster", "root"));
  sitter.refused("usage", "feature.copy", R"({"feature":"dns","mode":"cluster","to":"cluster","move":true})");
  sitter.refused("not-found", "feature.copy", R"({"feature":"dns","mode":"cluster","to":"group asia","move":true})");
  const json::object error = sitter.refused(
      "restricted", "feature.copy", R"({"feature":"interfaces","mode":"machine newyork","to":"machine paris","move":false})");
  EXPECT_EQ(error.at("data").at("needs"), "machine");
}

TEST_F(DeskTest, MachineSettingsNeverLeaveTheMachine) {
  Sitter sitter(*desk, admin());
  EXPECT_EQ(sitter.refused("restricted", "feature.get", R"({"feature":"interfaces","mode":"cluster"})").at("data").at("needs"),
            "machine");
  // Nothing above can be hidden, so a definition begins without a question.
  const json::value changed = sitter.ok("feature.edit", edit("interfaces", "machine newyork",
                                                             R"([{"op":"create","path":"interface['Management']"},
                               {"op":"set","path":"interface['Management']/address","value":"192.0.2.10/24"},
                               {"op":"set","path":"interface['Management']/host-name","value":"newyork.example.com"}])"));
  EXPECT_EQ(changed.at("changed"), true);
}

class StandaloneFeatures : public DeskTest {
 protected:
  StandaloneFeatures() : DeskTest(FakeHouse::Plan{}) {}
};

TEST_F(StandaloneFeatures, BeginWithoutAQuestion) {
  Sitter sitter(*desk, admin());
  EXPECT_EQ(sitter.ok("feature.edit", R"({"feature":"dns","edits":[{"op":"set","path":"source","value":"root"}]})").at("changed"),
            true);
  const json::value got = sitter.ok("feature.get", R"({"feature":"dns"})");
  EXPECT_EQ(got.at("defined_at").as_array().size(), 1U);
  EXPECT_EQ(got.at("effective_from"), "Machine newyork.example.com");
}

}  // namespace
}  // namespace postern::desk
