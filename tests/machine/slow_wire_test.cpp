#include "machine/fleets.h"

/// Much more history than may wait for one link, over a line that is slow: it arrives, and little of it waits.
namespace postern::machine::test {
namespace {

constexpr std::size_t mebibyte = 1U << 20;
constexpr std::size_t history_mebibytes = 40;
constexpr std::size_t queue_mebibytes = 4;

class SlowWire : public Fleets {
 protected:
  SlowWire() { fleet.queue_bytes = queue_mebibytes * mebibyte; }

  /// Commits of `host` with a value of that size each, of a feature that nobody knows.
  void write_history(const std::string& host, std::size_t commits, std::size_t bytes) {
    for (std::size_t i = 0; i < commits; ++i) {
      cluster::LocalCommit what;
      what.request_key = "history " + std::to_string(++written);
      what.author_name = "admin";
      what.wait = false;
      what.items.push_back(
          {cluster::settings_register({base::Level::cluster, cluster_of(host)}, "bulk-" + std::to_string(written)),
           cluster::WriteKind::put,
           fleet.world(host).random_bytes(bytes),
           {}});
      std::optional<cluster::Answer> answer;
      fleet.machine(host).commit(std::move(what), [&](const cluster::Answer& given) { answer = given; });
      ASSERT_TRUE(fleet.run_until([&] { return answer.has_value(); }));
      ASSERT_EQ(answer->what, cluster::Answer::What::committed) << answer->reason;
    }
  }
  base::Uuid cluster_of(const std::string& host) { return fleet.machine(host).peer().self().cluster.uuid; }
  /// a with b in its cluster.
  void two() {
    fleet.add(a, "127.0.1.1");
    fleet.add(b, "127.0.1.2");
    must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
    ASSERT_TRUE(join(b, "127.0.1.1").has_value());
  }
  bool same(const std::string& one, const std::string& other) { return digest(one) == digest(other); }

