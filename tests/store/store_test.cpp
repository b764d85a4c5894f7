#include "store/store.h"

#include "tests/store/fixture.h"

#include <filesystem>
#include <sys/stat.h>

namespace postern::store {
namespace {

std::vector<std::uint64_t> seqs(const std::vector<cluster::StoredCommit>& commits) {
  std::vector<std::uint64_t> out;
  for (const auto& commit : commits) out.push_back(cluster::decode_header(commit.envelope.header)->dot.seq);
  return out;
}
std::vector<std::uint64_t> seqs(const std::vector<cluster::Ship::Item>& items) {
  std::vector<std::uint64_t> out;
  for (const auto& item : items) out.push_back(cluster::decode_header(item.envelope.header)->dot.seq);
  return out;
}
using Seqs = std::vector<std::uint64_t>;

TEST(Store, NewIsEmptyAndPrivate) {
  const Folder folder;
  auto store = open_store(folder.file());
  auto contents = store->load();
  ASSERT_TRUE(contents);
  EXPECT_TRUE(contents->commits.empty() && contents->notes.empty() && contents->pending.empty() && contents->in_use.empty());
  struct stat status {};
  ASSERT_EQ(::stat(folder.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(folder.file("store-wal").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST(Store, FlushesOverwriteALogThatIsLongAlready) {
  const Folder folder;
  const auto log_bytes = [&] { return std::filesystem::file_size(folder.file("store-wal")); };
  auto store = open_store(folder.file());
  const auto prepared = log_bytes();
  EXPECT_GE(prepared, 4U << 20);
  for (std::uint64_t seq = 1; seq <= 20; ++seq) ASSERT_TRUE(store->write({batch_of(seq)}, nullptr));
  EXPECT_EQ(log_bytes(), prepared);
  ASSERT_TRUE(store->checkpoint());
  ASSERT_TRUE(store->write({batch_of(21)}, nullptr));
  EXPECT_EQ(log_bytes(), prepared);
  // What SIGKILL leaves: the zeros behind the last transaction are no transaction, and no damage.
  write_file(folder.file("copy"), read_file(folder.file()));
  write_file(folder.file("copy-wal"), read_file(folder.file("store-wal")));
  EXPECT_EQ(open_store(folder.file("copy"))->load()->commits.size(), 21U);
}

TEST(Store, GivesBackEverythingAfterReopening) {
  const Folder folder;
  Batch batch = batch_of(1);
  const std::string odd("a\0b\xff", 4);
  batch.notes[odd] = "";
  batch.pending["session 7"] = odd;
  batch.in_use["listeners"] = "<listeners/>";
  ASSERT_TRUE(open_store(folder.file())->write({batch}, nullptr));

  auto store = open_store(folder.file());
  auto contents = store->load();
  ASSERT_TRUE(contents);
  ASSERT_EQ(contents->commits.size(), 1U);
  EXPECT_EQ(contents->commits[0].envelope, batch.persist.commits[0].envelope);
  EXPECT_FALSE(contents->commits[0].staged);
  EXPECT_EQ(contents->notes, (std::map<std::string, std::string>{{odd, ""}, {"last", "1"}}));
  EXPECT_EQ(contents->pending.at("session 7"), odd);
  EXPECT_EQ(contents->in_use.at("listeners"), "<listeners/>");
  const auto& [hash, bytes] = *batch.persist.values.begin();
  EXPECT_EQ(store->value(hash)->value(), bytes);
  EXPECT_FALSE(store->value(base::hash_bytes("nowhere"))->has_value());
}

TEST(Store, LoadsInTheOrderStored) {
  const Folder folder;
  auto store = open_store(folder.file());
  ASSERT_TRUE(store->write({batch_of(3), batch_of(1)}, nullptr));
  ASSERT_TRUE(store->write({batch_of(2)}, nullptr));
  EXPECT_EQ(seqs(store->load()->commits), (Seqs{3, 1, 2}));
}

TEST(Store, DeletesWhatIsGivenAsNothingAndRetiresAPendingSet) {
  const Folder folder;
  auto store = open_store(folder.file());
  Batch first;
  first.notes = {{"a", "1"}, {"b", "2"}};
  first.pending = {{"p", "1"}, {"q", "2"}, {"r", "3"}};
  first.in_use = {{"dns", "1"}};
  ASSERT_TRUE(store->write({first}, nullptr));
  Batch second = batch_of(1);
  second.notes["a"] = std::nullopt;
  second.pending["p"] = std::nullopt;
  second.in_use["dns"] = std::nullopt;
  second.persist.retire = "q";
  ASSERT_TRUE(store->write({second}, nullptr));
  auto contents = *store->load();
  EXPECT_EQ(contents.notes, (std::map<std::string, std::string>{{"b", "2"}, {"last", "1"}}));
  EXPECT_EQ(contents.pending, (std::map<std::string, std::string>{{"r", "3"}}));
  EXPECT_TRUE(contents.in_use.empty());
}

TEST(Store, StagedCommitsAreKeptUntilPromotedOrDropped) {
  const Folder folder;
  auto store = open_store(folder.file());
  Batch batch;
  for (std::uint64_t seq : {1U, 2U, 3U}) {
    Batch one = batch_of(seq);
    one.persist.commits[0].staged = true;
    batch.persist.commits.push_back(one.persist.commits[0]);
    batch.persist.values.merge(one.persist.values);
  }
  ASSERT_TRUE(store->write({batch}, nullptr));
  const auto id = [&](std::size_t i) { return batch.persist.commits[i].envelope.id(); };
  EXPECT_TRUE(store->commits({id(0), id(1), id(2)}, 1U << 20)->empty());
  Batch decide;
  decide.persist.promote = {id(0)};
  decide.persist.drop = {id(1), id(0)};  // what is visible is never dropped
  ASSERT_TRUE(store->write({decide}, nullptr));
  const auto commits = store->load()->commits;
  EXPECT_EQ(seqs(commits), (Seqs{1, 3}));
  EXPECT_FALSE(commits[0].staged);
  EXPECT_TRUE(commits[1].staged);
}

TEST(Store, ACommitThatComesTwiceStaysAndBecomesVisible) {
  const Folder folder;
  auto store = open_store(folder.file());
  Batch staged = batch_of(1);
  staged.persist.commits[0].staged = true;
  ASSERT_TRUE(store->write({staged}, nullptr));
  ASSERT_TRUE(store->write({batch_of(1)}, nullptr));
  ASSERT_TRUE(store->write({staged}, nullptr));
  const auto commits = store->load()->commits;
  ASSERT_EQ(commits.size(), 1U);
  EXPECT_FALSE(commits[0].staged);
}

base::Hash id_of(const Batch& batch) { return batch.persist.commits.at(0).envelope.id(); }

TEST(Store, CommitsAreReadByHashUpToTheLimit) {
  const Folder folder;
  auto store = open_store(folder.file());
  std::vector<base::Hash> ids;
  for (std::uint64_t seq = 1; seq <= 6; ++seq) {
    ASSERT_TRUE(store->write({batch_of(seq, true, 1000)}, nullptr));
    ids.push_back(id_of(batch_of(seq, true, 1000)));
  }
  const Batch twin = batch_of(4, true, 1001);  // a fork: the same dot, another commit
  ASSERT_NE(id_of(twin), ids[3]);
  ASSERT_TRUE(store->write({twin}, nullptr));
  const auto get = [&](const std::vector<base::Hash>& which, std::size_t most) { return *store->commits(which, most); };
  EXPECT_EQ(seqs(get({ids[1], ids[3], ids[2]}, 1U << 20)), (Seqs{2, 4, 3})) << "in the order asked for";
  EXPECT_EQ(get({id_of(twin)}, 1U << 20).at(0).envelope, twin.persist.commits[0].envelope);
  EXPECT_EQ(seqs(get(ids, 1)), (Seqs{1})) << "one at least, however small the limit";
  const auto three = get({ids[0], ids[1], ids[2]}, 1U << 20);
  std::size_t size = 0;
  for (const auto& item : three) size += item.envelope.header.size() + 64 + item.values.at(0).size();
  EXPECT_EQ(seqs(get(ids, size)), (Seqs{1, 2, 3})) << "a limit that is just met";
  EXPECT_EQ(seqs(get(ids, size - 1)), (Seqs{1, 2}));
  EXPECT_EQ(three[1].envelope, batch_of(2, true, 1000).persist.commits[0].envelope);
  EXPECT_EQ(three[1].values.at(0), batch_of(2, true, 1000).persist.values.begin()->second);
  EXPECT_FALSE(three[1].staged);
  EXPECT_EQ(seqs(get({ids[0], base::hash_bytes("nobody's"), ids[1]}, 1U << 20)), (Seqs{1})) << "not past what is not here";
}

TEST(Store, CommitsSayWhenAValueIsNotKept) {
  const Folder folder;
  auto store = open_store(folder.file());
  Batch batch = batch_of(1);
  batch.persist.values.clear();
  ASSERT_TRUE(store->write({batch}, nullptr));
  auto items = store->commits({id_of(batch)}, 1U << 20);
  ASSERT_FALSE(items);
  EXPECT_EQ(items.error().code, base::ErrorCode::not_found);
}

TEST(Store, ReplaceAllKeepsOnlyNotes) {
  const Folder folder;
  auto store = open_store(folder.file());
  Batch old = batch_of(1);
  old.pending["p"] = "1";
  old.in_use["dns"] = "1";
  old.notes["serial"] = "4F21";
  ASSERT_TRUE(store->write({old}, nullptr));
  Batch next = batch_of(7, true, 200, 2);
  next.notes["before-join"] = "settings";
  next.in_use["listeners"] = "2";
  ASSERT_TRUE(store->replace_all(next));
  const auto contents = *store->load();
  EXPECT_EQ(seqs(contents.commits), (Seqs{7}));
  EXPECT_EQ(contents.notes, (std::map<std::string, std::string>{{"serial", "4F21"}, {"before-join", "settings"}, {"last", "7"}}));
  EXPECT_TRUE(contents.pending.empty());
  EXPECT_EQ(contents.in_use, (std::map<std::string, std::string>{{"listeners", "2"}}));
  EXPECT_FALSE(store->value(old.persist.values.begin()->first)->has_value());
}

TEST(Store, OneFlushForEachWriteAndNoneWithout) {
  const Folder folder;
  auto store = open_store(folder.file());
  for (std::uint64_t seq = 1; seq <= 20; ++seq) {
    const auto before = store->flushes();
    ASSERT_TRUE(store->write({batch_of(seq)}, nullptr));
    EXPECT_EQ(store->flushes() - before, 1U) << seq;
  }
  auto before = store->flushes();
  ASSERT_TRUE(store->write({batch_of(21), batch_of(22, false), batch_of(23)}, nullptr));
  EXPECT_EQ(store->flushes() - before, 1U) << "three batches, one flush";
  before = store->flushes();
  const auto all_before = store->checkpoint_flushes();
  for (std::uint64_t seq = 24; seq <= 30; ++seq) ASSERT_TRUE(store->write({batch_of(seq, false)}, nullptr));
  EXPECT_EQ(store->flushes(), before);
  EXPECT_EQ(store->checkpoint_flushes(), all_before);
  ASSERT_TRUE(store->checkpoint());
  EXPECT_EQ(store->flushes(), before) << "a checkpoint's flushes are counted apart";
  EXPECT_GT(store->checkpoint_flushes(), all_before);
  ASSERT_TRUE(store->write({batch_of(31)}, nullptr));
  EXPECT_EQ(store->flushes() - before, 1U) << "after a checkpoint too";
  before = store->flushes();
  ASSERT_TRUE(store->replace_all(batch_of(1)));
  EXPECT_EQ(store->flushes() - before, 1U);
}

TEST(Store, BytesWrittenAreNearBytesChanged) {
  const Folder folder;
  auto store = open_store(folder.file());
  const auto before = store->bytes_written();
  ASSERT_TRUE(store->write({batch_of(1, true, 100'000)}, nullptr));
  const auto written = store->bytes_written() - before;
  EXPECT_GT(written, 100'000U);
  EXPECT_LT(written, 170'000U);
}

TEST(Store, ALargeValueSurvivesAndTheLogShrinksByCheckpoint) {
  const Folder folder;
  auto store = open_store(folder.file());
  const Batch batch = batch_of(1, true, 12U << 20);
  ASSERT_TRUE(store->write({batch}, nullptr));
  EXPECT_GT(store->log_bytes(), 12U << 20);
  ASSERT_TRUE(store->checkpoint());
  EXPECT_LT(store->log_bytes(), 64U << 10);
  const auto& [hash, bytes] = *batch.persist.values.begin();
  EXPECT_EQ(store->value(hash)->value(), bytes);
}

TEST(Store, ABatchThatCannotBeUnderstoodLeavesNothing) {
  const Folder folder;
  auto store = open_store(folder.file());
  ASSERT_TRUE(store->write({batch_of(1)}, nullptr));
  Batch bad = batch_of(2);
  bad.persist.commits.push_back({{"no header at all", {}}, false});
  bool unknown = true;
  EXPECT_FALSE(store->write({bad}, &unknown));
  EXPECT_FALSE(unknown);
  EXPECT_EQ(whole_batches(*store), 1U);
}

}  // namespace
}  // namespace postern::store
