#include "tests/store/fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <functional>

namespace postern::store {
namespace {

/// Runs `work` in a child that tells a number for each thing it promises; kills it after `acks` of
/// them and a random moment more. Returns the last number told.
std::uint64_t kill_while(std::mt19937& random, unsigned acks, const std::function<void(int pipe)>& work) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    work(ends[1]);
    ::_exit(1);
  }
  ::close(ends[1]);
  std::uint64_t last = 0;
  std::uint64_t number = 0;
  for (unsigned i = 0; i < acks && ::read(ends[0], &number, sizeof number) == sizeof number; ++i) last = number;
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 1500);
  while (std::chrono::steady_clock::now() < until) {
  }
  ::kill(child, SIGKILL);
  while (::read(ends[0], &number, sizeof number) == sizeof number) last = number;
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  return last;
}

bool tell(int pipe, std::uint64_t number) { return ::write(pipe, &number, sizeof number) == sizeof number; }

TEST(Crash, EveryAcknowledgedBatchOutlivesSigkill) {
  const Folder folder;
  std::mt19937 random(7);
  std::uint64_t held = 0;
  for (int round = 0; round < 40; ++round) {
    const auto told = kill_while(random, 1 + static_cast<unsigned>(random() % 12), [&](int pipe) {
      auto store = Store::open(folder.file());
      if (!store) return;
      for (std::uint64_t seq = held + 1;; ++seq) {
        // Unflushed ones outlive a SIGKILL too: the kernel has them.
        if (!(*store)->write({batch_of(seq, seq % 3 != 0, 20 + seq % 9000)}, nullptr) || !tell(pipe, seq)) return;
        if (seq % 17 == 0 && !(*store)->checkpoint()) return;
      }
    });
    auto store = open_store(folder.file());
    ASSERT_NE(store, nullptr);
    const auto now = whole_batches(*store);
    ASSERT_GE(now, told) << "round " << round;
    ASSERT_GE(now, held) << "round " << round;
    held = now;
  }
  EXPECT_GT(held, 40U);
}

TEST(Crash, ReplaceAllIsWholeOrNothingUnderSigkill) {
  const Folder folder;
  std::mt19937 random(11);
  const auto generation = [](std::uint64_t number) {
    Batch batch;
    for (std::uint64_t seq = 1; seq <= 30; ++seq) {
      Batch one = batch_of(number * 100 + seq, true, 500);
      batch.persist.commits.push_back(one.persist.commits[0]);
      batch.persist.values.merge(one.persist.values);
    }
    batch.notes["generation"] = std::to_string(number);
    batch.pending["generation"] = std::to_string(number);
    return batch;
  };
  std::uint64_t held = 1;
  ASSERT_TRUE(open_store(folder.file())->replace_all(generation(held)));
  for (int round = 0; round < 20; ++round) {
    const auto told = kill_while(random, static_cast<unsigned>(random() % 4), [&](int pipe) {
      auto store = Store::open(folder.file());
      if (!store) return;
      for (std::uint64_t number = held + 1;; ++number)
        if (!(*store)->replace_all(generation(number)) || !tell(pipe, number)) return;
    });
    auto store = open_store(folder.file());
    ASSERT_NE(store, nullptr);
    auto contents = store->load();
    ASSERT_TRUE(contents);
    held = std::stoull(contents->notes.at("generation"));
    ASSERT_GE(held, told);
    ASSERT_EQ(contents->pending.at("generation"), std::to_string(held));
    const Batch expected = generation(held);
    ASSERT_EQ(contents->commits.size(), expected.persist.commits.size());
    for (std::size_t i = 0; i < contents->commits.size(); ++i)
      ASSERT_EQ(contents->commits[i].envelope, expected.persist.commits[i].envelope);
    for (const auto& [hash, bytes] : expected.persist.values) ASSERT_TRUE(store->value(hash)->has_value());
  }
}

TEST(Crash, WhatWasFlushedOutlivesADiskThatForgetsTheRest) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    const Folder folder;
    std::mt19937 random(seed);
    Faults faults;
    FaultyDisk::States states;
    auto disk = std::make_unique<FaultyDisk>(faults);
    disk->keep = &states;
    auto store = open_store(folder.file(), std::move(disk));
    faults.operations = 1 + static_cast<long>(random() % 250);
    std::uint64_t flushed = 0;
    for (std::uint64_t seq = 1; seq <= 80; ++seq) {
      const bool flush = random() % 2 == 0;
      if (!store->write({batch_of(seq, flush, random() % 6000)}, nullptr)) break;
      if (flush) flushed = seq;
      if (random() % 10 == 0) (void)store->checkpoint();
      if (faults.dead()) break;
    }
    faults.operations = 0;
    store.reset();
    FaultyDisk::power_cut(states, random);
    store = open_store(folder.file());
    ASSERT_NE(store, nullptr) << "seed " << seed;
    ASSERT_GE(whole_batches(*store), flushed) << "seed " << seed;
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

