// Where routes lead: hosts that take over, that share, and that stay apart.
#include "tests/applier/instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace postern::test {
namespace {

using namespace trees;

TEST_F(Instance, TheSecondHostOfARouteTakesOverWhenTheFirstIsDead) {
  const Sink alive(host(9), sink_port);
  ASSERT_APPLIED(apply(plan({route("ALL", {at(host(9), sink_port) + "/20", at(host(11), sink_port) + "/10"})})));
  EXPECT_EQ(postmap("transport_rest", "all"), fmt::format("dc500m1:[{}]:{}, [{}]:{}", host(11), sink_port, host(9), sink_port));
  EXPECT_TRUE(send_mail(host(20), host(1), outgoing, "a@elsewhere.example").starts_with("250"));
  EXPECT_TRUE(alive.wait_for("a@elsewhere.example"));
}

// A client may write a domain in either spelling; each is looked up as it is written.
TEST_F(Instance, ADomainInBothSpellingsIsOne) {
  const Sink sink(host(9), sink_port);
  const Node access =
      both_listeners({{rat("xn--bcher-kva.example", "accept"), rat("xn--strae-oqa.example", "accept"), rat("ALL", "reject")},
                      {hat("RELAYLIST", {host(40)}, "relay")}});
  ASSERT_APPLIED(apply(plan({route("xn--bcher-kva.example", {at(host(9), sink_port)})}, {access})));
  for (const char* recipient : {"a@xn--bcher-kva.example", "b@bücher.example", "c@BÜCHER.example"}) {
    EXPECT_HAS(try_recipient(host(30), host(1), incoming, recipient), "250");
    EXPECT_TRUE(send_mail(host(30), host(1), incoming, recipient).starts_with("250")) << recipient;
  }
  for (const char* recipient : {"a@xn--bcher-kva.example", "b@bücher.example", "c@BÜCHER.example"})
    EXPECT_TRUE(sink.wait_for(recipient)) << "by the route";
  EXPECT_HAS(try_recipient(host(30), host(1), incoming, "a@strasse.example"), "554");  // another domain
}

// One order would be 14 of 14 for the first host. By chance one of two gets less than 8 of 40 once in 20,000 runs.
TEST_F(Instance, HostsOfOnePreferenceShareTheMail) {
  const Sink first(host(9), sink_port);
  const Sink second(host(10), sink_port);
  const std::vector<std::string> hosts{at(host(9), sink_port), at(host(10), sink_port)};
  ASSERT_APPLIED(apply(plan({route("ALL", hosts), route("example.com", hosts)})));
  std::size_t before_first = 0, before_second = 0;
  for (const char* domain : {"example.com", "elsewhere.example"}) {
    for (int i = 0; i < 40; ++i) {
      const std::string recipient = fmt::format("r{}@{}", i, domain);
      ASSERT_TRUE(send_mail(host(20), host(1), outgoing, recipient).starts_with("250"));
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto came = [&] { return first.recipients().size() + second.recipients().size() - before_first - before_second; };
    while (came() < 40 && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_EQ(came(), 40U) << domain;
    EXPECT_GE(first.recipients().size() - before_first, 8U) << domain;
    EXPECT_GE(second.recipients().size() - before_second, 8U) << domain;
    before_first = first.recipients().size();
    before_second = second.recipients().size();
  }
}

// From hosts that share to one and back: rows only, and the next mail goes the new way.
TEST_F(Instance, SharingComesAndGoesByRows) {
  const Sink first(host(9), sink_port);
  const Sink second(host(10), sink_port);
  const auto both = [&](const std::string& domain) { return route(domain, {at(host(9), sink_port), at(host(11), sink_port)}); };
  ASSERT_APPLIED(apply(plan({both("other.example"), both("example.com")})));
  const applier::Outcome one = apply(plan({both("other.example"), route("example.com", {at(host(10), sink_port)})}));
  ASSERT_APPLIED(one);
  EXPECT_FALSE(one.reloaded);
  EXPECT_TRUE(send_mail(host(20), host(1), outgoing, "one@example.com").starts_with("250"));
  EXPECT_TRUE(second.wait_for("one@example.com"));
  const applier::Outcome back = apply(plan({both("other.example"), both("example.com")}));
  ASSERT_APPLIED(back);
  EXPECT_FALSE(back.reloaded);
  EXPECT_TRUE(send_mail(host(20), host(1), outgoing, "one@example.com").starts_with("250"));
  EXPECT_TRUE(first.wait_for("one@example.com"));  // the other one of them is dead
}

// Postfix keeps a connection to a host tried second under the name of the first, whatever the route.
TEST_F(Instance, RoutesThatBeginAlikeDoNotShareWhatComesNext) {
  const Sink first(host(9), sink_port);
  const Sink second(host(10), sink_port);
  const auto routes = [&](int backup_of_one) {
    return plan({route("one.example", {at(host(11), sink_port), at(host(backup_of_one), sink_port) + "/5"}),
                 route("two.example", {at(host(11), sink_port), at(host(10), sink_port) + "/5"})});
  };
  ASSERT_APPLIED(apply(routes(9)));
  const auto send = [&](const std::string& tag) {
    const auto to = [&](const std::string& domain) {
      for (int i = 0; i < 40; ++i)
        ASSERT_TRUE(send_mail(host(20), host(1), outgoing, fmt::format("{}{}@{}", tag, i, domain)).starts_with("250"));
    };
    std::thread other([&] { to("two.example"); });
    to("one.example");
    other.join();
  };
  const auto came = [&](const Sink& sink, const std::string& tag, const std::string& domain) {
    const std::vector<std::string> all = sink.recipients();
    return std::ranges::count_if(
        all, [&](const std::string& recipient) { return recipient.starts_with(tag) && recipient.ends_with(domain); });
  };
  const auto all_came = [&](const Sink& of_one, const std::string& tag) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (came(of_one, tag, "one.example") + came(second, tag, "two.example") < 80 &&
           std::chrono::steady_clock::now() < deadline && came(first, tag, "two.example") == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return came(of_one, tag, "one.example") == 40 && came(second, tag, "two.example") == 40;
  };
  send("a");
  EXPECT_TRUE(all_came(first, "a")) << came(first, "a", "two.example") << " and " << came(second, "a", "one.example")
                                    << " strayed";
  ASSERT_APPLIED(apply(routes(10)));
  send("b");
  EXPECT_TRUE(all_came(second, "b")) << came(first, "b", "one.example") << " took the old way";
}

}  // namespace
}  // namespace postern::test
