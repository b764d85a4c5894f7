#include "base/fair_queue.h"

#include <gtest/gtest.h>

namespace postern::base {
namespace {

Source at(int network, int host) {
  return {"10.0." + std::to_string(network) + "." + std::to_string(host), "10.0." + std::to_string(network) + ".0/24",
          "10.0.0.0/16"};
}

TEST(FairQueue, OneSourceIsServedInOrder) {
  FairQueue<int> queue(10, 1'000);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(queue.push(at(1, 1), i));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.pop(0)->item, i);
  EXPECT_FALSE(queue.pop(0));
}

TEST(FairQueue, ANewcomerWaitsForNobodyWhoHasCost) {
  FairQueue<int> queue(1'000, 10'000);
  for (int i = 0; i < 200; ++i) queue.push(at(i % 20, i), i);
  for (int i = 0; i < 100; ++i) queue.charge(queue.pop(i)->source, 1, i);
  queue.push(at(99, 1), 999);
  EXPECT_EQ(queue.pop(100)->item, 999);
}

TEST(FairQueue, ManyAddressesOfOneNetworkAreOneNeighbour) {
  FairQueue<int> queue(1'000, 10'000);
  for (int i = 0; i < 100; ++i) queue.push(at(1, i), 1);
  for (int i = 0; i < 10; ++i) queue.push(at(2, 7), 2);
  int of_the_few = 0;
  for (int i = 0; i < 20; ++i) {
    const auto turn = queue.pop(i);
    of_the_few += turn->item == 2 ? 1 : 0;
    queue.charge(turn->source, 1, i);
  }
  EXPECT_EQ(of_the_few, 10);
}

TEST(FairQueue, UseIsForgotten) {
  FairQueue<int> queue(10, 1'000);
  queue.charge(at(1, 1), 8, 0);
  queue.charge(at(2, 1), 1, 10'000);
  queue.push(at(1, 1), 1);
  queue.push(at(2, 1), 2);
  EXPECT_EQ(queue.pop(10'000)->item, 1);  // 8 after ten half-lives is less than 1 now
}

TEST(FairQueue, UseIsForgottenAlsoByWhoGoesOn) {
  Usage usage(1'000, 100);
  usage.add("a", 8, 0);
  usage.add("a", 1, 3'000);
  EXPECT_DOUBLE_EQ(usage.of("a", 3'000), 2);
  usage.add("a", 0, 4'000);
  EXPECT_DOUBLE_EQ(usage.of("a", 5'000), 0.5) << "however often it is looked at";
}

TEST(FairQueue, WhenFullTheNewestOfTheFullestGoes) {
  FairQueue<int> queue(4, 1'000);
  queue.push(at(1, 1), 11);
  queue.push(at(2, 1), 21);
  queue.push(at(2, 2), 22);
  queue.push(at(2, 2), 23);
  EXPECT_EQ(queue.push(at(3, 1), 31)->item, 23);
  EXPECT_EQ(queue.push(at(2, 1), 24)->item, 24);  // itself
  EXPECT_EQ(queue.size(), 4U);
}

TEST(FairQueue, TheFirstPassAllAndAreNeverDropped) {
  FairQueue<int> queue(2, 1'000);
  queue.push(at(1, 1), 1);
  queue.push(at(2, 1), 2, true);
  EXPECT_EQ(queue.push(at(2, 1), 3, true)->item, 1);
  EXPECT_EQ(queue.pop(0)->item, 2);
}

TEST(FairQueue, UsageOfManyNamesIsBounded) {
  Usage usage(1'000, 100);
  usage.add("loud", 50, 0);
  for (int i = 0; i < 10'000; ++i) usage.add(std::to_string(i), 1 + i * 1e-6, 0);
  EXPECT_LE(usage.size(), 100U);
  EXPECT_DOUBLE_EQ(usage.of("loud", 0), 50);
  EXPECT_DOUBLE_EQ(usage.of("loud", 1'000), 25);
}

}  // namespace
}  // namespace postern::base
