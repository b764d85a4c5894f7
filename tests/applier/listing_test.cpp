#include "applier/lister.h"
#include "applier/listing.h"

#include <gtest/gtest.h>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <vector>

namespace postern::applier {
namespace {

using namespace std::string_literals;

/// As showq(8) says it.
struct Queue {
  std::string bytes = "protocol\0showq\0\0"s;

  void message(const std::string& queue, long time, const std::vector<std::pair<std::string, std::string>>& recipients) {
    bytes += "queue_name\0"s + queue + "\0queue_id\0"s + "4XYZ" + "\0time\0"s + std::to_string(time) + "\0size\0"s + "300" +
             "\0forced_expire\0"s + "0" + "\0sender\0\0"s;
    for (const auto& [to, why] : recipients) bytes += "recipient\0"s + to + "\0reason\0"s + why + "\0"s;
    bytes += '\0';
  }
  [[nodiscard]] std::string whole() const { return bytes + '\0'; }
};

base::QueuedMail read(const std::string& bytes, std::size_t piece, bool complete = true) {
  ListingReader reader({"example.com"});
  bool done = false;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    EXPECT_FALSE(done) << "complete before its end";
    const auto now = reader.take(std::string_view(bytes).substr(at, piece));
    EXPECT_TRUE(now) << (now ? "" : base::to_text(now.error()));
    done = now && *now;
  }
  EXPECT_EQ(done, complete);
  return reader.listed("example.com");
}

Queue mixed() {
  Queue queue;
  queue.message("deferred", 200,
                {{"a@example.com", "timed out"}, {"b@other.example", "no route"}, {"c@EXAMPLE.com", "busy\x1b[2J"}});
  queue.message("active", 100, {{"a@example.com", ""}});
  queue.message("hold", 300, {{"d@example.com", ""}, {"e@sub.example.com", ""}, {"\"x@example.com\"@other.example", ""}});
  queue.message("incoming", 400, {{"postmaster", ""}});
  return queue;
}

TEST(Listing, ADomainIsOneInBothSpellings) {
  Queue queue;
  queue.message("deferred", 200,
                {{"a@xn--bcher-kva.example", "timed out"},
                 {"b@b\xC3\xBC"
                  "cher.example",
                  "timed out"}});
  queue.message("deferred", 300,
                {{"c@B\xC3\x9C"
                  "CHER.Example",
                  ""},
                 {"d@XN--BCHER-KVA.example", ""},
                 {"e@bucher.example", ""}});
  queue.message("active", 400,
                {{"f@\xFF\xFE.example", ""},
                 {"g@b\xC3\xBC"
                  "cher..example",
                  ""},
                 {"postmaster", ""}});
  ListingReader reader({"xn--bcher-kva.example"});
  const auto done = reader.take(queue.whole());
  ASSERT_TRUE(done && *done);
  EXPECT_EQ(reader.listed("xn--bcher-kva.example").deferred, 4U);
  EXPECT_EQ(reader.listed("xn--bcher-kva.example").active, 0U);
  EXPECT_EQ(reader.listed("xn--bcher-kva.example").messages, 2U);
}

TEST(Listing, CountsRecipientsOfTheDomainAlone) {
  const std::string bytes = mixed().whole();
  for (const std::size_t piece : {bytes.size(), std::size_t{1}, std::size_t{7}}) {
    const base::QueuedMail listed = read(bytes, piece);
    EXPECT_EQ(listed.messages, 3U);
    EXPECT_EQ(listed.active, 1U);
    EXPECT_EQ(listed.deferred, 2U);
    EXPECT_EQ(listed.hold, 1U);
    EXPECT_EQ(listed.oldest_s, 100);
    EXPECT_EQ(listed.reason, "busy\\x1b[2J") << "printable";
  }
  EXPECT_EQ(read(Queue().whole(), 3).messages, 0U) << "an empty queue";
}

TEST(Listing, TheReasonIsTheNewestMessages) {
  Queue queue;
  queue.message("deferred", 500, {{"a@example.com", "newer"}});
  queue.message("deferred", 400, {{"a@example.com", "older"}});
  EXPECT_EQ(read(queue.whole(), 64).reason, "newer");
}

TEST(Listing, EachMessageIsItsOwn) {
  Queue queue;
  queue.message("deferred", 100, {{"a@example.com", "ours"}});
  queue.bytes +=
      "queue_name\0deferred\0time\0"
      "200\0reason\0nobody's\0\0"s;                                              // no recipient
  queue.bytes += "queue_name\0active\0recipient\0a@example.com\0reason\0\0\0"s;  // no time
  const auto listed = read(queue.whole(), 64);
  EXPECT_EQ(listed.reason, "ours");
  EXPECT_EQ(listed.messages, 2U);
  EXPECT_EQ(listed.oldest_s, 100);
  Queue timeless;
  timeless.message("active", 100, {{"a@other.example", ""}});
  timeless.bytes += "queue_name\0active\0recipient\0a@example.com\0reason\0\0\0"s;
  EXPECT_EQ(read(timeless.whole(), 64).oldest_s, 0) << "not the time of the message before";
}

TEST(Listing, TheDomainStandsBehindTheLastAt) {
  Queue queue;
  queue.message("active", 100, {{"\"x@y\"@example.com", ""}, {"x@example.com@other.example", ""}});
  EXPECT_EQ(read(queue.whole(), 64).active, 1U);
}

TEST(Listing, WhatIsNeitherDeferredNorHeldIsActive) {
  Queue queue;
  for (const char* name : {"incoming", "maildrop", "active"}) queue.message(name, 100, {{"a@example.com", ""}});
  const auto listed = read(queue.whole(), 64);
  EXPECT_EQ(listed.active, 3U);
  EXPECT_EQ(listed.deferred, 0U);
}

TEST(Listing, SeveralDomainsAreReadInOnePass) {
  ListingReader reader({"example.com", "other.example", "nobody.example", "example.com"});
  Queue queue;
  queue.message("deferred", 200, {{"a@example.com", "ours"}, {"b@other.example", "theirs"}, {"c@example.com", ""}});
  queue.message("hold", 100, {{"b@other.example", ""}});
  ASSERT_TRUE(reader.take(queue.whole()));
  EXPECT_EQ(reader.listed("example.com").messages, 1U);
  EXPECT_EQ(reader.listed("example.com").deferred, 2U);
  EXPECT_EQ(reader.listed("example.com").reason, "ours");
  EXPECT_EQ(reader.listed("example.com").oldest_s, 200);
  EXPECT_EQ(reader.listed("other.example").messages, 2U);
  EXPECT_EQ(reader.listed("other.example").hold, 1U);
  EXPECT_EQ(reader.listed("other.example").reason, "theirs");
  EXPECT_EQ(reader.listed("other.example").oldest_s, 100);
  EXPECT_EQ(reader.listed("nobody.example").messages, 0U);
}

TEST(Listing, ACutOneIsNotComplete) {
  const std::string bytes = mixed().whole();
  for (std::size_t size = 0; size < bytes.size(); ++size) (void)read(bytes.substr(0, size), 16, false);
}

TEST(Listing, WhatIsNoListingIsSaidAndLongStringsAreNotKept) {
  for (const std::string& bytes : {"\0"s, "220 mail ESMTP\r\n\0"s, "queue_name\0x\0"s}) {
    ListingReader reader({"example.com"});
    EXPECT_FALSE(reader.take(bytes)) << bytes;
  }
  ListingReader reader({"example.com"});
  const std::string much(1U << 20, 'x');
  ASSERT_TRUE(reader.take("protocol\0"s));
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(reader.take(much));
}

/// A lister with a Postfix that the test plays.
struct ListerTest : testing::Test {
  using Came = base::Result<base::QueuedMail>;

