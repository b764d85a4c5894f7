#include "tests/store/fixture.h"

#include <atomic>
#include <future>
#include <thread>

namespace postern::store {
namespace {

/// Waits, at most 20 s, until the store's thread finds `asked` true.
bool becomes(Writer& writer, const std::function<bool(Store&)>& asked) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    std::promise<bool> answer;
    writer.run([&](Store& store) { answer.set_value(asked(store)); });
    if (answer.get_future().get()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));  // longer than what counts as idle
  }
  return false;
}

TEST(Writer, WhatIsQueuedTogetherIsOneFlush) {
  const Folder folder;
  Writer writer(open_store(folder.file()));
  std::promise<void> gate;
  std::promise<std::uint64_t> before;
  writer.run([&](Store& store) {
    before.set_value(store.flushes());
    gate.get_future().wait();
  });
  std::atomic<int> done{0};
  for (std::uint64_t seq = 1; seq <= 10; ++seq)
    writer.write(batch_of(seq), [&](const base::Result<void>& result, bool unknown) {
      if (result && !unknown) ++done;
    });
  gate.set_value();
  std::promise<std::uint64_t> after;
  writer.run([&](Store& store) {
    EXPECT_EQ(whole_batches(store), 10U) << "work runs after the writes queued before it";
    after.set_value(store.flushes());
  });
  EXPECT_EQ(after.get_future().get() - before.get_future().get(), 1U);
  EXPECT_EQ(done, 10);
}

TEST(Writer, FinishesWhatIsQueuedAtItsEnd) {
  const Folder folder;
  std::atomic<int> done{0};
  {
    Writer writer(open_store(folder.file()));
    for (std::uint64_t seq = 1; seq <= 50; ++seq)
      writer.write(batch_of(seq), [&](const base::Result<void>& result, bool) {
        if (result) ++done;
      });
  }
  EXPECT_EQ(done, 50);
  EXPECT_EQ(whole_batches(*open_store(folder.file())), 50U);
}

TEST(Writer, ARefusedBatchTakesOnlyItsFollowersWithIt) {
  const Folder folder;
  Writer writer(open_store(folder.file()));
  std::promise<void> gate;
  writer.run([&](Store&) { gate.get_future().wait(); });
  std::vector<int> results;
  const auto note = [&](const base::Result<void>& result, bool unknown) { results.push_back(unknown ? 2 : result ? 1 : 0); };
  writer.write(batch_of(1), note);
  Batch bad = batch_of(2);
  bad.persist.commits[0].envelope.header = "nonsense";
  writer.write(bad, note);
  writer.write(batch_of(3), note);
  gate.set_value();
  std::promise<std::uint64_t> held;
  writer.run([&](Store& store) { held.set_value(whole_batches(store)); });
  EXPECT_EQ(held.get_future().get(), 1U);
  EXPECT_EQ(results, (std::vector<int>{1, 0, 0}));
}

TEST(Writer, AnUnknownEndIsTold) {
  const Folder folder;
  Faults faults;
  Writer writer(open_store(folder.file(), std::make_unique<FaultyDisk>(faults)));
  std::promise<bool> told;
  writer.run([&](Store&) { faults.fail_syncs = 1000; });
  writer.write(batch_of(1), [&](const base::Result<void>& result, bool unknown) { told.set_value(!result && unknown); });
  EXPECT_TRUE(told.get_future().get());
}

TEST(Writer, MovesTheLogWhenIdle) {
  const Folder folder;
  Writer writer(open_store(folder.file()));
  writer.write(batch_of(1, true, 1U << 20), nullptr);
  EXPECT_TRUE(becomes(writer, [](Store& store) {
    return whole_batches(store) == 1 && store.log_bytes() < (64U << 10) && store.checkpoint_flushes() > 0;
  }));
}

TEST(Writer, ALongLogIsMovedWithoutWaitingForIdleness) {
  const Folder folder;
  Writer writer(open_store(folder.file()));
  std::promise<std::uint64_t> log;
  writer.write(batch_of(1, true, 9U << 20), nullptr);
  writer.run([&](Store& store) { log.set_value(store.log_bytes()); });
  EXPECT_LT(log.get_future().get(), 64U << 10);
}

}  // namespace
}  // namespace postern::store
