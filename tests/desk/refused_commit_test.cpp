// What is not committed, or only by who means it: closed doors, an open relay.
#include "house.h"

#include <fmt/format.h>

namespace postern::desk {
namespace {

using Strings = std::vector<std::string>;

std::string put_interface(std::string_view mode, std::string_view services) {
  return fmt::format(R"({{"feature":"interfaces","mode":"{}","data":{{"interface":[{{"name":"Management",
      "address":"192.0.2.10/24","host-name":"m.example.com"{}}}]}}}})",
                     mode, services);
}

TEST_F(DeskTest, NobodyIsShutOutByAccident) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_interface("machine newyork", ""));
  sitter.ok("feature.put", put_interface("machine paris", R"(,"ccs":{"enabled":true})"));
  sitter.ok("commit", R"({"request":"1"})");
  // Paris keeps a door for machines, New York none at all.
  sitter.ok("feature.put", put_interface("machine paris", R"(,"ssh":{"enabled":false},"ccs":{"enabled":true})"));
  sitter.ok("feature.clear", R"({"feature":"interfaces","mode":"machine newyork"})");
  EXPECT_NE(with(sitter.ok("commit.check").at("warnings"), "log in to paris"), "");
  const json::object refused = sitter.refused("invalid", "commit", R"({"request":"2"})");
  const json::value& data = refused.at("data");
  EXPECT_EQ(data.at("needs"), "force");
  ASSERT_EQ(data.at("closed").as_array().size(), 3U) << data;
  EXPECT_NE(with(data.at("closed"), "log in to newyork"), "");
  EXPECT_NE(with(data.at("closed"), "No other machine can reach newyork"), "");
  EXPECT_EQ(with(data.at("closed"), "reach paris"), "");
  EXPECT_EQ(house.commits, 1) << "nothing was written";
  sitter.ok("commit", R"({"request":"3","force":true})");
  sitter.ok("feature.put", put_interface("machine paris", R"(,"ssh":{"enabled":false})"));
  EXPECT_EQ(sitter.refused("invalid", "commit", R"({"request":"4"})").at("data").at("closed").as_array().size(), 1U)
      << "logins had gone before, links go now";
  sitter.ok("feature.put", put_interface("machine paris", ""));
  sitter.ok("commit", R"({"request":"5"})");
}

TEST_F(DeskTest, ADoorThatMovesIsNamedToo) {
  const auto put = [](std::string_view address, std::string_view more) {
    return fmt::format(R"({{"feature":"interfaces","mode":"machine newyork","data":{{"interface":[{{"name":"Management",
        "address":"{}/24","host-name":"m.example.com"}}{}]}}}})",
                       address, more);
  };
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put("192.0.2.10", ""));
  sitter.ok("commit", R"({"request":"1"})");
  sitter.ok("feature.put", put("192.0.2.98", ""));
  const json::value closed = sitter.refused("invalid", "commit", R"({"request":"2"})").at("data").at("closed");
  EXPECT_NE(with(closed, "192.0.2.10:22 any more then; SSH is on at 192.0.2.98:22 instead"), "") << closed;
  EXPECT_NE(with(closed, "Other machines reach newyork"), "") << closed;
  sitter.ok("feature.put", put("192.0.2.98", R"(,{"name":"Data","address":"192.0.2.10/24","host-name":"d.example.com"})"));
  sitter.ok("commit", R"({"request":"3"})");
}

TEST_F(DeskTest, AnOpenRelayIsNotCommitted) {
  const auto put = [](std::string_view sender) {
    return fmt::format(R"({{"feature":"listeners","mode":"cluster","data":{{"listener":[{{"name":"In","type":"public",
        "interface":"Management","hat":[{{"name":"RELAYLIST","action":"relay","sender":["{}"]}}]}}]}}}})",
                       sender);
  };
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put("ALL"));
  const json::value refused = sitter.refused("invalid", "commit", R"({"request":"1","force":true})").at("data").at("problems");
  EXPECT_EQ(refused.at(0).at("path"), "listener['In']/hat['RELAYLIST']/sender") << refused;
  EXPECT_EQ(house.commits, 0);
  sitter.ok("feature.put", put("192.0.2.0/24"));
  sitter.ok("commit", R"({"request":"2"})");
}

TEST_F(DeskTest, TheDoorOneCameInByIsNamed) {
  const auto put = [](std::string_view ssh) {
    return fmt::format(R"({{"feature":"interfaces","mode":"machine newyork","data":{{"interface":[
        {{"name":"Management","address":"192.0.2.10/24","host-name":"m.example.com"{}}},
        {{"name":"Data","address":"2001:db8::1/64","host-name":"d.example.com"}}]}}}})",
                       ssh);
  };
  Who at_management = admin();
  at_management.door = "192.0.2.10:22";
  Who at_data = admin();
  at_data.door = "[2001:db8::1]:22";
  Sitter sitter(*desk, at_management);
  Sitter other(*desk, at_data);
  sitter.ok("feature.put", put(""));
  sitter.ok("commit", R"({"request":"1"})");
  sitter.ok("feature.put", put(R"(,"ssh":{"enabled":false})"));
  const json::value closed = sitter.refused("invalid", "commit", R"({"request":"2"})").at("data").at("closed");
  EXPECT_EQ(texts(closed), Strings{"You are logged in to newyork.example.com at 192.0.2.10:22, where SSH is off then; it is on "
                                   "at [2001:db8::1]:22."});
  other.ok("commit", R"({"request":"3"})");
}

}  // namespace
}  // namespace postern::desk
