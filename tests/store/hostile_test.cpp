// A file that somebody has written: what it holds may be refused, and must neither run nor end the program.
#include "tests/store/fixture.h"

#include <sqlite3.h>

namespace postern::store {
namespace {

void run_sql(const std::string& path, const std::string& text) {
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(raw);
  sqlite3_close(raw);
}

void make_closed(const std::string& path) {
  auto store = open_store(path);
  for (std::uint64_t seq = 1; seq <= 3; ++seq) ASSERT_TRUE(store->write({batch_of(seq)}, nullptr));
}

/// Opens, reads and writes: whatever comes back is an answer.
bool usable(const std::string& path) {
  auto store = Store::open(path);
  if (!store) return false;
  auto contents = (*store)->load();
  const bool loaded = contents.has_value();
  (void)(*store)->commits({base::hash_bytes("x")}, 100);
  bool unknown = false;
  const bool written = (*store)->write({batch_of(4)}, &unknown).has_value();
  (void)(*store)->replace_all(batch_of(5));
  (void)(*store)->checkpoint();
  return loaded && written;
}

TEST(HostileFile, ATriggerInItDoesNotRun) {
  const Folder folder;
  make_closed(folder.file());
  run_sql(folder.file(), "CREATE TRIGGER t AFTER INSERT ON commits BEGIN DELETE FROM commits; END;");
  {
    auto store = open_store(folder.file());
    ASSERT_TRUE(store->write({batch_of(4)}, nullptr));
  }
  auto store = open_store(folder.file());
  EXPECT_EQ(whole_batches(*store), 4U);
}

TEST(HostileFile, AViewInATablesPlaceIsRefused) {
  const Folder folder;
  make_closed(folder.file());
  run_sql(folder.file(),
          "DROP TABLE commits; CREATE VIEW commits AS WITH RECURSIVE e(n) AS (SELECT 1 UNION ALL SELECT n+1 "
          "FROM e) SELECT n, x'00' AS hash, x'00' AS header, x'00' AS signature, 0 AS staged FROM e;");
  EXPECT_FALSE(usable(folder.file()));
}

TEST(HostileFile, TablesOfAnotherShapeAreAnswered) {
  for (const char* change : {"DROP TABLE blobs", "DROP TABLE meta", "ALTER TABLE commits DROP COLUMN staged", "DELETE FROM meta",
                             "UPDATE commits SET header='text', staged='text'", "UPDATE commits SET header=NULL WHERE 0",
                             "UPDATE commits SET signature=x'00'", "UPDATE commits SET hash=7 WHERE rowid=1",
                             "UPDATE notes SET value=12.5", "UPDATE commits SET header=zeroblob(50000000)"}) {
    const Folder folder;
    make_closed(folder.file());
    run_sql(folder.file(), change);
    (void)usable(folder.file());
  }
}

TEST(HostileFile, ARowOfAnySizeIsAnswered) {
  const Folder folder;
  make_closed(folder.file());
  run_sql(folder.file(), "INSERT OR REPLACE INTO notes VALUES('big', zeroblob(200000000))");
  auto store = Store::open(folder.file());
  ASSERT_TRUE(store);
  const auto contents = (*store)->load();
  ASSERT_FALSE(contents);
  EXPECT_NE(base::to_text(contents.error()).find(folder.file()), std::string::npos);
}

TEST(HostileFile, ASignatureThatWasWrongIsMendedByTheTrueOne) {
  const Folder folder;
  make_closed(folder.file());
  run_sql(folder.file(), "UPDATE commits SET signature=x'00' WHERE n=2");
  auto store = open_store(folder.file());
  auto contents = store->load();
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->commits[1].envelope.signature, base::Signature{});
  ASSERT_TRUE(store->write({batch_of(2)}, nullptr)) << "it came again";
  contents = store->load();
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->commits[1].envelope.signature, batch_of(2).persist.commits[0].envelope.signature);
}

TEST(HostileFile, AnArgumentThatIsTooLargeIsAnError) {
  const Folder folder;
  auto store = open_store(folder.file());
  Batch batch;
  batch.notes["big"] = std::string(200'000'000, 'x');
  bool unknown = false;
  EXPECT_FALSE(store->write({batch}, &unknown));
  EXPECT_FALSE(unknown);
  EXPECT_TRUE(store->write({batch_of(1)}, &unknown));
}

}  // namespace
}  // namespace postern::store