  explicit ListerTest(Lister::Timing timing = {}) : lister(timing) {}

  base::Result<hands::Descriptor> open() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    postfix.emplace_back(ends[0]);
    return hands::Descriptor(ends[1]);
  }
  /// Of the asker of that number.
  Came answer(int asker = 0) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return came.contains(asker); }));
    return came.contains(asker) ? came.at(asker) : base::fail(base::ErrorCode::internal, "no answer");
  }
  void read(const std::string& domain = "example.com", int asker = 0) {
    lister.read([this] { return open(); }, {domain, Lister::Clock::now(), [this, asker](Came what) {
                                              const std::scoped_lock lock(mutex);
                                              EXPECT_TRUE(came.emplace(asker, std::move(what)).second) << "once";
                                              changed.notify_all();
                                            }});
  }
  /// Has a listing under way: the next one waits.
  void occupy() {
    read("occupied.example", -1);
    say(Queue().bytes);
    int left = 1;  // of what was said
    for (int i = 0; i < 5'000 && left > 0; ++i) {
      ::usleep(1'000);
      ASSERT_EQ(::ioctl(postfix[0].get(), SIOCOUTQ, &left), 0);
    }
    ASSERT_EQ(left, 0);
  }
  void say(const std::string& bytes, std::size_t listing = 0) {
    EXPECT_EQ(::send(postfix.at(listing).get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  std::vector<hands::Descriptor> postfix;  ///< one end of each connection
  std::mutex mutex;
  std::condition_variable changed;
  std::map<int, Came> came;
  Lister lister;
};

TEST_F(ListerTest, ReadsToTheEnd) {
  read();
  say(mixed().whole());
  const auto listed = answer();
  ASSERT_TRUE(listed);
  EXPECT_TRUE(listed->whole);
  EXPECT_EQ(listed->messages, 3U);
}

TEST_F(ListerTest, TellsAPartWhenPostfixTakesLong) {
  const auto begin = Lister::Clock::now();
  read();
  say(mixed().bytes);
  const auto listed = answer();
  ASSERT_TRUE(listed);
  EXPECT_FALSE(listed->whole);
  EXPECT_EQ(listed->messages, 3U);
  EXPECT_LT(Lister::Clock::now() - begin, std::chrono::milliseconds(2'450));
}

TEST_F(ListerTest, SaysThatPostfixEndedBefore) {
  read();
  say(mixed().bytes);
  postfix.clear();
  EXPECT_FALSE(answer());
}

TEST_F(ListerTest, WhoAsksBeforeItBeginsSharesAListing) {
  occupy();
  read("example.com", 1);
  read("other.example", 2);
  read("example.com", 3);
  ASSERT_EQ(postfix.size(), 2U) << "one under way, and one that waits";
  say(mixed().whole(), 1);
  say("\0"s, 0);
  EXPECT_TRUE(answer(-1));
  EXPECT_EQ(answer(1)->messages, 3U);
  EXPECT_EQ(answer(2)->deferred, 1U);
  EXPECT_EQ(answer(3)->messages, 3U);
}

TEST_F(ListerTest, AllHaveFiguresWhenTheQueueIsLong) {
  occupy();
  read("example.com", 1);
  read("other.example", 2);
  say(mixed().bytes, 1);  // and never ends, either
  EXPECT_FALSE(answer(-1)->whole);
  for (const int asker : {1, 2}) {
    const auto listed = answer(asker);
    ASSERT_TRUE(listed);
    EXPECT_FALSE(listed->whole);
    EXPECT_GT(listed->deferred, 0U);
  }
}

TEST_F(ListerTest, SoManyWaitAndMoreAreRefused) {
  occupy();
  for (int i = 1; i <= 64; ++i) read("example.com", i);
  read("example.com", 65);
  {
    const std::scoped_lock lock(mutex);
    ASSERT_TRUE(came.contains(65)) << "at once";
    EXPECT_EQ(came.size(), 1U);
  }
  EXPECT_EQ(answer(65).error().code, base::ErrorCode::busy);
  say("\0"s, 0);
  say(mixed().whole(), 1);
  EXPECT_TRUE(answer(64));
}

/// A listing takes longer than askers wait.
struct ImpatientLister : ListerTest {
  ImpatientLister() : ListerTest({std::chrono::seconds(10), std::chrono::milliseconds(200)}) {}
};

TEST_F(ImpatientLister, IsNotReadForThoseWhoseTimeIsOver) {
  const auto begin = Lister::Clock::now();
  read("example.com", 0);
  say(mixed().bytes);
  EXPECT_FALSE(answer(0)->whole) << "what is known when its time is over";
  EXPECT_LT(Lister::Clock::now() - begin, std::chrono::seconds(5));
  lister.read([this] { return open(); }, {"example.com", Lister::Clock::now() - std::chrono::seconds(1), [this](Came what) {
                                            const std::scoped_lock lock(mutex);
                                            came.emplace(1, std::move(what));
                                            changed.notify_all();
                                          }});
  const auto late = answer(1);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, base::ErrorCode::busy);
}

TEST_F(ListerTest, WhatCannotBeOpenedIsTold) {
  lister.read([] { return base::Result<hands::Descriptor>(base::fail(base::ErrorCode::io, "no showq")); },
              {"example.com", Lister::Clock::now(), [this](Came what) { came.emplace(0, std::move(what)); }});
  EXPECT_EQ(answer().error().text, "no showq");
}

}  // namespace
}  // namespace postern::applier
