// store/rows.h: rows with hostile columns. The input is rows, each "KIND LENGTH BYTES": one byte,
// two bytes, the bytes; a row of commits has a header, and its hash only where the kind says so.
#include "fuzz/support/folder.h"
#include "store/file.h"
#include "store/rows.h"

#include <sqlite3.h>

namespace {

using namespace postern;

/// An empty store, whose rows live in a transaction that never ends well.
store::Sql& sql() {
  static const fuzz::Folder folder;
  static store::Sql kept = [] {
    const std::string path = folder.file("store");
    FUZZ_CHECK(store::make_file(path, nullptr).has_value());
    auto opened = store::open_file(path, nullptr, store::Found::store);
    FUZZ_CHECK(opened.has_value());
    return std::move(*opened);
  }();
  return kept;
}

/// Puts bytes as a blob, a text or a number: SQLite's columns take all of them.
void bind(sqlite3_stmt* row, int column, unsigned kind, std::string_view bytes) {
  const int size = static_cast<int>(bytes.size());
  if (kind == 0)
    sqlite3_bind_blob(row, column, bytes.data(), size, SQLITE_STATIC);
  else if (kind == 1)
    sqlite3_bind_text(row, column, bytes.data(), size, SQLITE_STATIC);
  else if (kind == 2)
    sqlite3_bind_int64(row, column, size);
  else
    sqlite3_bind_double(row, column, 0.5);
}

void insert(const char* text, unsigned kind, std::string_view key, std::string_view value) {
  sqlite3_stmt* row = nullptr;
  if (sqlite3_prepare_v2(sql().handle(), text, -1, &row, nullptr) != SQLITE_OK) return;
  bind(row, 1, kind & 3U, key);
  bind(row, 2, kind >> 2U & 3U, value);
  (void)sqlite3_step(row);
  sqlite3_finalize(row);
}

void put_row(unsigned kind, std::string_view bytes, std::vector<base::Hash>& hashes) {
  constexpr const char* commit =
      "INSERT INTO commits(hash,member,incarnation,seq,header,signature,staged) "
      "VALUES(?1,x'00',?2,1,?2,?1,0)";
  constexpr const char* tables[] = {commit, "INSERT OR REPLACE INTO blobs VALUES(?1,?2)",
                                    "INSERT OR REPLACE INTO notes VALUES(?1,?2)", "INSERT OR REPLACE INTO pending VALUES(?1,?2)"};
  const base::Hash hash = base::hash_bytes(bytes);
  hashes.push_back(hash);
  const std::string_view right(reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size());
  const bool is_right = (kind & 0x80U) == 0;
  insert(tables[kind & 3U], is_right ? 0 : kind >> 2U, is_right ? right : bytes, bytes);
}

void read_all(const std::vector<base::Hash>& hashes) {
  store::Contents contents;
  const auto read = store::read_commits(sql(), contents);
  for (const auto& one : contents.damaged) FUZZ_CHECK(one.stored != one.found);
  const auto visible = store::read_visible(sql(), "F", hashes, 4096);
  for (const auto& hash : hashes) {
    const auto value = store::read_value(sql(), "F", hash);
    FUZZ_CHECK(!value || !*value || base::hash_bytes(**value) == hash);
  }
  (void)store::read_table(sql(), store::Table::pending);
  fuzz::tell(read && !contents.commits.empty() && store::read_table(sql(), store::Table::notes).has_value());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::view(data, size);
  FUZZ_CHECK(sql().run("BEGIN").has_value());
  std::vector<base::Hash> hashes;
  while (rest.size() >= 3 && hashes.size() < 32) {
    const unsigned kind = static_cast<unsigned char>(rest[0]);
    const std::size_t length = static_cast<unsigned char>(rest[1]) * 256U + static_cast<unsigned char>(rest[2]);
    put_row(kind, rest.substr(3, length), hashes);
    rest.remove_prefix(std::min(rest.size(), 3 + length));
  }
  read_all(hashes);
  FUZZ_CHECK(sql().run("ROLLBACK").has_value());
  return 0;
}
