// What is put in force when, and what is remembered of it.
#include "machine/fleets.h"

#include <algorithm>
#include <limits>

namespace postern::machine::test {
namespace {

class OnePlane : public Fleets {
 protected:
  void one() {
    fleet.add(a, "127.0.1.1");
    fleet.run_for(100);
    ASSERT_EQ(open(), 2U);
  }
  /// `done` when that is in force.
  void suspend(const std::string& listener, std::function<void(base::Result<void>)> done) {
    fleet.machine(a).mail_engine().suspend({listener}, true, std::move(done));
  }
  commands::MailState seen() { return fleet.machine(a).mail_engine().state(); }
  /// Ports that the plan in force opens.
  std::size_t open() { return fleet.world(a).plan.listen.size(); }
  bool in_use(const std::string& feature) { return fleet.world(a).contents.in_use.contains(feature); }
  void set(protocol::Client& client, const std::string& feature, const std::vector<std::pair<std::string, std::string>>& values) {
    boost::json::array edits;
    for (const auto& [path, value] : values) edits.push_back({{"op", "set"}, {"path", path}, {"value", value}});
    must(client, "feature.edit", {{"feature", feature}, {"edits", edits}});
  }
};

TEST_F(OnePlane, who_waits_for_a_plan_is_not_told_when_one_before_it_is_in_force) {
  one();
  fleet.world(a).apply_ms = 100;
  std::optional<std::size_t> first, second;
  suspend("IncomingMail", [&](const base::Result<void>& result) { first = result ? open() : 99; });
  fleet.run_for(50);
  suspend("OutgoingMail", [&](const base::Result<void>& result) { second = result ? open() : 99; });
  ASSERT_TRUE(fleet.run_until([&] { return second.has_value(); }, 5'000));
  EXPECT_EQ(*second, 0U);
  ASSERT_TRUE(first.has_value());
  EXPECT_LE(*first, 1U);
}

TEST_F(OnePlane, what_was_found_before_an_apply_ends_is_older_than_what_comes_of_it) {
  one();
  fleet.world(a).apply_ms = 1'000;
  std::optional<bool> done;
  suspend("IncomingMail", [&](const base::Result<void>& result) { done = result.has_value(); });
  fleet.run_for(100);
  applier::Outcome broken;
  broken.generation = fleet.world(a).generation;
  broken.result = base::fail(base::ErrorCode::io, "The table transport is missing.");
  fleet.world(a).data_plane_watcher(broken);
  EXPECT_EQ(seen().problem, "");
  const auto applies = fleet.world(a).applies;
  ASSERT_TRUE(fleet.run_until([&] { return done.has_value(); }, 5'000));
  EXPECT_TRUE(*done);
  fleet.run_for(60'000);
  EXPECT_EQ(fleet.world(a).applies, applies + 1);
}

// A master that stands still, a slow disk: the newest is not in force, and status does not say that it is.
TEST_F(OnePlane, an_apply_that_takes_long_is_not_in_force_meanwhile) {
  one();
  EXPECT_FALSE(seen().under_way_ms.has_value());
  fleet.world(a).apply_ms = 120'000;
  suspend("IncomingMail", [](const base::Result<void>&) {});
  fleet.run_for(60'000);
  ASSERT_TRUE(seen().under_way_ms.has_value());
  EXPECT_GE(*seen().under_way_ms, 59'000);
  EXPECT_EQ(must(*fleet.client(a), "command.run", {{"command", "status"}, {"parameters", boost::json::object{}}})
                .at("data_plane")
                .as_string()
                .find("not in force yet: the mail engine has been taking it for "),
            0U);
  suspend("OutgoingMail", [](const base::Result<void>&) {});
  fleet.run_for(90'000);
  ASSERT_TRUE(seen().under_way_ms.has_value()) << "of two the second is still under way";
  EXPECT_GE(*seen().under_way_ms, 140'000) << "since the first";
  fleet.run_for(120'000);
  EXPECT_FALSE(seen().under_way_ms.has_value());
  EXPECT_EQ(open(), 0U);
}

TEST_F(OnePlane, an_interface_that_is_new_is_looked_at_though_the_others_were_just_now) {
  one();
  fleet.world(a).also_binds = "10.9.9.9";
  fleet.run_for(5'000);
  auto client = fleet.client(a);
  must(*client, "feature.edit",
       {{"feature", "smtp-routes"},
        {"start", "empty"},
        {"edits", boost::json::array{{{"op", "set"}, {"path", "route['x.example']/action"}, {"value", "drop"}}}}});
  must(*client, "commit", {{"comment", ""}, {"request", "1"}});
  ASSERT_TRUE(fleet.run_until([&] { return !transport_row(a, "x.example").empty(); }, 5'000)) << "it has looked now";
  const auto looked = fleet.now().mono_ms;
  set(*client, "interfaces",
      {{"interface['Second']/address", "10.9.9.9/8"}, {"interface['Second']/host-name", "second.example.com"}});
  set(*client, "listeners",
      {{"listener['Second']/type", "public"}, {"listener['Second']/interface", "Second"}, {"listener['Second']/port", "2527"}});
  must(*client, "commit", {{"comment", ""}, {"request", "2"}});
  fleet.run_for(200);
  ASSERT_LT(fleet.now().mono_ms - looked, 900);
  EXPECT_EQ(open(), 3U);
}

/// As the applier says while it cannot see which generation stands.
TEST_F(OnePlane, a_plan_of_which_nothing_is_seen_is_applied_again) {
  one();
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  fleet.run_for(1'000);
  const auto applies = fleet.world(a).applies;
  EXPECT_EQ(applies, 1U) << "a name changes no plan";
  fleet.world(a).generation = std::numeric_limits<std::uint64_t>::max();  // and the next is 0
  suspend("IncomingMail", [](const base::Result<void>&) {});
  fleet.run_for(1'000);
  ASSERT_EQ(seen().generation, 0U);
  ASSERT_EQ(fleet.world(a).applies, applies + 1);
  fleet.add(b, "127.0.1.2");
  ASSERT_TRUE(join(b, "127.0.1.1").has_value());
  fleet.run_for(1'000);
  EXPECT_EQ(fleet.world(a).applies, applies + 2);
}

TEST_F(OnePlane, what_is_not_proved_is_not_kept_as_in_force) {
  one();
  fleet.world(a).not_proved = "All seats are taken.";
  route(*fleet.client(a), "machine " + a, "example.com", "127.0.1.9");
  ASSERT_TRUE(fleet.run_until([&] { return !transport_row(a, "example.com").empty(); }, 5'000));
  fleet.run_for(1'000);
  EXPECT_FALSE(in_use("smtp-routes"));
  fleet.world(a).not_proved.clear();
  applier::Outcome proved;
  proved.generation = fleet.world(a).generation;
  proved.running = true;
  fleet.world(a).data_plane_watcher(proved);
  EXPECT_TRUE(fleet.run_until([&] { return in_use("smtp-routes"); }, 5'000));
}

TEST_F(OnePlane, what_is_defined_no_more_is_not_kept_as_in_force) {
  one();
  auto client = fleet.client(a);
  route(*client, "machine " + a, "example.com", "127.0.1.9");
  ASSERT_TRUE(fleet.run_until([&] { return in_use("smtp-routes"); }, 5'000));
  must(*client, "feature.clear", {{"feature", "smtp-routes"}, {"mode", "machine " + a}});
  must(*client, "commit", {{"comment", ""}, {"request", "clear"}});
  ASSERT_TRUE(fleet.run_until([&] { return transport_row(a, "example.com").empty(); }, 5'000));
  fleet.run_for(1'000);
  EXPECT_FALSE(in_use("smtp-routes"));
  EXPECT_TRUE(in_use("listeners"));
}

/// Its address has gone from the host, say.
TEST_F(OnePlane, a_listener_that_is_off_is_not_said_to_be_open) {
  one();
  fleet.world(a).also_binds = "10.9.9.9";
  auto client = fleet.client(a);
  set(*client, "interfaces",
      {{"interface['Second']/address", "10.9.9.9/8"}, {"interface['Second']/host-name", "second.example.com"}});
  set(*client, "listeners",
      {{"listener['Second']/type", "public"}, {"listener['Second']/interface", "Second"}, {"listener['Second']/port", "2527"}});
  must(*client, "commit", {{"comment", ""}, {"request", "1"}});
  ASSERT_TRUE(fleet.run_until([&] { return open() == 3; }, 5'000));
  const auto second = [&] {
    const auto all = fleet.machine(a).mail_engine().listeners();
    const auto found = std::ranges::find(all, "Second", &commands::MailListener::name);
    return found == all.end() ? "not there" : found->state + ", " + found->in_force;
  };
  EXPECT_EQ(second(), "open, open");
  fleet.world(a).also_binds.clear();
  fleet.run_for(2'000);
  suspend("IncomingMail", [](const base::Result<void>&) {});
  ASSERT_TRUE(fleet.run_until([&] { return open() == 1; }, 5'000));
  fleet.run_for(100);
  EXPECT_EQ(second(), "off, off");
}

/// What its mail engine runs is of the membership that ended, until a plan of the new one is in force.
TEST_F(OnePlane, what_was_in_force_before_a_join_is_not_told_as_applied_after_it) {
  one();
  fleet.add(b, "127.0.1.2");
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  route(*fleet.client(a), "cluster", "example.com", "127.0.1.9");
  fleet.run_for(1'000);
  fleet.world(b).applies_fail = true;
  std::size_t told = 0, foreign = 0;
  fleet.tamper_links = [&](const std::string& from, std::string& message) {
    const auto read = cluster::decode(message);
    const auto* applied = read ? std::get_if<cluster::Applied>(&*read) : nullptr;
    if (from != b || applied == nullptr) return;
    ++told;
    for (const auto& tip : applied->covers) foreign += fleet.machine(a).peer().fleet().member(tip.member) == nullptr ? 1 : 0;
  };
  ASSERT_TRUE(join(b, "127.0.1.1").has_value());
  ASSERT_TRUE(fleet.run_until([&] { return linked(a) == 1 && told > 0; }, 10'000));
  fleet.run_for(1'000);
  EXPECT_EQ(foreign, 0U);
}

}  // namespace
}  // namespace postern::machine::test
