#include "features/routing.h"

#include "tests/features/trees.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace postern::features {
namespace {

using namespace trees;

/// The rows that stay whatever shares.
std::map<std::string, std::string> transport_rows(const Node& routes, const Node& destinations) {
  std::map<std::string, std::string> rows;
  for (const auto& [key, way] : ways(routes, destinations)) rows.emplace(key, way.row);
  return rows;
}

TEST(Routing, EveryKindOfRoute) {
  const auto rows =
      transport_rows(routes({route("example.com", {"b.example.net:25/10", "192.0.2.1:2525/5", "a.example.net:25/10"}),
                             route(".Example.com", {"[2001:db8::1]:26"}), route_action("gone.example", "drop"),
                             route_action("real.example", "mx"), route("ALL", {"smart.example:25"})}),
                     destinations({destination("Default", 500, 50)}));
  const std::map<std::string, std::string> expected{
      {"*", "smtp:[smart.example]:25"},
      {".example.com", "smtp:[2001:db8::1]:26"},
      {"example.com", "dc500m1:[192.0.2.1]:2525, [a.example.net]:25, [b.example.net]:25"},
      {"gone.example", "discard:dropped by an SMTP route"},
      {"real.example", "smtp:"}};
  EXPECT_EQ(rows, expected);
}

TEST(Routing, DestinationsGiveTheTransportAndRoutesTheNextHop) {
  const auto rows = transport_rows(
      routes({route("ALL", {"smart.example:25"}), route_action("a.slow.example", "drop")}),
      destinations({destination("Default", 20, 5), destination(".slow.example", 1, 1), destination("same.example", 20, 5)}));
  const std::map<std::string, std::string> expected{{"*", "smtp:[smart.example]:25"},
                                                    {".slow.example", "dc1m1:[smart.example]:25"},
                                                    {"a.slow.example", "discard:dropped by an SMTP route"},
                                                    {"same.example", "smtp:[smart.example]:25"}};
  EXPECT_EQ(rows, expected);
}

std::vector<std::string> turns(const std::vector<std::string>& hosts, unsigned connections = 500) {
  return ways(routes({route("a.example", hosts)}), destinations({destination("Default", connections, 50)})).at("a.example").turns;
}

TEST(Routing, HostsOfOnePreferenceAreTriedFirstInTurn) {
  EXPECT_EQ(turns({"a:25", "b:26"}), (std::vector<std::string>{"dc250m1:[a]:25, [b]:26", "dc250m1:[b]:26, [a]:25"}));
  EXPECT_EQ(turns({"a:25/1", "b:25/2", "c:25/2"}),
            (std::vector<std::string>{"dc250m1:[a]:25, [b]:25, [c]:25", "dc250m1:[a]:25, [c]:25, [b]:25"}));
  EXPECT_TRUE(turns({"a:25/1", "b:25/2"}).empty());
  EXPECT_TRUE(turns({"a:25"}).empty());
}

// Two first and three after them: six orders, so that no host gets more than another one of its preference.
TEST(Routing, EveryPreferenceHasItsHostsSharedEvenly) {
  const auto orders = turns({"a:1/1", "b:1/1", "c:1/2", "d:1/2", "e:1/2"});
  ASSERT_EQ(orders.size(), 6U);
  std::map<std::string, int> first, third;
  for (const std::string& order : orders) {
    ASSERT_EQ(order.substr(0, 7), "dc83m1:");
    ++first[order.substr(7, 5)];
    ++third[order.substr(21, 5)];
  }
  EXPECT_EQ(first, (std::map<std::string, int>{{"[a]:1", 3}, {"[b]:1", 3}}));
  EXPECT_EQ(third, (std::map<std::string, int>{{"[c]:1", 2}, {"[d]:1", 2}, {"[e]:1", 2}}));
}

// Postfix counts the connections of each order apart: all together keep the limit.
TEST(Routing, TheOrdersShareTheLimitOfConnections) {
  EXPECT_TRUE(turns({"a:25", "b:25"}, 1).empty());
  EXPECT_EQ(turns({"a:25", "b:25", "c:25"}, 2).size(), 2U);
  EXPECT_EQ(turns({"a:25", "b:25", "c:25"}, 3).size(), 3U);
  const auto five = turns({"a:1/1", "b:1/1", "c:1/2", "d:1/2", "e:1/2"}, 5);  // six orders would be too many
  EXPECT_EQ(five,
            (std::vector<std::string>{"dc2m1:[a]:1, [b]:1, [c]:1, [d]:1, [e]:1", "dc2m1:[b]:1, [a]:1, [d]:1, [e]:1, [c]:1"}));
}

// A destination of its own without a route takes the covering route's hosts, in turn as well, and within its own limit.
TEST(Routing, WhatACoveringRouteSharesIsSharedBelowToo) {
  const auto all = ways(routes({route("ALL", {"a:25", "b:25"})}),
                        destinations({destination("Default", 500, 50), destination("slow.example", 4, 1)}));
  EXPECT_EQ(all.at("slow.example").turns, (std::vector<std::string>{"dc2m1:[a]:25, [b]:25", "dc2m1:[b]:25, [a]:25"}));
  EXPECT_EQ(all.at("slow.example").row, "dc4m1:[a]:25, [b]:25");
  EXPECT_NE(set_name(all.at("slow.example")), set_name(all.at("*")));
}

TEST(Routing, ProfilesAreSharedAndNamedByTheirNumbers) {
  const Node all = destinations({destination("Default", 500, 50), destination("a.example", 5, 50),
                                 destination("b.example", 5, 50), destination("c.example", 500, 50)});
  EXPECT_EQ(other_profiles(all), (std::set<Profile>{{5, 50}}));
  EXPECT_EQ(transport_name({5, 50}, default_profile(all)), "dc5m50");
  EXPECT_EQ(transport_name({500, 50}, default_profile(all)), "smtp");
}

/// transport(5)'s search.
template <class T>
std::optional<T> look_up(const std::map<std::string, T>& rows, const std::string& domain) {
  std::string key = domain;
  while (true) {
    if (const auto found = rows.find(key); found != rows.end()) return found->second;
    const auto dot = key.find('.', key.starts_with('.') ? 1 : 0);
    if (dot == std::string::npos) break;
    key = key.substr(dot);
  }
  const auto rest = rows.find("*");
  return rest == rows.end() ? std::nullopt : std::optional<T>(rest->second);
}

/// The law of the merge: for every domain the one table says what the two features say, each asked
/// alone.
TEST(Routing, TheMergeSaysForEveryDomainWhatBothFeaturesSay) {
  unsigned seed = 3;
  const auto random = [&seed](unsigned below) { return (seed = seed * 1664525U + 1013904223U) / 65536U % below; };
  const auto name = [&](bool may_be_partial) {
    std::string out = may_be_partial && random(2) == 0 ? "." : "";
    for (unsigned i = random(3); i > 0; --i) out += fmt::format("{}.", static_cast<char>('a' + random(2)));
    return out + static_cast<char>('x' + random(2));
  };
  for (int round = 0; round < 1000; ++round) {
    std::vector<Node> all_routes, all_destinations{destination("Default", 9, 9)};
    std::map<std::string, std::string> next_hops;
    std::map<std::string, std::string> transports{{"*", "smtp"}};
    for (unsigned i = random(6); i > 0; --i) {
      const std::string domain = random(6) == 0 ? "ALL" : name(true);
      if (!next_hops.emplace(domain == "ALL" ? "*" : domain, fmt::format("[h{}]:25", i)).second) continue;
      all_routes.push_back(route(domain, {fmt::format("h{}:25", i)}));
    }
    for (unsigned i = random(6); i > 0; --i) {
      const std::string domain = name(true);
      if (!transports.emplace(domain, fmt::format("dc{}m1", i)).second) continue;
      all_destinations.push_back(destination(domain, i, 1));
    }
    const auto merged = transport_rows(routes(all_routes), destinations(all_destinations));
    for (int i = 0; i < 20; ++i) {
      const std::string domain = name(false);
      const std::string expected = *look_up(transports, domain) + ":" + look_up(next_hops, domain).value_or("");
      ASSERT_EQ(look_up(merged, domain).value_or("smtp:"), expected) << domain;
    }
  }
}

}  // namespace
}  // namespace postern::features
