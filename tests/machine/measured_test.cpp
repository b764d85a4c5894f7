// What status says of Postfix is as old as its oldest part.
#include "machine/fleets.h"

namespace postern::machine::test {
namespace {

TEST_F(Fleets, a_queue_that_was_not_counted_again_is_as_old_as_its_count) {
  fleet.add(a, "127.0.1.1");
  auto& world = fleet.world(a);
  auto client = fleet.client(a);
  world.measured = {true, applier::Measured::Queue{1, 2, 3}};
  EXPECT_EQ(must(*client, "status", {}).at("measured_ms_ago"), 0);
  world.measured.queue.reset();
  fleet.run_for(10'000);
  must(*client, "cluster.create", {{"name", "americas"}});
  fleet.run_for(1'000);
  ASSERT_GT(world.applies, 0U) << "an apply sees Postfix, and counts nothing";
  const auto age = must(*client, "status", {}).at("measured_ms_ago").as_int64();
  EXPECT_GE(age, 11'000);
  world.measured.queue = applier::Measured::Queue{4, 5, 6};
  EXPECT_EQ(must(*client, "status", {}).at("measured_ms_ago"), 0);
}

TEST_F(Fleets, a_status_waits_a_second_for_what_is_measured_and_shows_what_was) {
  fleet.add(a, "127.0.1.1");
  auto& world = fleet.world(a);
  auto client = fleet.client(a);
  world.measured = {true, applier::Measured::Queue{1, 2, 3}};
  must(*client, "status", {});
  world.measures_nothing = true;
  const auto began = fleet.now().mono_ms;
  const auto status = must(*client, "status", {});
  EXPECT_EQ(fleet.now().mono_ms - began, 1'000);
  EXPECT_EQ(status.at("queue").at("deferred"), 2);
  EXPECT_EQ(status.at("measured_ms_ago"), 1'000);
}

}  // namespace
}  // namespace postern::machine::test
