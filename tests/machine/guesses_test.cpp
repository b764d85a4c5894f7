// What guessing costs, as a pure class: time is a number.
#include "machine/doors/guesses.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <queue>

namespace postern::machine::test {
namespace {

base::Source at(int network, int host) {
  return {fmt::format("10.0.{}.{}", network, host), fmt::format("10.0.{}.0/24", network), "10.0.0.0/16"};
}

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;

/// Wrong checks that `guessers` addresses of one network get of `account` within that time, each asking again at once.
int checks(Guesses& guesses, const std::string& account, int network, int guessers, std::int64_t from, std::int64_t until) {
  int made = 0;
  std::priority_queue<std::pair<std::int64_t, int>, std::vector<std::pair<std::int64_t, int>>, std::greater<>> next;
  for (int i = 0; i < guessers; ++i) next.emplace(from, i);
  while (!next.empty() && next.top().first < until) {
    const auto [now, host] = next.top();
    next.pop();
    const auto leave = guesses.ask(account, at(network, host), now);
    made += leave.refused.empty() ? 1 : 0;
    next.emplace(now + leave.wait_ms + (leave.refused.empty() ? 50 : 20'000), host);
  }
  return made;
}

TEST(Guesses, OfOneAccountANetworkGetsAHundredAnHourAtMost) {
  for (const int guessers : {1, 8, 110, 250}) {
    Guesses guesses;
    guesses.remember("admin", at(1, 3));
    for (int step = 0; step < 3; ++step) {
      const int made = checks(guesses, "admin", 1, guessers, 1 + step * hour, 1 + (step + 1) * hour);
      EXPECT_LE(made, 100) << guessers;
      EXPECT_GE(made, 10) << guessers;
    }
  }
}

TEST(Guesses, AnyHourCountsNotTheOneOnTheClock) {
  Guesses guesses;
  const int late = checks(guesses, "admin", 1, 20, 30 * minute, hour);
  EXPECT_LE(late + checks(guesses, "admin", 1, 20, hour, 85 * minute), 100);
}

TEST(Guesses, AnAddressWaitsLongerAfterEachWrongOneAndIsForgiven) {
  Guesses guesses;
  std::int64_t now = 1'000;
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 12; ++i) {
    waits.push_back(guesses.ask("user" + std::to_string(i), at(1, 1), now).wait_ms);
    now += waits.back() + 50;
  }
  EXPECT_EQ(waits[0] + waits[1] + waits[2], 0) << "a typing error or two cost nothing";
  EXPECT_GE(waits[7], 2 * waits[4]);
  EXPECT_NEAR(static_cast<double>(waits.back()), 8'000, 100);
  EXPECT_EQ(guesses.ask("admin", at(1, 1), now + hour).wait_ms, 0);
}

TEST(Guesses, AttemptsAtOnceAreNotFaster) {
  Guesses guesses;
  int soon = 0;
  for (int i = 0; i < 200; ++i) {
    const auto leave = guesses.ask("user" + std::to_string(i), at(1, 1), 1'000);
    soon += leave.refused.empty() && leave.wait_ms < 10'000 ? 1 : 0;
  }
  EXPECT_LE(soon, 9);
}

TEST(Guesses, WhoeverAttacksAnAccountDoesNotLockItForOthers) {
  Guesses guesses;
  for (int network = 2; network < 60; ++network) checks(guesses, "admin", network, 30, 1'000, 2 * minute);
  const auto leave = guesses.ask("admin", at(1, 1), 2 * minute);
  EXPECT_EQ(leave.refused, "");
  EXPECT_LE(leave.wait_ms, 1'000);
  EXPECT_GE(leave.wait_ms, 100) << "but they slow it";
}

TEST(Guesses, AnAddressThatWasGoodBeforeIsNotHeldUpByItsNeighbours) {
  Guesses guesses;
  guesses.ask("admin", at(1, 200), 1'000);
  guesses.right("admin", at(1, 200), 1'000);
  checks(guesses, "admin", 1, 100, 2'000, hour);
  EXPECT_NE(guesses.ask("admin", at(1, 201), hour).refused, "");
  const auto leave = guesses.ask("admin", at(1, 200), hour);
  EXPECT_EQ(leave.refused, "");
  EXPECT_EQ(leave.wait_ms, 0);
}

/// Tries that were not made because too many wait are no wrong ones.
TEST(Guesses, ARefusedTryDoesNotUseUpTheHour) {
  Guesses guesses;
  int checked = 0;
  int busy = 0;
  std::int64_t now = 1'000;
  while (busy < 500) {
    const auto leave = guesses.ask("admin", at(1, 1), now);
    if (leave.refused.empty()) ++checked;
    if (leave.refused == guesses.ask("admin", at(1, 1), now).refused && !leave.refused.empty()) busy += 2;
    ASSERT_LT(checked, 100) << "the address has to wait long before that";
  }
  for (now += 30 * minute; checked < 100;) {
    const auto leave = guesses.ask("admin", at(1, 1), now);
    if (leave.refused.empty()) ++checked;
    now += leave.refused.empty() ? leave.wait_ms : minute;
    ASSERT_LT(now, 2 * hour) << "after " << checked << " checks";
  }
}

/// A guest who comes from any number of addresses does not have the administrator's forgotten.
TEST(Guesses, OneAccountsAddressesDoNotForgetAnothers) {
  Guesses guesses;
  guesses.remember("admin", at(1, 200));
  for (int i = 0; i < 2'000; ++i) guesses.remember("guest", {fmt::format("2001:db8::{:x}", i), "2001:db8::/64", "2001:db8::/32"});
  (void)checks(guesses, "admin", 1, 20, 1, hour);  // strangers of its network use up theirs
  EXPECT_EQ(guesses.ask("admin", at(1, 200), hour).refused, "");
}

TEST(Guesses, RightPassphrasesCostNothing) {
  Guesses guesses;
  for (int i = 0; i < 2'000; ++i) {
    const auto leave = guesses.ask("admin", at(1, 1), 1'000 + i * 10);
    ASSERT_EQ(leave.refused, "");
    ASSERT_EQ(leave.wait_ms, 0);
    guesses.right("admin", at(1, 1), 1'000 + i * 10);
  }
}

/// An office behind one network: each of them types a passphrase that is right.
TEST(Guesses, RightPassphrasesOfANetworkHoldUpNobodyOfIt) {
  Guesses guesses;
  for (int host = 1; host <= 100; ++host) {
    const std::int64_t now = 1'000 + host * 10;
    const auto leave = guesses.ask("admin", at(1, host), now);
    EXPECT_EQ(leave.refused, "") << host;
    EXPECT_EQ(leave.wait_ms, 0) << host;
    guesses.right("admin", at(1, host), now);
  }
}

TEST(Guesses, NamesWithoutNumberDoNotBuyNewChecks) {
  Guesses guesses;
  checks(guesses, "admin", 1, 250, 1'000, 20 * minute);
  ASSERT_NE(guesses.ask("admin", at(1, 1), 20 * minute).refused, "");
  for (int i = 0; i < 20'000; ++i) guesses.ask("nobody" + std::to_string(i), at(i % 250, 7), 20 * minute + i);
  EXPECT_NE(guesses.ask("admin", at(1, 1), 21 * minute).refused, "");
}

}  // namespace
}  // namespace postern::machine::test
