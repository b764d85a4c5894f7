// Who may stay before login, as a pure class: no socket, and time is a number.
#include "transport/admission.h"
#include "transport/addresses.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace postern::transport {
namespace {

base::Source from(const std::string& address) { return source_of(parse_address(address, 0).value()); }

struct Doors : testing::Test {
  /// The id it has now; 0: refused.
  ConnectionId come(const std::string& address, bool machine_only = false) {
    const auto id = ++last;
    last_entered = admission.enter(id, from(address), machine_only, now);
    if (last_entered.leaves) gone.push_back(*last_entered.leaves);
    return last_entered.refused.empty() ? id : 0;
  }
  bool lost(ConnectionId id) const { return std::find(gone.begin(), gone.end(), id) != gone.end(); }

  Limits limits = [] {
    Limits few;
    few.preauth_total = 60;
    few.preauth_per_source = 20;
    return few;
  }();
  Admission admission{limits};
  Admission::Entered last_entered;
  std::vector<ConnectionId> gone;
  ConnectionId last = 0;
  std::int64_t now = 1'000;
};

TEST_F(Doors, OneSourceNeverTakesMoreThanItsShare) {
  for (int i = 0; i < 20; ++i) EXPECT_NE(come("10.1.1.1"), 0U);
  EXPECT_EQ(come("10.1.1.1"), 0U);
  EXPECT_NE(last_entered.refused.find("20 connections of this source"), std::string::npos) << last_entered.refused;
  EXPECT_NE(come("10.2.2.2"), 0U);
  EXPECT_TRUE(gone.empty());
}

TEST_F(Doors, OfOneSourceTheOldestIdleOneGoes) {
  const auto first = come("10.1.1.1");
  now += 10;
  for (int i = 1; i < 20; ++i) come("10.1.1.1");
  now += Admission::idle_ms;
  EXPECT_NE(come("10.1.1.1"), 0U);
  EXPECT_EQ(gone, std::vector{first});
}

TEST_F(Doors, EightSourcesThatFillItMakeRoomForANewcomer) {
  for (int i = 0; i < 200; ++i) come(fmt::format("10.1.1.{}", 1 + i % 8));
  EXPECT_EQ(admission.size(), 60U);
  now += 1;
  const auto administrator = come("10.1.1.77");
  ASSERT_NE(administrator, 0U);
  for (int round = 0; round < 50; ++round) {
    now += 20;
    for (int i = 0; i < 8; ++i) come(fmt::format("10.1.1.{}", 1 + i));
  }
  EXPECT_FALSE(lost(administrator));
}

TEST_F(Doors, TwoHundredSourcesOfOneRegionMakeRoomForANewcomerOfAnother) {
  for (int i = 0; i < 400; ++i) come(fmt::format("127.66.{}.{}", i % 50, 1 + i / 50));
  const auto administrator = come("127.9.9.9");
  ASSERT_NE(administrator, 0U);
  for (int round = 0; round < 100; ++round) {  // it types a passphrase, the others do nothing but come
    now += 50;
    for (int i = 0; i < 200; ++i) come(fmt::format("127.66.{}.{}", i % 50, 1 + i / 50));
  }
  EXPECT_FALSE(lost(administrator));
  EXPECT_EQ(admission.size(), 60U);
}

TEST_F(Doors, ALessLoadedSourceNeverLeavesForAFullerOne) {
  const auto lonely = come("10.9.9.9");
  now += 4'000;
  for (int i = 0; i < 100; ++i) come(fmt::format("10.1.1.{}", 1 + i % 3));
  for (int i = 0; i < 100; ++i) come(fmt::format("10.1.1.{}", 1 + i % 3));
  EXPECT_FALSE(lost(lonely));
}

TEST_F(Doors, AmongEqualsBytesAreNoProgressButStagesAre) {
  std::vector<ConnectionId> all;
  for (int i = 0; i < 60; ++i) all.push_back(come(fmt::format("10.{}.1.1", i)));
  now += 2'000;
  for (int i = 1; i < 60; ++i) admission.progress(all[static_cast<std::size_t>(i)], Stage::key_exchange, now);
  EXPECT_NE(come("10.99.1.1"), 0U);
  EXPECT_EQ(gone, std::vector{all[0]});  // the one that made no step, whatever it sent
}

TEST_F(Doors, EqualsThatAreBusyAreLeftAlone) {
  for (int i = 0; i < 60; ++i) come(fmt::format("10.{}.1.1", i));
  now += Admission::idle_ms / 2;
  EXPECT_EQ(come("10.99.1.1"), 0U);
  EXPECT_NE(last_entered.refused.find("60 connections are logging in"), std::string::npos) << last_entered.refused;
}

TEST_F(Doors, OneThatWaitsForOurVerdictIsNotIdle) {
  std::vector<ConnectionId> all;
  for (int i = 0; i < 20; ++i) all.push_back(come("10.1.1.1"));
  for (const auto id : all) admission.progress(id, Stage::asked, now);
  now += 4'000;
  EXPECT_EQ(come("10.1.1.1"), 0U);
}

TEST_F(Doors, MembersHaveSeatsOfTheirOwn) {
  admission.set_members({"10.1.1.1"});
  for (int i = 0; i < 500; ++i) come(fmt::format("10.1.1.{}", 2 + i % 200));
  for (int i = 0; i < 100; ++i) come("10.1.1.1");  // somebody at the member's address joins the flood
  EXPECT_LE(admission.size(), 60U + Admission::reserved_seats);
  EXPECT_NE(come("10.1.1.1"), 0U);  // and the member comes in all the same
}

TEST_F(Doors, WhereSomebodyLoggedInBeforeASeatIsKept) {
  for (int i = 0; i < 20; ++i) come("10.1.1.1");
  EXPECT_EQ(come("10.1.1.1"), 0U);
  admission.remember("10.1.1.1");
  EXPECT_NE(come("10.1.1.1"), 0U);
  for (std::size_t i = 0; i < Admission::remembered; ++i) admission.remember(fmt::format("10.2.{}.2", i));
  EXPECT_FALSE(admission.favours("10.1.1.1"));
}

/// Whoever may log in at all, and has a network of addresses, would else forget everybody else's.
TEST_F(Doors, OneNetworksLoginsDoNotForgetOthers) {
  admission.remember("10.1.1.1");
  for (int i = 0; i < 200; ++i) admission.remember(fmt::format("2001:db8:1:1::{:x}", i));
  EXPECT_TRUE(admission.favours("10.1.1.1"));
}

TEST_F(Doors, MachinesPortsCountTheirOwn) {
  for (int i = 0; i < 200; ++i) come(fmt::format("10.{}.1.1", i));
  EXPECT_EQ(come("10.201.1.1"), 0U);
  EXPECT_NE(come("10.201.1.1", true), 0U);
}

TEST_F(Doors, PeopleNeverTakeAMachinesPlaceNorMachinesTheirs) {
  for (const bool machines : {false, true}) {
    Admission both{limits};
    ConnectionId id = 0;
    const auto longest_idle = ++id;
    EXPECT_EQ(both.enter(longest_idle, from("10.250.1.1"), !machines, now).refused, "");
    now += 4'000;
    for (int i = 0; i < 60; ++i) both.enter(++id, from(fmt::format("10.{}.1.1", i)), machines, now);
    now += 2'000;
    const auto entered = both.enter(++id, from("10.99.1.1"), machines, now);
    EXPECT_EQ(entered.refused, "");
    ASSERT_TRUE(entered.leaves.has_value());
    EXPECT_NE(*entered.leaves, longest_idle) << "its ports are not those that are full";
  }
}

TEST_F(Doors, TheSameStageAgainIsNoProgress) {
  std::vector<ConnectionId> all;
  for (int i = 0; i < 60; ++i) all.push_back(come(fmt::format("10.{}.1.1", i)));
  for (const auto id : all) admission.progress(id, Stage::key_exchange, now);
  for (int step = 0; step < 20; ++step) {  // it drips on
    now += 100;
    for (const auto id : all) admission.progress(id, Stage::key_exchange, now);
  }
  EXPECT_NE(come("10.99.1.1"), 0U) << "they have been idle for 2 s";
}

TEST_F(Doors, ASeatThatWasLeftIsFree) {
  admission.set_members({"10.1.1.1"});
  for (int i = 0; i < 100; ++i) come(fmt::format("10.1.1.{}", 2 + i));
  for (int round = 0; round < 10; ++round) {
    const auto id = come("10.1.1.1");
    ASSERT_NE(id, 0U);
    admission.leave(id);
  }
  gone.clear();
  std::vector<ConnectionId> seated;
  for (int i = 0; i < Admission::reserved_seats; ++i) seated.push_back(come("10.1.1.1"));
  EXPECT_TRUE(gone.empty()) << "nobody had to go for a seat that was free";
  come("10.1.1.1");
  EXPECT_EQ(gone.size(), 1U);
}

/// Members can name any number of addresses, of accomplices too.
TEST_F(Doors, SeatsOfAllFavouredAddressesTogetherAreBounded) {
  std::set<std::string> named;
  for (int i = 0; i < 400; ++i) named.insert(fmt::format("10.{}.{}.1", 100 + i / 100, i % 100));
  admission.set_members(named);
  for (int i = 0; i < 60; ++i) come(fmt::format("10.{}.1.1", i));
  for (int round = 0; round < 6; ++round)
    for (const auto& address : named) come(address);
  EXPECT_LE(admission.size(), 60U + Admission::reserved_most);
  EXPECT_GE(admission.size(), static_cast<std::size_t>(Admission::reserved_most));
  // An honest member, which is quick, comes in beside all those that are not.
  admission.set_members({"10.250.1.1"});
  now += Admission::idle_ms;
  const auto member = come("10.250.1.1");
  ASSERT_NE(member, 0U) << last_entered.refused;
  for (int i = 0; i < 100; ++i) come(fmt::format("10.{}.9.1", i));
  EXPECT_FALSE(lost(member));
}

TEST_F(Doors, SeatsThatWereLeftAreFreeHoweverOften) {
  admission.set_members({"10.200.1.1"});
  for (int i = 0; i < 60; ++i) come(fmt::format("10.{}.1.1", i));
  for (int i = 0; i < 2 * Admission::reserved_most; ++i) {
    const auto member = come("10.200.1.1");
    ASSERT_NE(member, 0U) << i << ": " << last_entered.refused;
    admission.leave(member);
  }
}

/// When all seats are taken, whoever has some takes none of others but of one that is idle.
TEST_F(Doors, WhenAllSeatsAreTakenAQuickOneKeepsItsOnlySeat) {
  std::set<std::string> named;
  for (int i = 0; i < Admission::reserved_most; ++i) named.insert(fmt::format("10.{}.{}.1", 100 + i / 100, i % 100));
  admission.set_members(named);
  std::vector<ConnectionId> common;
  for (int i = 0; i < 60; ++i) common.push_back(come(fmt::format("10.{}.1.1", i)));
  for (const auto& address : named) ASSERT_NE(come(address), 0U) << last_entered.refused;
  EXPECT_EQ(admission.size(), 60U + Admission::reserved_most);
  EXPECT_EQ(come("10.100.1.1"), 0U) << "nobody is idle, and it has a seat as the others have";
  EXPECT_TRUE(gone.empty());
  now += Admission::idle_ms;
  for (const auto id : common) admission.progress(id, Stage::key_exchange, now);
  EXPECT_NE(come("10.100.1.1"), 0U) << "now they are idle: " << last_entered.refused;
  EXPECT_EQ(admission.size(), 60U + Admission::reserved_most);
}

TEST_F(Doors, PatienceEndsByStage) {
  const auto silent = come("10.1.1.1");
  const auto half_open = come("10.1.1.2");
  const auto typing = come("10.1.1.3");
  admission.progress(half_open, Stage::key_exchange, now);
  admission.progress(typing, Stage::login, now);
  const auto overdue = [&](std::int64_t after) {
    std::vector<ConnectionId> ids;
    for (const auto& one : admission.overdue(1'000 + after)) ids.push_back(one.id);
    return ids;
  };
  EXPECT_EQ(overdue(4'999), std::vector<ConnectionId>());
  EXPECT_EQ(overdue(5'000), std::vector({silent}));
  EXPECT_EQ(overdue(10'000), std::vector({silent, half_open}));
  EXPECT_EQ(overdue(30'000), std::vector({silent, half_open, typing}));
  for (int i = 0; i < 40; ++i) come(fmt::format("10.2.1.{}", i));
  EXPECT_EQ(overdue(15'000).size(), 43U) << "under pressure half of the time is enough for a login";
}

TEST_F(Doors, PlacesAreGivenBack) {
  for (int round = 0; round < 1'000; ++round) {
    const auto id = come("10.1.1.1");
    ASSERT_NE(id, 0U);
    admission.leave(id);
    admission.leave(id);
  }
  EXPECT_EQ(admission.size(), 0U);
}

}  // namespace
}  // namespace postern::transport
