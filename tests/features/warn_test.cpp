#include "base/words.h"
#include "features/features.h"
#include "tests/schema/loaded.h"

#include <fmt/format.h>

#include <algorithm>

/// What features say of settings that have no effect.
namespace postern::features {
namespace {

std::vector<std::string> warnings(std::string_view feature, const std::string& data) {
  const auto warner = std::ranges::find(warners(), feature, &WarningsOf::feature);
  if (warner == warners().end()) {
    ADD_FAILURE() << feature << " has no warn.cpp";
    return {};
  }
  return warner->warn(schema::parsed(feature, data));
}

/// A listener with sender groups, "NAME ACTION SENDER SENDER…".
std::vector<std::string> hat(const std::vector<std::string>& groups) {
  std::string all;
  for (const auto& group : groups) {
    const auto words = base::split(group, " ");
    std::string senders;
    for (std::size_t i = 2; i < words.size(); ++i) senders += fmt::format("{}\"{}\"", i > 2 ? "," : "", words[i]);
    all += fmt::format("{}{{\"name\":\"{}\",\"action\":\"{}\",\"sender\":[{}]}}", all.empty() ? "" : ",", words[0], words[1],
                       senders);
  }
  return warnings("listeners", fmt::format(R"({{"listener":[{{"name":"In","interface":"Management","hat":[{}]}}]}})", all));
}

using Texts = std::vector<std::string>;

TEST(Warn, ARowBehindOneThatTakesItIsNeverAsked) {
  EXPECT_EQ(hat({"A reject 192.0.2.0/24", "B accept 192.0.2.7"}),
            Texts{"192.0.2.7 of sender group B at listener In is never asked: 192.0.2.0/24 of A stands before it."});
  EXPECT_EQ(hat({"A reject 192.0.2.7", "B accept 192.0.2.7"}),
            Texts{"192.0.2.7 of sender group B at listener In is never asked: 192.0.2.7 of A stands before it."});
  EXPECT_EQ(hat({"A reject 2001:db8::/32", "B accept 2001:db8:1::/48"}).size(), 1U);
  EXPECT_EQ(hat({"A reject ALL", "B accept 2001:db8::1 192.0.2.1"}).size(), 2U);
  EXPECT_EQ(hat({"A reject ALL", "B accept ALL"}),
            Texts{"ALL of sender group B at listener In is never asked: ALL of A stands before it."});
  EXPECT_EQ(hat({"A reject 10.0.0.0/8", "B accept 10.1.0.0/16", "C relay 10.1.1.0/24"}).size(), 2U);
}

TEST(Warn, WhatIsAskedIsNotWarnedOf) {
  EXPECT_EQ(hat({"A reject 192.0.2.7", "B accept 192.0.2.0/24", "C accept ALL"}), Texts());
  EXPECT_EQ(hat({"A reject 192.0.2.0/24 192.0.2.7", "B accept ALL"}), Texts()) << "one group's own";
  EXPECT_EQ(hat({"A reject 192.0.2.0/25", "B accept 192.0.2.128/25 192.0.2.200"}), Texts());
  EXPECT_EQ(hat({"A reject 0.0.0.0/0", "B accept 2001:db8::1"}), Texts()) << "another family";
}

TEST(Warn, AUserInEveryDomainOfNoneIsNeverTaken) {
  const auto rat = [](const std::string& rows) {
    return warnings("listeners", fmt::format(R"({{"listener":[{{"name":"In","interface":"Management","rat":[{}]}}]}})", rows));
  };
  const std::string user = R"({"address":"postmaster@","action":"accept"})";
  EXPECT_EQ(rat(user),
            Texts{"postmaster@ in the RAT of listener In takes no mail: it stands for that user in each domain of this "
                  "table, which names none. Add the domains."});
  EXPECT_EQ(rat(user + R"(,{"address":"a.example","action":"reject"})"), Texts());
  EXPECT_EQ(rat(R"({"address":"postmaster@","action":"reject"})"), Texts());
}

TEST(Warn, ManyAreCounted) {
  std::string many = "B accept";
  for (int i = 0; i < 5'000; ++i) many += fmt::format(" 10.{}.{}.1", i / 256, i % 256);
  const auto told = hat({"A reject 10.0.0.0/8", many});
  ASSERT_EQ(told.size(), 11U);
  EXPECT_EQ(told.back(), "4990 more senders at listener In are never asked.");
}

}  // namespace
}  // namespace postern::features