  std::size_t written = 0;
};

TEST_F(SlowWire, a_joiner_gets_a_long_history) {
  fleet.add(a, "127.0.1.1");
  fleet.add(b, "127.0.1.2");
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  write_history(a, history_mebibytes, mebibyte);
  fleet.slow(a, b, 1'000);
  const auto joined = join(b, "127.0.1.1");
  ASSERT_TRUE(joined.has_value()) << to_text(joined.error());
  ASSERT_TRUE(fleet.run_until([&] { return same(a, b); }));
  EXPECT_EQ(fleet.closed_as_slow, 0U);
  EXPECT_LE(fleet.most_queued, 3 * mebibyte);
  EXPECT_GE(fleet.bytes_sent, history_mebibytes * mebibyte);
}

/// Longer than what a silent join is waited for (5 min), and never silent.
TEST_F(SlowWire, a_join_that_goes_on_slowly_is_not_given_up) {
  fleet.add(a, "127.0.1.1");
  fleet.add(b, "127.0.1.2");
  must(*fleet.client(a), "cluster.create", {{"name", "americas"}});
  write_history(a, history_mebibytes, mebibyte);
  fleet.slow(a, b, 50);
  const auto client = fleet.client(b);
  const auto dialed = must(*client, "cluster.join_dial", {{"address", "127.0.1.1"}, {"port", 2200}});
  std::optional<base::Result<void>> done;
  fleet.machine(b).join_go(
      {dialed.at("join").to_number<std::uint64_t>(), 0, std::string(support::passphrase), false, 2222}, [](const std::string&) {},
      [&](base::Result<void> result) { done = std::move(result); });
  const auto began = fleet.now().mono_ms;
  ASSERT_TRUE(fleet.run_until([&] { return done.has_value(); }, 3'600'000));
  ASSERT_TRUE(done->has_value()) << to_text(done->error());
  EXPECT_GT(fleet.now().mono_ms - began, 600'000) << "else this test sees nothing";
  EXPECT_TRUE(fleet.run_until([&] { return same(a, b); }));
}

TEST_F(SlowWire, a_member_that_returns_catches_up_and_nothing_is_sent_twice_while_it_is_under_way) {
  two();
  fleet.kill(b);
  write_history(a, history_mebibytes, mebibyte);
  fleet.slow(a, b, 20);  // slower than a round of the sync waits for
  fleet.bytes_sent = 0;
  fleet.most_queued = 0;
  fleet.restart(b);
  ASSERT_TRUE(fleet.run_until([&] { return same(a, b); }, 4 * 3'600'000));
  EXPECT_EQ(fleet.closed_as_slow, 0U);
  EXPECT_LE(fleet.most_queued, 3 * mebibyte);
  EXPECT_LE(fleet.bytes_sent, 2 * history_mebibytes * mebibyte);
}

/// A disk that was full takes them later: whoever asks again over the same link gets them again.
TEST_F(SlowWire, what_was_sent_and_not_taken_is_sent_again) {
  two();
  fleet.world(b).disk_is_full = true;
  write_history(a, 5, 1'000);
  fleet.run_for(5'000);
  EXPECT_FALSE(same(a, b));
  fleet.world(b).disk_is_full = false;
  EXPECT_TRUE(fleet.run_until([&] { return linked(b) == 0 || same(a, b); }, 120'000));
  EXPECT_EQ(linked(b), 1U) << "over another link this test sees nothing";
}

/// Two authors in turn: what is asked for together goes out together, whoever wrote it.
TEST_F(SlowWire, many_small_commits_go_out_together) {
  three();
  fleet.kill(c);
  for (int i = 0; i < 100; ++i) {
    write_history(a, 1, 1'000);
    write_history(b, 1, 1'000);
  }
  fleet.cut(b, c, true);
  fleet.slow(a, c, 100);
  fleet.messages_sent = 0;
  fleet.restart(c);
  ASSERT_TRUE(fleet.run_until([&] { return same(a, c); }));
  EXPECT_EQ(fleet.machine(c).peer().counters().duplicates, 0U);
  EXPECT_LT(fleet.messages_sent, 100U) << "200 commits, acknowledgements and all else";
}

TEST_F(SlowWire, what_the_store_has_not_any_more_is_passed_over_without_a_word) {
  two();
  fleet.kill(b);
  write_history(a, 3, 1'000);
  auto& commits = fleet.world(a).contents.commits;
  const auto newest = commits.back().envelope.id();
  commits.erase(std::prev(commits.end(), 2));
  std::size_t empty = 0;
  bool came = false;
  fleet.tamper_links = [&](const std::string& from, std::string& message) {
    const auto read = cluster::decode(message);
    const auto* ship = read ? std::get_if<cluster::Ship>(&*read) : nullptr;
    if (from != a || ship == nullptr) return;
    empty += ship->items.empty() ? 1 : 0;
    for (const auto& item : ship->items) came |= item.envelope.id() == newest;
  };
  fleet.restart(b);
  ASSERT_TRUE(fleet.run_until([&] { return came; }, 60'000)) << "what follows it is shipped";
  EXPECT_EQ(empty, 0U);
}

TEST_F(SlowWire, a_link_that_goes_down_takes_what_was_to_be_shipped_with_it) {
  two();
  fleet.kill(b);
  write_history(a, 8, mebibyte);
  fleet.slow(a, b, 20);
  fleet.restart(b);
  ASSERT_TRUE(fleet.run_until([&] { return fleet.most_queued >= mebibyte; }));
  fleet.cut(a, b, true);
  fleet.run_for(10'000);
  const auto before = fleet.bytes_sent;
  fleet.run_for(60'000);
  EXPECT_EQ(fleet.bytes_sent, before);
  fleet.cut(a, b, false);
  ASSERT_TRUE(fleet.run_until([&] { return same(a, b); }, 3'600'000));
}

}  // namespace
}  // namespace postern::machine::test
