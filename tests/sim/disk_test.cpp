// The disk forgets exactly what a disk would forget.
#include "sim/disk.h"

#include <gtest/gtest.h>

#include <string>

#include "base/crypto.h"

namespace postern::sim {
namespace {

cluster::Persist persist(cluster::Token token, const std::string& header, bool flush = true) {
  cluster::Persist out;
  out.token = token;
  out.flush = flush;
  out.commits.push_back({{header, {}}, false});
  return out;
}

bool holds(const Image& image, const std::string& header) { return image.find(base::hash_bytes(header)) != nullptr; }

void write(Disk& disk, cluster::Persist what) {
  disk.queue(std::move(what));
  ASSERT_TRUE(disk.start());
  const bool wants_sync = disk.written();
  if (wants_sync) {
    disk.synced(How::done);
  }
}

TEST(Disk, KeepsWhatWasSyncedThroughEverything) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    Disk disk;
    write(disk, persist(1, "synced"));
    disk.power_loss(random);
    disk.open();
    disk.kill(random);
    disk.open();
    EXPECT_TRUE(holds(disk.durable(), "synced"));
  }
}

TEST(Disk, AKillForgetsOnlyWhatWasInTheProcess) {
  bool being_written_kept = false;
  bool being_written_lost = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    Disk disk;
    write(disk, persist(1, "unflushed", false));
    disk.queue(persist(2, "being written"));
    ASSERT_TRUE(disk.start());
    disk.queue(persist(3, "in the process"));
    disk.kill(random);
    disk.open();
    EXPECT_TRUE(holds(disk.durable(), "unflushed"));
    EXPECT_FALSE(holds(disk.durable(), "in the process"));
    (holds(disk.durable(), "being written") ? being_written_kept : being_written_lost) = true;
  }
  EXPECT_TRUE(being_written_kept);
  EXPECT_TRUE(being_written_lost);
}

TEST(Disk, APowerCutKeepsAPrefixOfWhatWasNotSynced) {
  bool all = false;
  bool none = false;
  bool some = false;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(seed);
    Disk disk;
    write(disk, persist(1, "one", false));
    write(disk, persist(2, "two", false));
    disk.power_loss(random);
    disk.open();
    const bool one = holds(disk.durable(), "one");
    const bool two = holds(disk.durable(), "two");
    EXPECT_TRUE(one || !two) << "the later one without the earlier, seed " << seed;
    all = all || two;
    none = none || !one;
    some = some || (one && !two);
  }
  EXPECT_TRUE(all && none && some);
}

TEST(Disk, ASyncCarriesWhatWasWrittenBeforeIt) {
  Random random(1);
  Disk disk;
  write(disk, persist(1, "unflushed", false));
  EXPECT_FALSE(holds(disk.durable(), "unflushed"));
  write(disk, persist(2, "flushed"));
  EXPECT_TRUE(holds(disk.durable(), "unflushed"));
}

TEST(Disk, JoinsWhatWaitsIntoOneTransaction) {
  Disk disk;
  disk.queue(persist(1, "one"));
  disk.queue(persist(2, "two", false));
  disk.queue(persist(3, "three"));
  ASSERT_TRUE(disk.start());
  EXPECT_FALSE(disk.start());
  ASSERT_TRUE(disk.written());
  EXPECT_EQ(disk.synced(How::done), (std::vector<cluster::Token>{1, 3}));
  EXPECT_TRUE(disk.idle());
  EXPECT_TRUE(holds(disk.durable(), "two"));
}

TEST(Disk, AFailedFlushLeavesNothing) {
  Random random(1);
  Disk disk;
  disk.queue(persist(1, "failed"));
  ASSERT_TRUE(disk.start() && disk.written());
  EXPECT_EQ(disk.synced(How::failed), (std::vector<cluster::Token>{1}));
  disk.kill(random);
  disk.open();
  EXPECT_FALSE(holds(disk.durable(), "failed"));
}

TEST(Disk, AnUnknownFlushMayBeFoundAtRestartUnlessMoreWasWritten) {
  bool found = false;
  bool lost = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    Disk disk;
    disk.queue(persist(1, "doubtful"));
    ASSERT_TRUE(disk.start() && disk.written());
    disk.synced(How::unknown);
    EXPECT_FALSE(holds(disk.reading(), "doubtful"));
    Disk more = disk;
    disk.kill(random);
    disk.open();
    (holds(disk.durable(), "doubtful") ? found : lost) = true;
    write(more, persist(2, "later", false));
    more.kill(random);
    more.open();
    EXPECT_FALSE(holds(more.durable(), "doubtful"));
    EXPECT_TRUE(holds(more.durable(), "later"));
  }
  EXPECT_TRUE(found && lost);
}

TEST(Disk, KeepsNothingWhoseDropIsOnItsWay) {
  Disk disk;
  write(disk, persist(1, "commit"));
  const base::Hash id = base::hash_bytes("commit");
  EXPECT_TRUE(disk.keeps(id));
  cluster::Persist drop;
  drop.drop = {id};
  drop.flush = false;
  disk.queue(drop);
  EXPECT_FALSE(disk.keeps(id));
  ASSERT_TRUE(disk.start());
  EXPECT_FALSE(disk.keeps(id));
  disk.written();
  EXPECT_FALSE(disk.keeps(id));
  EXPECT_TRUE(holds(disk.durable(), "commit"));
}

TEST(Disk, AReaderDoesNotSeeTheTransactionUnderWay) {
  Disk disk;
  disk.queue(persist(1, "under way"));
  ASSERT_TRUE(disk.start() && disk.written());
  EXPECT_FALSE(holds(disk.reading(), "under way"));
  disk.synced(How::done);
  EXPECT_TRUE(holds(disk.reading(), "under way"));
}

TEST(Image, PromotesAndDrops) {
  Image image;
  cluster::Persist first = persist(1, "staged");
  first.commits.front().staged = true;
  first.commits.push_back({{"other", {}}, true});
  first.commits.push_back({{"third", {}}, false});
  image.apply(first);
  cluster::Persist second;
  second.promote = {base::hash_bytes("other")};
  second.drop = {base::hash_bytes("staged"), base::hash_bytes("never there")};
  image.apply(second);
  ASSERT_EQ(image.commits.size(), 2U);
  EXPECT_FALSE(image.find(base::hash_bytes("other"))->staged);
  EXPECT_EQ(image.find(base::hash_bytes("third"))->envelope.header, "third");
  EXPECT_FALSE(holds(image, "staged"));
}

}  // namespace
}  // namespace postern::sim
