#include "daemon/inlet.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>

#include <string>
#include <thread>
#include <vector>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;

struct InletTest : ::testing::Test {
  void put(int from, const std::string& name, std::chrono::microseconds cost = 0us) {
    inlet.put(std::to_string(from), [this, name, cost] {
      const auto end = std::chrono::steady_clock::now() + cost;
      while (std::chrono::steady_clock::now() < end) {
      }
      done.push_back(name);
    });
  }
  std::size_t place(const std::string& name) const {
    for (std::size_t i = 0; i < done.size(); ++i)
      if (done[i] == name) return i;
    return done.size();
  }

  boost::asio::io_context truth{1};
  Inlet inlet{truth};
  std::vector<std::string> done;
};

TEST_F(InletTest, WhatOneBringsComesInItsOrder) {
  for (int i = 0; i < 100; ++i) put(1, std::to_string(i));
  truth.run();
  ASSERT_EQ(done.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(done[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(InletTest, AFloodCostsOthersASliceATurn) {
  for (int i = 0; i < 1'000; ++i) put(1, "flood", 50us);
  put(2, "first");
  put(2, "second");
  truth.run();
  EXPECT_LE(place("first"), 30U) << "a slice has ten of them";
  EXPECT_EQ(place("second"), place("first") + 1);
  EXPECT_EQ(done.size(), 1'002U);
}

TEST_F(InletTest, WhoRunsOverWaitsForIt) {
  for (int i = 0; i < 4; ++i) put(1, "heavy", 20'000us);
  for (int i = 0; i < 60; ++i) put(2, "light", 300us);
  put(2, "last");
  truth.run();
  EXPECT_EQ(done.size(), 65U);
  // one heavy thing is forty slices: the other has as many turns before the next
  std::size_t heavy = 0;
  for (std::size_t i = 0; i < place("last"); ++i) heavy += done[i] == "heavy" ? 1 : 0;
  EXPECT_LE(heavy, 2U);
}

TEST_F(InletTest, BetweenTurnsTheRestHasItsTurn) {
  for (int i = 0; i < 1'000; ++i) put(1, "flood", 50us);
  boost::asio::post(truth, [this] { done.push_back("else"); });
  truth.run();
  EXPECT_LE(place("else"), 30U);
}

TEST_F(InletTest, WhatIsPutMeanwhileRuns) {
  inlet.put("1", [this] {
    put(1, "own");
    put(2, "other");
  });
  truth.run();
  EXPECT_EQ(done, (std::vector<std::string>{"own", "other"}));
  truth.restart();
  put(1, "later");
  truth.run();
  EXPECT_EQ(done.back(), "later");
}

TEST_F(InletTest, ManyThreadsMayPut) {
  std::vector<std::thread> threads;
  auto guard = boost::asio::make_work_guard(truth);
  std::size_t count = 0;
  for (int from = 1; from <= 4; ++from)
    threads.emplace_back([&, from] {
      for (int i = 0; i < 5'000; ++i)
        inlet.put(std::to_string(from), [&] {
          if (++count == 20'000) guard.reset();
        });
    });
  truth.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 20'000U);
}

}  // namespace
}  // namespace postern::daemon
