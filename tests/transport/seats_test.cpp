#include "transport/seats.h"

#include <gtest/gtest.h>

#include <vector>

namespace postern::transport {
namespace {

TEST(Seats, TheOldestWhoWaitsIsNext) {
  Seats seats(2, 2);
  std::vector<int> seated;
  for (int i = 0; i < 5; ++i)
    seats.enter("one", [&seated, i] {
      seated.push_back(i);
      return true;
    });
  EXPECT_EQ(seated, (std::vector<int>{0, 1}));
  seats.leave("one");
  EXPECT_EQ(seated, (std::vector<int>{0, 1, 2}));
  seats.leave("one");
  seats.leave("one");
  seats.leave("one");
  EXPECT_EQ(seated, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Seats, WhoIsNotThereAnyMoreTakesNone) {
  Seats seats(1, 1);
  std::vector<int> seated;
  for (int i = 0; i < 4; ++i)
    seats.enter("one", [&seated, i] {
      seated.push_back(i);
      return i == 0 || i == 3;
    });
  seats.leave("one");
  EXPECT_EQ(seated, (std::vector<int>{0, 1, 2, 3}));
  bool free = false;
  seats.enter("one", [&free] { return free = true; });
  EXPECT_FALSE(free) << "the last one sits there";
}

// Whoever asks for much waits for himself; the others pass him.
TEST(Seats, OneGuestHasAPartOfThem) {
  Seats seats(3, 2);
  std::vector<std::string> seated;
  const auto enter = [&](const std::string& guest) {
    seats.enter(guest, [&seated, guest] {
      seated.push_back(guest);
      return true;
    });
  };
  for (int i = 0; i < 4; ++i) enter("many");
  EXPECT_EQ(seated, (std::vector<std::string>{"many", "many"}));
  enter("other");
  EXPECT_EQ(seated.size(), 3U) << "the third seat is for somebody else";
  enter("third");
  seats.leave("many");
  EXPECT_EQ(seated.back(), "many") << "it has waited longest, and has one seat now";
  seats.leave("other");
  EXPECT_EQ(seated.back(), "third");
  seats.leave("many");
  seats.leave("many");
  seats.leave("third");
  EXPECT_EQ(seated.size(), 6U);
}

}  // namespace
}  // namespace postern::transport
