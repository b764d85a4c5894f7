#include "transport/seats.h"

#include <gtest/gtest.h>

#include <vector>

namespace postern::transport {
namespace {

TEST(Seats, TheOldestWhoWaitsIsNext) {
  Seats seats(2);
  std::vector<int> seated;
  for (int i = 0; i < 5; ++i)
    seats.enter([&seated, i] {
      seated.push_back(i);
      return true;
    });
  EXPECT_EQ(seated, (std::vector<int>{0, 1}));
  seats.leave();
  EXPECT_EQ(seated, (std::vector<int>{0, 1, 2}));
  seats.leave();
  seats.leave();
  seats.leave();
  EXPECT_EQ(seated, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Seats, WhoIsNotThereAnyMoreTakesNone) {
  Seats seats(1);
  std::vector<int> seated;
  for (int i = 0; i < 4; ++i)
    seats.enter([&seated, i] {
      seated.push_back(i);
      return i == 0 || i == 3;
    });
  seats.leave();
  EXPECT_EQ(seated, (std::vector<int>{0, 1, 2, 3}));
  bool free = false;
  seats.enter([&free] { return free = true; });
  EXPECT_FALSE(free) << "the last one sits there";
}

}  // namespace
}  // namespace postern::transport