/// What a crash right now would leave, opened.
std::unique_ptr<Store> crashed_copy(const Folder& folder) {
  write_file(folder.file("copy"), read_file(folder.file()));
  write_file(folder.file("copy-wal"), read_file(folder.file("store-wal")));
  return open_store(folder.file("copy"));
}

TEST(Crash, OneFailedSyncIsAFinalNo) {
  const Folder folder;
  Faults faults;
  auto store = open_store(folder.file(), std::make_unique<FaultyDisk>(faults));
  ASSERT_TRUE(store->write({batch_of(1)}, nullptr));
  faults.fail_syncs = 1;
  bool unknown = true;
  auto result = store->write({batch_of(2)}, &unknown);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, base::ErrorCode::io);
  EXPECT_FALSE(unknown) << "it was undone, flushed";
  EXPECT_EQ(whole_batches(*store), 1U);
  EXPECT_EQ(whole_batches(*crashed_copy(folder)), 1U);
  ASSERT_TRUE(store->write({batch_of(2)}, nullptr));
  EXPECT_EQ(whole_batches(*store), 2U);
}

TEST(Crash, AnUndoneWriteDoesNotComeBackAfterAPowerCut) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    const Folder folder;
    std::mt19937 random(seed);
    Faults faults;
    FaultyDisk::States states;
    auto disk = std::make_unique<FaultyDisk>(faults);
    disk->keep = &states;
    auto store = open_store(folder.file(), std::move(disk));
    ASSERT_TRUE(store->write({batch_of(1)}, nullptr));
    faults.fail_syncs = 1;
    bool unknown = true;
    ASSERT_FALSE(store->write({batch_of(2)}, &unknown));
    ASSERT_FALSE(unknown);
    faults.operations = 0;
    store.reset();
    FaultyDisk::power_cut(states, random);
    ASSERT_EQ(whole_batches(*open_store(folder.file())), 1U) << "seed " << seed;
  }
}

TEST(Crash, AFailedSyncThatCannotBeUndoneIsUnknownUntilItCan) {
  const Folder folder;
  Faults faults;
  auto store = open_store(folder.file(), std::make_unique<FaultyDisk>(faults));
  ASSERT_TRUE(store->write({batch_of(1)}, nullptr));
  faults.fail_syncs = 1000;
  bool unknown = false;
  ASSERT_FALSE(store->write({batch_of(2)}, &unknown));
  EXPECT_TRUE(unknown);
  EXPECT_LE(whole_batches(*crashed_copy(folder)), 2U) << "there or not, but whole";
  unknown = true;
  ASSERT_FALSE(store->write({batch_of(2)}, &unknown));
  EXPECT_FALSE(unknown) << "nothing of this one was written";
  EXPECT_EQ(store->replace_all(batch_of(1)).error().code, base::ErrorCode::io);
  faults.fail_syncs = 0;
  EXPECT_EQ(whole_batches(*store), 1U);
  ASSERT_TRUE(store->write({batch_of(2)}, nullptr));
  EXPECT_EQ(whole_batches(*store), 2U);
  EXPECT_EQ(whole_batches(*crashed_copy(folder)), 2U);
}

TEST(Crash, AnUnknownReplaceIsInDoubt) {
  const Folder folder;
  Faults faults;
  auto store = open_store(folder.file(), std::make_unique<FaultyDisk>(faults));
  faults.fail_syncs = 1000;
  auto result = store->replace_all(batch_of(1));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, base::ErrorCode::in_doubt);
}

TEST(Crash, AFullDiskRefusesWholeBatchesAndGoesOnWhenThereIsRoom) {
  for (const long room : {0L, 3000L, 5000L, 20'000L, 60'000L}) {
    const Folder folder;
    Faults faults;
    auto store = open_store(folder.file(), std::make_unique<FaultyDisk>(faults));
    ASSERT_TRUE(store->write({batch_of(1)}, nullptr));
    faults.room = room;
    bool unknown = true;
    auto result = store->write({batch_of(2, true, 100'000)}, &unknown);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, base::ErrorCode::io);
    EXPECT_NE(result.error().text.find("full"), std::string::npos);
    EXPECT_FALSE(unknown);
    EXPECT_EQ(whole_batches(*store), 1U);
    EXPECT_EQ(whole_batches(*crashed_copy(folder)), 1U);
    faults.room = -1;
    ASSERT_TRUE(store->write({batch_of(2, true, 100'000)}, nullptr));
    EXPECT_EQ(whole_batches(*store), 2U);
  }
}

TEST(Crash, AFullDiskDoesNotKeepAStoreFromOpening) {
  const Folder folder;
  ASSERT_TRUE(open_store(folder.file())->write({batch_of(1)}, nullptr));
  Faults faults;
  faults.room = 0;
  auto store = open_store(folder.file(), std::make_unique<FaultyDisk>(faults));
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(whole_batches(*store), 1U);
}

}  // namespace
}  // namespace postern::store
