#include "applier/lister.h"
#include "applier/listing.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <optional>

namespace postern::applier {
namespace {

using namespace std::string_literals;

/// As showq(8) says it.
struct Queue {
  std::string bytes = "protocol\0showq\0\0"s;

  void message(const std::string& queue, long time, const std::vector<std::pair<std::string, std::string>>& recipients) {
    bytes += "queue_name\0"s + queue + "\0queue_id\0"s + "4XYZ" + "\0time\0"s + std::to_string(time) +
             "\0size\0"s + "300" + "\0forced_expire\0"s + "0" + "\0sender\0\0"s;
    for (const auto& [to, why] : recipients) bytes += "recipient\0"s + to + "\0reason\0"s + why + "\0"s;
    bytes += '\0';
  }
  [[nodiscard]] std::string whole() const { return bytes + '\0'; }
};

base::QueuedMail read(const std::string& bytes, std::size_t piece, bool complete = true) {
  ListingReader reader("example.com");
  bool done = false;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    EXPECT_FALSE(done) << "complete before its end";
    const auto now = reader.take(std::string_view(bytes).substr(at, piece));
    EXPECT_TRUE(now) << (now ? "" : base::to_text(now.error()));
    done = now && *now;
  }
  EXPECT_EQ(done, complete);
  return reader.listed();
}

Queue mixed() {
  Queue queue;
  queue.message("deferred", 200, {{"a@example.com", "timed out"}, {"b@other.example", "no route"}, {"c@EXAMPLE.com", "busy\x1b[2J"}});
  queue.message("active", 100, {{"a@example.com", ""}});
  queue.message("hold", 300, {{"d@example.com", ""}, {"e@sub.example.com", ""}, {"\"x@example.com\"@other.example", ""}});
  queue.message("incoming", 400, {{"postmaster", ""}});
  return queue;
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

TEST(Listing, ACutOneIsNotComplete) {
  const std::string bytes = mixed().whole();
  for (std::size_t size = 0; size < bytes.size(); ++size) (void)read(bytes.substr(0, size), 16, false);
}

TEST(Listing, WhatIsNoListingIsSaidAndLongStringsAreNotKept) {
  for (const std::string& bytes : {"\0"s, "220 mail ESMTP\r\n\0"s, "queue_name\0x\0"s}) {
    ListingReader reader("example.com");
    EXPECT_FALSE(reader.take(bytes)) << bytes;
  }
  ListingReader reader("example.com");
  const std::string much(1U << 20, 'x');
  ASSERT_TRUE(reader.take("protocol\0"s));
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(reader.take(much));
}

/// A lister with a Postfix that the test plays.
struct ListerTest : testing::Test {
  hands::Descriptor open() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    postfix = hands::Descriptor(ends[0]);
    return hands::Descriptor(ends[1]);
  }
  base::Result<base::QueuedMail> answer() {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [this] { return came.has_value(); }));
    return came ? *came : base::fail(base::ErrorCode::internal, "no answer");
  }
  void read() {
    lister.read(open(), "example.com", [this](base::Result<base::QueuedMail> what) {
      const std::scoped_lock lock(mutex);
      came = std::move(what);
      changed.notify_all();
    });
  }
  void say(const std::string& bytes) { EXPECT_EQ(::send(postfix.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size())); }

  hands::Descriptor postfix;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<base::Result<base::QueuedMail>> came;
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
  read();
  say(mixed().bytes);
  const auto listed = answer();
  ASSERT_TRUE(listed);
  EXPECT_FALSE(listed->whole);
  EXPECT_EQ(listed->messages, 3U);
}

TEST_F(ListerTest, SaysThatPostfixEndedBefore) {
  read();
  say(mixed().bytes);
  postfix = hands::Descriptor();
  EXPECT_FALSE(answer());
}

}  // namespace
}  // namespace postern::applier
