#include "machine/fleets.h"

/// What a disk has lost is not as if it had never been set: mail goes where it went, and the others send it again.
namespace postern::machine::test {
namespace {

class Damages : public Fleets {
 protected:
  void three_with_a_route() {
    three();
    route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
    ASSERT_TRUE(fleet.run_until([&] { return !transport_row(c, "example.com").empty() && equal(); }));
    fleet.run_for(5'000);
    fleet.kill(c);
    cut(true);
  }
  void cut(bool is_cut) {
    fleet.cut(a, c, is_cut);
    fleet.cut(b, c, is_cut);
  }
  std::string problem() { return fleet.machine(c).mail_engine().state().problem; }
  void start_and_heal(const std::string& word) {
    fleet.restart(c);
    fleet.run_for(30'000);
    EXPECT_FALSE(transport_row(c, "example.com").empty()) << "its mail goes where it went";
    EXPECT_NE(problem().find(word), std::string::npos) << problem();
    EXPECT_FALSE(fleet.world(c).setup.ports.empty());
    cut(false);
    ASSERT_TRUE(fleet.run_until([&] { return linked(c) == 2 && problem().empty() && equal(); }, 120'000)) << problem();
    EXPECT_FALSE(transport_row(c, "example.com").empty());
    fleet.kill(c);
    cut(true);
    fleet.restart(c);
    fleet.run_for(10'000);
    EXPECT_EQ(problem(), "") << "it is on the disk again";
    EXPECT_FALSE(transport_row(c, "example.com").empty());
    cut(false);
  }
};

TEST_F(Damages, a_value_that_is_lost_is_kept_in_force_and_comes_again) {
  three_with_a_route();
  auto& blobs = fleet.world(c).blobs;
  EXPECT_EQ(std::erase_if(blobs, [](const auto& one) { return one.second.find("example.com\"") != std::string::npos &&
                                                               one.second.find("destination") != std::string::npos; }), 1U);
  start_and_heal("lost");
}

TEST_F(Damages, its_own_listeners_too) {
  three_with_a_route();
  auto& blobs = fleet.world(c).blobs;
  EXPECT_EQ(std::erase_if(blobs, [&](const auto& one) { return one.second.find("OutgoingMail") != std::string::npos; }), 1U)
      << "each machine has the same";
  start_and_heal("lost");
}

/// Of one that did not admit it: else its store does not prove that it is a member itself.
TEST_F(Damages, the_identity_of_another_machine_too) {
  three();
  route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
  ASSERT_TRUE(fleet.run_until([&] { return equal(); }));
  const auto* other = fleet.machine(b).peer().fleet().member_by_host(c);
  ASSERT_NE(other, nullptr);
  const auto identity = base::hash_bytes(cluster::encode(other->identity));
  fleet.kill(a);
  EXPECT_EQ(fleet.world(a).blobs.erase(identity), 1U);
  fleet.restart(a);
  ASSERT_TRUE(fleet.run_until([&] { return linked(a) == 2; }, 180'000)) << linked(a);
  route(*fleet.client(c), "cluster", "after.example", "127.0.1.9");
  EXPECT_TRUE(fleet.run_until([&] { return !transport_row(a, "after.example").empty(); }, 60'000));
}

TEST_F(Damages, a_commit_that_is_damaged_leaves_in_force_what_was) {
  for (const bool newest : {true, false}) {
    three_with_a_route();
    auto& contents = fleet.world(c).contents;
    const auto at = newest ? std::prev(contents.commits.end()) : std::prev(contents.commits.end(), 2);
    contents.damaged.push_back({at->envelope.id(), base::hash_bytes("damaged")});
    contents.commits.erase(at);
    start_and_heal("damaged");
    return;
  }
}

}  // namespace
}  // namespace postern::machine::test
