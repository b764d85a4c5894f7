// Look-ups end in time, however many there are and whatever the servers do.
#include "transport/loop.h"
#include "transport/name_servers.h"
#include "transport/resolver.h"

#include <memory>
#include <mutex>

namespace postern::transport::test {
namespace {

/// Who asks another machine waits 3 s, the ways there and back included.
TEST(ResolveDeadline, ServersThatDoNotAnswer) {
  for (const int count : {1, 3}) {
    const Deaf deaf(count);
    Asker asker(deaf.servers);
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(look_up(asker.station, "one.postern.test", "MX").problem,
              "MX of one.postern.test is not known: no DNS server answers.");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2'900ms);
    begin = std::chrono::steady_clock::now();
    EXPECT_EQ(resolve(asker.station, "one.postern.test").problem, "one.postern.test does not resolve: no DNS server answers.");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2'900ms);
  }
}

/// However many ask: so many channels are open, and who waits too long for one is told so in time.
TEST(ResolveDeadline, LookUpsUnderWayAreBounded) {
  const Deaf deaf(1);
  Asker asker(deaf.servers);
  std::mutex mutex;
  std::vector<std::string> problems;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i)
    asker.station.transport->look_up({"n" + std::to_string(i) + ".test", "A", std::to_string(i % 10)}, [&](const auto& answer) {
      const std::scoped_lock lock(mutex);
      problems.push_back(answer.problem);
    });
  EXPECT_TRUE(asker.station.eventually([&] {
    const std::scoped_lock lock(mutex);
    return problems.size() == 100;
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
  EXPECT_EQ(deaf.heard(), 64U);
  const auto waited = [](const std::string& problem) { return problem.find("too many") != std::string::npos; };
  EXPECT_EQ(std::count_if(problems.begin(), problems.end(), waited), 36);
  EXPECT_FALSE(waited(look_up(asker.station, "after.test", "A").problem)) << "seats are free again";
}

/// Look-ups that are bounded as the test likes, each put at a strand of its own making.
struct Bounded {
  explicit Bounded(const LookUpBounds& bounds) : library(bounds) {}
  /// What comes of it is told once it is over.
  std::future<base::DnsAnswer> look_up(const Strand& strand, const std::vector<std::string>& servers) {
    const auto done = std::make_shared<std::promise<base::DnsAnswer>>();
    library.look_up_records(strand, servers, {"x.test", "A", "one"},
                            [done](base::DnsAnswer answer) { done->set_value(std::move(answer)); });
    return done->get_future();
  }
  static std::string problem(std::future<base::DnsAnswer>& answer) {
    return answer.wait_for(10s) == std::future_status::ready ? answer.get().problem : "nothing is told";
  }
  ResolverLibrary library;
  Loop loop{2};
};

/// Ten who wait in a row for one seat: the time of each runs while he waits.
TEST(ResolveDeadline, WhoWaitedForASeatHasOnlyWhatIsLeft) {
  const Deaf deaf(1);
  Bounded bounded({200, 10'000, 1, 1});
  const Strand strand = bounded.loop.strand();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::future<base::DnsAnswer>> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(bounded.look_up(strand, deaf.servers));
  for (auto& answer : answers) EXPECT_EQ(Bounded::problem(answer), "A of x.test is not known: no DNS server answers.");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1'000ms) << "not one after the other";
}

/// His seat comes when he has just given up, and his strand is busy: it is for the next.
TEST(ResolveDeadline, ASeatThatComesTooLateIsFreeAgain) {
  using namespace std::string_literals;
  const auto [holds, server] = udp_server("127.40.4.54");
  LyingDns knows("\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01"s);
  Bounded bounded({10'000, 1, 1, 1});
  const Strand strand = bounded.loop.strand();
  const Strand busy = bounded.loop.strand();
  auto first = bounded.look_up(strand, {server});
  char question[512];
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const ssize_t got = recvfrom(holds, question, sizeof question, 0, reinterpret_cast<sockaddr*>(&from), &size);
  ASSERT_GT(got, 12) << "it has the seat";
  auto late = bounded.look_up(busy, {server});
  Timer after_it(strand);
  std::promise<void> out_of_time;
  busy.post([&] {
    strand.post([&] { after_it.after(20, [&] { out_of_time.set_value(); }); });
    first.wait();
  });
  ASSERT_EQ(out_of_time.get_future().wait_for(10s), std::future_status::ready);
  question[2] = static_cast<char>(0x81);  // an answer
  question[3] = static_cast<char>(0x85);  // REFUSED
  sendto(holds, question, static_cast<std::size_t>(got), 0, reinterpret_cast<sockaddr*>(&from), size);
  EXPECT_NE(Bounded::problem(late).find("too many"), std::string::npos);
  EXPECT_NE(Bounded::problem(first).find("REFUSED"), std::string::npos);
  auto next = bounded.look_up(strand, {knows.server()});
  EXPECT_EQ(Bounded::problem(next), "");
  close(holds);
}

}  // namespace
}  // namespace postern::transport::test
