#include "features/routing.h"

#include "tests/features/trees.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace postern::features {
namespace {

using namespace trees;

TEST(Routing, EveryKindOfRoute) {
  const auto rows =
      transport_rows(routes({route("example.com", {"b.example.net:25/10", "192.0.2.1:2525/5", "a.example.net:25/10"}),
                             route(".Example.com", {"[2001:db8::1]:26"}), route_action("gone.example", "drop"),
                             route_action("real.example", "mx"), route("ALL", {"smart.example:25"})}),
                     destinations({destination("Default", 500, 50)}));
  const std::map<std::string, std::string> expected{
      {"*", "smtp:[smart.example]:25"},
      {".example.com", "smtp:[2001:db8::1]:26"},
      {"example.com", "smtp:[192.0.2.1]:2525, [a.example.net]:25, [b.example.net]:25"},
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
