#include "hands/login_uids.h"

#include "tests/hands/fixture.h"

#include <set>

namespace postern::hands {
namespace {

class LoginUidsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "run this test as root";
  }
};

TEST_F(LoginUidsTest, RefusesWhatIsNoRangeOfFreeNumbers) {
  for (const char* bad :
       {"", "70000", "70000-", "-70000", "a-b", "70000-89999 ", "89999-70000", "0-999999", "500-1500", "60000-66000",
        "60000-65534", "65535-70000", "70000-70001", "4294967000-4294967295", "70000-99999999999"}) {
    const auto opened = LoginUids::open(bad);
    ASSERT_FALSE(opened) << bad;
    EXPECT_EQ(opened.error().code, base::ErrorCode::usage) << bad;
    EXPECT_EQ(opened.error().where, "--login-uids");
  }
  EXPECT_TRUE(LoginUids::open("91000-91255"));
}

TEST_F(LoginUidsTest, GivesEachNumberOnceOverAllHolders) {
  auto one = LoginUids::open("91300-91555");
  auto two = LoginUids::open("91300-91555");
  ASSERT_TRUE(one && two);
  std::set<uid_t> all;
  for (int i = 0; i < 128; ++i) {
    for (auto* from : {&*one, &*two}) {
      const auto uid = from->take();
      ASSERT_TRUE(uid);
      EXPECT_TRUE(91300 <= *uid && *uid <= 91555);
      EXPECT_TRUE(all.insert(*uid).second) << *uid << " twice";
    }
  }
  EXPECT_FALSE(one->take()) << "all 256 are taken";
  const auto* holder = &*one;
  ASSERT_TRUE(holder->contains(91400));
  one->give_back(*all.begin());
  two->give_back(*all.begin());
  const auto again = two->take();
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *all.begin());
}

TEST_F(LoginUidsTest, WhatAHolderHadIsFreeWhenItDies) {
  auto mine = LoginUids::open("91600-91855");
  ASSERT_TRUE(mine);
  const pid_t child = ::fork();
  if (child == 0) {
    auto theirs = LoginUids::open("91600-91855");
    while (theirs && theirs->take()) {
    }
    while (true) ::pause();
  }
  ASSERT_TRUE(becomes([&] {
    const auto uid = mine->take();
    if (uid) mine->give_back(*uid);
    return !uid;
  }));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(mine->take());
}

}  // namespace
}  // namespace postern::hands
