#include "tests/store/fixture.h"

#include <sqlite3.h>

namespace postern::store {
namespace {

/// A store with three commits, closed cleanly, so that all is in the main file.
void make_closed(const std::string& path) {
  auto store = open_store(path);
  for (std::uint64_t seq = 1; seq <= 3; ++seq) ASSERT_TRUE(store->write({batch_of(seq)}, nullptr));
}

void run_sql(const std::string& path, const char* text) {
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, text, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(raw);
  sqlite3_close(raw);
}

void expect_refused_untouched(const std::string& path, base::ErrorCode code, const std::string& word) {
  const std::string before = read_file(path);
  const std::string log_before = read_file(path + "-wal");
  auto store = Store::open(path);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, code) << base::to_text(store.error());
  EXPECT_NE(base::to_text(store.error()).find(path), std::string::npos) << "names the file";
  EXPECT_NE(store.error().text.find(word), std::string::npos) << store.error().text;
  EXPECT_TRUE(read_file(path) == before) << "the file was changed";
  EXPECT_TRUE(read_file(path + "-wal") == log_before) << "its log was changed";
}

TEST(Damage, ForeignFilesAreLeftAlone) {
  const Folder folder;
  write_file(folder.file("text"), std::string(500, 'A'));
  expect_refused_untouched(folder.file("text"), base::ErrorCode::damaged, "not a Postern store");
  write_file(folder.file("short"), "SQLite format 3");
  expect_refused_untouched(folder.file("short"), base::ErrorCode::damaged, "too short");
  run_sql(folder.file("other"), "PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1);");
  expect_refused_untouched(folder.file("other"), base::ErrorCode::damaged, "another program");
  write_file(folder.file("empty"), "");
  expect_refused_untouched(folder.file("empty"), base::ErrorCode::damaged, "empty");
}

TEST(Damage, ALogWithoutItsStoreIsLeftAlone) {
  const Folder folder;
  write_file(folder.file("store-wal"), std::string(5000, 'B'));
  auto store = Store::open(folder.file());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, base::ErrorCode::damaged);
  EXPECT_EQ(read_file(folder.file("store-wal")), std::string(5000, 'B'));
  EXPECT_FALSE(std::filesystem::exists(folder.file()));
}

TEST(Damage, ANewerFormatIsLeftAlone) {
  const Folder folder;
  make_closed(folder.file());
  run_sql(folder.file(), "PRAGMA user_version=2");
  expect_refused_untouched(folder.file(), base::ErrorCode::unsupported, "newer version");
}

TEST(Damage, ANewerFormatThatIsOnlyInTheLogIsLeftAlone) {
  const Folder folder;
  make_closed(folder.file());
  {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(folder.file().c_str(), &raw), SQLITE_OK);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    ASSERT_EQ(sqlite3_exec(raw, "PRAGMA user_version=9", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(raw);
  }
  ASSERT_GT(std::filesystem::file_size(folder.file("store-wal")), 0U);
  expect_refused_untouched(folder.file(), base::ErrorCode::unsupported, "format 9");
}

TEST(Damage, ACutFileIsLeftAlone) {
  const Folder folder;
  make_closed(folder.file());
  const std::string whole = read_file(folder.file());
  for (const std::size_t size : {std::size_t{200}, whole.size() / 2, whole.size() - 1}) {
    write_file(folder.file(), whole.substr(0, size));
    expect_refused_untouched(folder.file(), base::ErrorCode::damaged, "cut off");
  }
}

/// Flips one bit of the first place where `what` stands in the file.
void flip(const std::string& path, const std::string& what) {
  std::string bytes = read_file(path);
  const auto place = bytes.find(what);
  ASSERT_NE(place, std::string::npos);
  bytes[place + what.size() / 2] = static_cast<char>(bytes[place + what.size() / 2] ^ 4);
  write_file(path, bytes);
}

TEST(Damage, AFlippedBitInACommitIsFoundAtLoadAndMendedByAnothersCopy) {
  const Folder folder;
  make_closed(folder.file());
  const auto envelope = batch_of(2).persist.commits[0].envelope;
  flip(folder.file(), envelope.header);
  auto store = open_store(folder.file());
  auto contents = store->load();
  ASSERT_TRUE(contents) << "a machine that does not start mends nothing";
  EXPECT_EQ(contents->commits.size(), 2U) << "the others are there";
  ASSERT_EQ(contents->damaged.size(), 1U);
  EXPECT_EQ(contents->damaged[0].stored, envelope.id());
  EXPECT_NE(contents->damaged[0].found, envelope.id());
  EXPECT_FALSE(store->commits({envelope.id()}, 1U << 20)) << "it is not shipped";
  ASSERT_TRUE(store->write({batch_of(2), batch_of(3)}, nullptr)) << "fetched again from another machine";
  EXPECT_EQ(whole_batches(*store), 3U);
  EXPECT_TRUE(store->load()->damaged.empty());
}

TEST(Damage, AValueThatWasDamagedIsMendedByAnothersCopy) {
  const Folder folder;
  make_closed(folder.file());
  const auto [hash, bytes] = *batch_of(2).persist.values.begin();
  flip(folder.file(), bytes);
  auto store = open_store(folder.file());
  ASSERT_FALSE(store->value(hash));
  ASSERT_TRUE(store->write({batch_of(2)}, nullptr));
  ASSERT_TRUE(store->value(hash));
  EXPECT_EQ(**store->value(hash), bytes);
}

TEST(Damage, AFlippedBitInAValueIsFoundWhenRead) {
  const Folder folder;
  make_closed(folder.file());
  const auto [hash, bytes] = *batch_of(2).persist.values.begin();
  flip(folder.file(), bytes);
  auto store = open_store(folder.file());
  auto value = store->value(hash);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, base::ErrorCode::damaged);
}

TEST(Damage, AfterAnUncleanEndABrokenTreeIsFoundAtOpen) {
  const Folder folder;
  {
    auto store = open_store(folder.file("live"));
    for (std::uint64_t seq = 1; seq <= 200; ++seq) ASSERT_TRUE(store->write({batch_of(seq)}, nullptr));
    ASSERT_TRUE(store->checkpoint());
    ASSERT_TRUE(store->write({batch_of(201)}, nullptr));
    std::string bytes = read_file(folder.file("live"));
    for (std::size_t page = 4096; page + 4096 <= bytes.size(); page += 4096)
      if (bytes[page] == 0x0d) bytes[page + 3] = 0x7f;  // a leaf that claims far too many cells
    write_file(folder.file(), bytes);
    write_file(folder.file("store-wal"), read_file(folder.file("live-wal")));
  }
  expect_refused_untouched(folder.file(), base::ErrorCode::damaged, "damaged");
}

TEST(Damage, TwoProcessesCannotShareAStore) {
  const Folder folder;
  auto store = open_store(folder.file());
  auto second = Store::open(folder.file());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::busy);
  ASSERT_TRUE(store->write({batch_of(1)}, nullptr)) << "the first goes on";
}

TEST(Damage, AHalfMadeNewStoreIsMadeAgain) {
  const Folder folder;
  write_file(folder.file("store.new"), "half");
  auto store = open_store(folder.file());
  ASSERT_TRUE(store->write({batch_of(1)}, nullptr));
  EXPECT_FALSE(std::filesystem::exists(folder.file("store.new")));
}

}  // namespace
}  // namespace postern::store
