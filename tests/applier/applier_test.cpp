#include "tests/applier/instance.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <thread>

namespace postern::test {
namespace {

using namespace trees;

TEST_F(Instance, MailGoesWhereARouteSaysAndAChangedRowNeedsNoReload) {
  const Sink first(host(9), sink_port);
  const Sink second(host(10), sink_port);
  const applier::Outcome start = apply(plan({route("example.com", {at(host(9), sink_port)})}));
  ASSERT_APPLIED(start);
  EXPECT_EQ(start.generation, 1U);
  EXPECT_TRUE(send_mail(host(30), host(1), incoming, "one@example.com").starts_with("250"));
  EXPECT_TRUE(first.wait_for("one@example.com"));

  const applier::Counters before = applier_->counters();
  const applier::Outcome row = apply(plan({route("example.com", {at(host(10), sink_port)})}));
  ASSERT_APPLIED(row);
  EXPECT_FALSE(row.reloaded);
  EXPECT_EQ(row.rows_written, 1U);
  EXPECT_EQ(row.generation, 1U);
  EXPECT_EQ(applier_->counters().execs, before.execs);
  EXPECT_TRUE(send_mail(host(30), host(1), incoming, "two@example.com").starts_with("250"));
  EXPECT_TRUE(second.wait_for("two@example.com"));
  EXPECT_EQ(first.recipients().size(), 1U);
  EXPECT_EQ(postmap("transport", "example.com"), fmt::format("smtp:[{}]:{}", host(10), sink_port));
  EXPECT_EQ(postmap("rat_IncomingMail", "example.com"), "OK");
}

TEST_F(Instance, AccessTablesDecideWhoAndWhatIsTaken) {
  const Sink sink(host(9), sink_port);
  const Node access =
      both_listeners({{rat("example.com", "accept"), rat("bad@example.com", "reject", "No such person"), rat("boss@", "accept"),
                       rat(".example.com", "reject"), rat("ALL", "reject", "Not here")},
                      {hat("BLOCKLIST", {host(66)}, "reject", "Go away"), hat("RELAYLIST", {host(40)}, "relay")}});
  ASSERT_APPLIED(apply(plan({route("ALL", {at(host(9), sink_port)})}, {access})));

  const auto in = [&](const std::string& recipient, int from = 30) {
    return try_recipient(host(from), host(1), incoming, recipient);
  };
  const Client refused(host(66), host(1), incoming);
  EXPECT_HAS(refused.greeting(), "554 5.7.1");
  EXPECT_HAS(refused.greeting(), "Go away");
  EXPECT_HAS(in("Good@Example.COM"), "250");
  EXPECT_HAS(in("bad@example.com"), "No such person");
  EXPECT_HAS(in("boss@sub.example.com"), "250");  // "user@" before ".domain"
  EXPECT_HAS(in("a@sub.example.com"), "554");
  EXPECT_HAS(in("a@elsewhere.example"), "Not here");
  EXPECT_HAS(in("boss@elsewhere.example"), "554");   // never a relay for one local part
  EXPECT_HAS(in("a@elsewhere.example", 40), "250");  // may relay
  EXPECT_HAS(in("a%elsewhere.example@example.com"), "554");
  EXPECT_HAS(in("\"a@elsewhere.example\"@example.com"), "554");
  EXPECT_HAS(in("postmaster@newyork.postern.test", 40), "5.1.1");

  EXPECT_HAS(Client(host(30), host(1), outgoing).greeting(), "554 5.7.1");
  EXPECT_HAS(try_recipient(host(20), host(1), outgoing, "a@elsewhere.example"), "250");
}

TEST_F(Instance, ARecipientRowTakesEffectWithoutReload) {
  ASSERT_APPLIED(apply(plan({})));
  EXPECT_HAS(try_recipient(host(30), host(1), incoming, "a@example.org"), "554");
  const Node access = both_listeners(
      {{rat("example.org", "accept"), rat("example.com", "accept"), rat("bad@example.com", "reject", "No such person")},
       {hat("BLOCKLIST", {host(66)}, "reject", "Go away")}});
  const applier::Outcome outcome = apply(plan({}, {access}));
  ASSERT_APPLIED(outcome);
  EXPECT_FALSE(outcome.reloaded);
  EXPECT_EQ(outcome.rows_written, 2U);  // the table's and the second lock's
  EXPECT_HAS(try_recipient(host(30), host(1), incoming, "b@example.org"), "250");
}

TEST_F(Instance, ANewListenerOpensAndTheMessageSizeIsItsOwn) {
  ASSERT_APPLIED(apply(plan({})));
  Node small = listener("Small", "public", "Management", 2527, {{rat("example.com", "accept")}, {}});
  small.children.push_back(leaf("maximum-message-size", "3000"));
  const Node both = both_listeners({{rat("example.com", "accept")}, {}});
  Node three = both;
  three.children[0].children.push_back(small);
  three.children[0].children.back().name = "listener";
  const applier::Outcome outcome = apply(plan({}, {three}));
  ASSERT_APPLIED(outcome);
  EXPECT_TRUE(outcome.reloaded);
  EXPECT_EQ(outcome.generation, 2U);
  Client client(host(30), host(1), 2527);
  EXPECT_EQ(client.greeting(), "220 newyork.postern.test ESMTP");
  client.say("EHLO client.example.net");
  EXPECT_HAS(client.whole(), "SIZE 3000");

  ASSERT_APPLIED(apply(plan({}, {both})));
  EXPECT_EQ(connect_to(host(30), host(1), 2527), -1);
}

TEST_F(Instance, PostmasterWithoutADomainIsTakenOnlyWhereItIsDelivered) {
  ASSERT_APPLIED(apply(plan({route("example.com", {at(host(9), sink_port)})})));
  for (const char* form : {"<postmaster>", " <PostMaster>", "<\"postmaster\">", "postmaster", "<@a.example:postmaster>",
                           "<postmaster> NOTIFY=NEVER"}) {
    Client client(host(30), host(1), incoming);
    client.say("EHLO client.example");
    client.say("MAIL FROM:<someone@example.net>");
    EXPECT_HAS(client.say(std::string("RCPT TO:") + form), "550 5.1.1") << form;
  }
}

// What is taken for it bounces to whoever is named as the sender.
TEST_F(Instance, NobodyWritesToTheSenderOfNotices) {
  ASSERT_APPLIED(apply(plan({route("example.com", {at(host(9), sink_port)})})));
  for (const std::string form : {"<double-bounce>", "<Double-Bounce@HOST>", "<\"double-bounce\"@HOST>", "double-bounce@HOST",
                                 "<@a.example:double-bounce@HOST>", "<double-bounce@HOST> NOTIFY=NEVER"}) {
    Client client(host(30), host(1), incoming);
    client.say("EHLO client.example");
    client.say("MAIL FROM:<victim@example.net>");
    std::string to = form;
    if (const auto name = to.find("HOST"); name != std::string::npos) to.replace(name, 4, facts_.host_name);
    EXPECT_HAS(client.say("RCPT TO:" + to), "550 5.1.1") << to;
  }
  EXPECT_HAS(try_recipient(host(30), host(1), incoming, "double-bounce@example.com"), "250");
}

// cleanup(8) looks an address that stands for itself, too, up once: everyone's mail for one mailbox of the domain.
TEST_F(Instance, AnAliasOfADomainForOneOfItsOwnHasAnEnd) {
  const Sink sink(host(9), sink_port);
  const Node aliases = trees::container(
      "aliases", {trees::list("alias", {trees::entry({trees::leaf("address", "@example.com"),
                                                      trees::leaf_list("target", {"boss@example.com", "log@example.com"})})})});
  ASSERT_APPLIED(apply(plan({route("example.com", {at(host(9), sink_port)})}, {aliases})));
  EXPECT_TRUE(send_mail(host(30), host(1), incoming, "anybody@example.com").starts_with("250"));
  for (const char* recipient : {"boss@example.com", "log@example.com"}) EXPECT_TRUE(sink.wait_for(recipient)) << recipient;
}

TEST_F(Instance, TheQueueAndTheListenersAreMeasured) {
  const auto measure = [this] {
    std::promise<applier::Measured> told;
    applier_->measure([&](const applier::Measured& measured) { told.set_value(measured); });
    return told.get_future().get();
  };
  EXPECT_FALSE(measure().running);
  ASSERT_APPLIED(apply(plan({route("example.com", {at(host(11), sink_port)})})));  // nobody is there
  for (const char* to : {"a@example.com", "b@example.com", "c@example.com"})
    EXPECT_TRUE(send_mail(host(30), host(1), incoming, to).starts_with("250"));
  applier::Measured seen;
  for (int i = 0; i < 500; ++i) {
    seen = measure();
    if (seen.queue && seen.queue->deferred == 3 && seen.queue->active == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(seen.running);
  ASSERT_TRUE(seen.queue.has_value());
  EXPECT_EQ(seen.queue->deferred, 3U);
  EXPECT_EQ(seen.queue->active, 0U);
  EXPECT_EQ(seen.queue->hold, 0U);
  ASSERT_EQ(run({"postsuper", "-c", dir_ + "/etc", "-h", "ALL", "deferred"}).code, 0);
  EXPECT_EQ(measure().queue->hold, 3U);
  kill(master(), SIGKILL);
  for (int i = 0; i < 500 && measure().running; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(measure().running);
}

/// No way to the queue manager until it is opened.
class Shut : public Direct {
 public:
  Shut(std::string dir, const std::atomic<bool>& open) : Direct(std::move(dir)), open_(open) {}
  base::Result<hands::Descriptor> door() override {
    if (open_) return Direct::door();
    return base::fail(base::ErrorCode::io, "The door is shut.");
  }

 private:
  const std::atomic<bool>& open_;
};

TEST_F(Instance, RoutesAreNotCalledInForceWhileTheQueueManagerMayRememberThem) {
  std::atomic<bool> open = true;
  setup_.retry_first = std::chrono::milliseconds(50);
  new_applier(std::make_unique<Shut>(dir_, open));
  const auto to = [&](int number) { return plan({route("example.com", {at(host(number), sink_port)})}); };
  const applier::Outcome good = apply(to(9));
  ASSERT_APPLIED(good);
  EXPECT_EQ(good.not_proved, "");

  open = false;
  Told told(*applier_);
  const applier::Outcome rows = apply(to(10));
  ASSERT_APPLIED(rows);  // the rows stand
  EXPECT_HAS(rows.not_proved, "the way it was before, for 30 s at most. The door is shut.");
  const applier::Outcome access =
      apply(plan({route("example.com", {at(host(10), sink_port)})}, {both_listeners({{rat("example.org", "accept")}, {}})}));
  EXPECT_HAS(access.not_proved, "The door is shut.");
  open = true;
  EXPECT_TRUE(told.wait_for_good());
  const std::uint64_t reloads = applier_->counters().reloads;
  EXPECT_EQ(apply(to(9)).not_proved, "");
  EXPECT_LE(applier_->counters().reloads, reloads + 1);  // its host access table is another
}

TEST_F(Instance, TheDoorTakesNothingForAnybody) {
  ASSERT_APPLIED(apply(plan({route("ALL", {at(host(9), sink_port)})})));
  for (const char* domain : {"postern-probe.invalid", "sub.postern-probe.invalid"}) {
    const std::string to = std::string("0123456789abcdef@") + domain;
    EXPECT_FALSE(try_recipient(host(30), host(1), incoming, to).starts_with("2")) << to;
  }
  EXPECT_HAS(try_recipient(host(20), host(1), outgoing, "0123@postern-probe.invalid"), "550 5.1.1");
}

/// Root's hand that spoils a file on its way.
class Spoiling : public Direct {
 public:
  Spoiling(std::string dir, std::string line) : Direct(std::move(dir)), line_(std::move(line)) {}
  base::Result<void> stage(std::uint64_t generation, const std::vector<gateway::File>& files) override {
    std::vector<gateway::File> spoiled = files;
    if (generation > 1)
      for (gateway::File& each : spoiled)
        if (each.path == "main.cf") each.bytes += line_;
    return Direct::stage(generation, spoiled);
  }

 private:
  std::string line_;
};

class Spoiled : public Instance {
 protected:
  /// Applies a good plan, then one spoiled by `line`; the second's error.
  base::Error spoil(const std::string& line) {
    new_applier(std::make_unique<Spoiling>(dir_, line));
    const applier::Outcome good = apply(plan({route("example.com", {at(host(9), sink_port)})}));
    EXPECT_TRUE(good.result.has_value());
    facts_.host_name = "changed.postern.test";
    const applier::Outcome bad = apply(plan({route("example.com", {at(host(10), sink_port)})}));
    EXPECT_FALSE(bad.result.has_value());
    EXPECT_EQ(bad.generation, 1U);
    return bad.result.has_value() ? base::Error{} : bad.result.error();
  }
  void expect_as_before() {
    const Sink sink(host(9), sink_port);
    EXPECT_EQ(Client(host(30), host(1), incoming).greeting(), "220 newyork.postern.test ESMTP");
    EXPECT_TRUE(send_mail(host(30), host(1), incoming, "still@example.com").starts_with("250"));
    EXPECT_TRUE(sink.wait_for("still@example.com"));
  }
};

TEST_F(Spoiled, SyntaxIsFoundBeforeTheSwitch) {
  const base::Error error = spoil("smtpd_recipient_limit = many\n");
  EXPECT_HAS(error.text, "does not start");
  EXPECT_EQ(applier_->counters().put_back, 0U);
  expect_as_before();
}

TEST_F(Spoiled, WhatOnlyShowsInUseIsPutBack) {
  const base::Error error = spoil("smtpd_helo_restrictions = check_nothing_at_all\n");
  EXPECT_HAS(error.text, "451 4.3.5");
  EXPECT_HAS(error.text, "The settings before are in force again.");
  EXPECT_EQ(applier_->counters().put_back, 1U);
  expect_as_before();
}

TEST_F(Instance, APortThatIsTakenIsFoundBeforeTheSettingsInForceGo) {
  ASSERT_APPLIED(apply(plan({})));
  const Sink taken(host(1), 2527);
  Node three = both_listeners({{rat("example.com", "accept")}, {}});
  three.children[0].children.push_back(listener("Third", "public", "Management", 2527, {{}, {}}));
  three.children[0].children.back().name = "listener";
  const applier::Outcome outcome = apply(plan({}, {three}));
  ASSERT_FALSE(outcome.result.has_value());
  EXPECT_HAS(outcome.result.error().text, "another program listens on");
  EXPECT_EQ(applier_->counters().put_back, 0U);  // Postfix was not told
  EXPECT_HAS(try_recipient(host(30), host(1), incoming, "a@example.com"), "250");
}

TEST_F(Instance, MailGoesOnWhenTheOwnerIsKilledAndItsSuccessorDisturbsNothing) {
  const gateway::Plan wanted = plan({route("example.com", {at(host(9), sink_port)})});
  applier_.reset();
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    new_applier(std::make_unique<Direct>(dir_));
    const char good = apply(wanted).result.has_value() ? 'y' : 'n';
    (void)!write(ready[1], &good, 1);
    pause();
    _exit(1);
  }
  close(ready[1]);
  char good = 'n';
  ASSERT_EQ(read(ready[0], &good, 1), 1);
  close(ready[0]);
  EXPECT_EQ(good, 'y');
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);

  const Sink sink(host(9), sink_port);
  EXPECT_TRUE(send_mail(host(30), host(1), incoming, "after@example.com").starts_with("250"));
  EXPECT_TRUE(sink.wait_for("after@example.com"));

  new_applier(std::make_unique<Direct>(dir_));
  const applier::Outcome again = apply(wanted);
  ASSERT_APPLIED(again);
  EXPECT_EQ(again.generation, 1U);
  EXPECT_EQ(again.rows_written, 0U);
  EXPECT_FALSE(again.reloaded);
}

TEST_F(Instance, GenerationsBeforeTheLastThreeAreRemoved) {
  for (int i = 0; i < 5; ++i) {
    facts_.host_name = fmt::format("h{}.postern.test", i);
    ASSERT_APPLIED(apply(plan({})));
    EXPECT_EQ(Client(host(30), host(1), incoming).greeting(), fmt::format("220 h{}.postern.test ESMTP", i));
  }
  std::set<std::string> left;
  for (const auto& each : std::filesystem::directory_iterator(dir_ + "/gen")) left.insert(each.path().filename().string());
  EXPECT_EQ(left, (std::set<std::string>{"3", "4", "5"}));
}

TEST_F(Instance, PlansThatWaitAreOvertakenAndAllAreAnswered) {
  ASSERT_APPLIED(apply(plan({})));
  std::promise<void> all;
  std::atomic<int> answered = 0;
  const applier::Counters before = applier_->counters();
  for (unsigned i = 1; i <= 50; ++i)
    applier_->apply(plan({route("example.com", {at(host(9), i)})}), [&](applier::Outcome outcome) {
      EXPECT_TRUE(outcome.result.has_value());
      if (++answered == 50) all.set_value();
    });
  all.get_future().wait();
  EXPECT_EQ(postmap("transport", "example.com"), fmt::format("smtp:[{}]:50", host(9)));
  EXPECT_LE(applier_->counters().applies - before.applies, 50U);
}

TEST_F(Instance, DestinationControlsHoldConnectionsAndMessages) {
  const Sink capped(host(9), sink_port, true);
  const Sink uncapped(host(10), sink_port, true);
  const Node controls = destinations({destination("Default", 500, 50), destination("capped.example", 1, 2)});
  ASSERT_APPLIED(apply(plan(
      {route("capped.example", {at(host(9), sink_port)}), route("uncapped.example", {at(host(10), sink_port)})}, {controls})));
  EXPECT_EQ(postmap("transport", "capped.example"), fmt::format("dc1m2:[{}]:{}", host(9), sink_port));
  const auto mail = [&](int number, const char* domain) {
    const std::string recipient = fmt::format("m{}@{}", number, domain);
    EXPECT_TRUE(send_mail(host(20), host(1), outgoing, recipient).starts_with("250"));
    return recipient;
  };
  std::vector<std::string> held;
  std::vector<std::string> free;
  for (int i = 0; i < 8; ++i) {
    held.push_back(mail(i, "capped.example"));
    free.push_back(mail(i, "uncapped.example"));
  }
  for (const std::string& each : held) EXPECT_TRUE(capped.wait_for(each)) << each;
  for (const std::string& each : free) EXPECT_TRUE(uncapped.wait_for(each)) << each;
  EXPECT_EQ(capped.most_at_once(), 1U);
  EXPECT_EQ(capped.most_messages(), 2U);   // reused once, and not oftener
  EXPECT_GT(uncapped.most_at_once(), 1U);  // or the cap would prove nothing
}

TEST_F(Instance, ATableThatOutgrowsItsMapIsFollowedByARunningPostfix) {
  const Sink sink(host(9), sink_port);
  gateway::Plan wanted = plan({route("ALL", {at(host(9), sink_port)})});
  ASSERT_APPLIED(apply(wanted));
  EXPECT_TRUE(send_mail(host(20), host(1), outgoing, "before@small.example").starts_with("250"));
  EXPECT_TRUE(sink.wait_for("before@small.example"));
  auto transport = std::find_if(wanted.tables.begin(), wanted.tables.end(),
                                [](const gateway::Table& table) { return table.name == "transport"; });
  for (int i = 0; i < 40'000; ++i)
    transport->rows[fmt::format("d{:05}.example", i)] = fmt::format("smtp:[{}]:{}{}", host(9), sink_port, std::string(600, ' '));
  transport->rows["*"] = "error:5.1.1 not this way";
  const applier::Outcome grown = apply(wanted);
  ASSERT_APPLIED(grown);
  EXPECT_FALSE(grown.reloaded);
  EXPECT_GT(std::filesystem::file_size(dir_ + "/tables/transport.lmdb"), 24U << 20);
  EXPECT_TRUE(send_mail(host(20), host(1), outgoing, "after@d39999.example").starts_with("250"));
  EXPECT_TRUE(sink.wait_for("after@d39999.example"));
}

TEST_F(Instance, TenThousandRoutesAreQuickAndOneOfThemIsQuicker) {
  std::vector<Node> many;
  for (int i = 0; i < 10'000; ++i) many.push_back(route(fmt::format("d{:05}.example", i), {at(host(9), 25)}));
  ASSERT_APPLIED(apply(plan({})));
  ASSERT_APPLIED(apply(plan(many)));
  const std::uint64_t all_us = applier_->counters().last_us;
  many[5000] = route("d05000.example", {at(host(10), 25)});
  ASSERT_APPLIED(apply(plan(many)));
  std::printf("10,000 rows: %.1f ms; one of them: %.2f ms\n", static_cast<double>(all_us) / 1000,
              static_cast<double>(applier_->counters().last_us) / 1000);
  EXPECT_EQ(postmap("transport", "d05000.example"), fmt::format("smtp:[{}]:25", host(10)));
  EXPECT_EQ(postmap("transport", "d09999.example"), fmt::format("smtp:[{}]:25", host(9)));
}

}  // namespace
}  // namespace postern::test
