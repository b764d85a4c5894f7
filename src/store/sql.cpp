#include "store/sql.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstring>
#include <utility>

namespace postern::store {
namespace {

constexpr int largest_row = 128 << 20;  // bytes; no row of ours comes near

base::Error error_of(sqlite3* connection) {
  const char* file = sqlite3_db_filename(connection, "main");
  const std::string where = file == nullptr ? "" : file;
  const std::string why = sqlite3_errmsg(connection);
  switch (sqlite3_errcode(connection) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return base::fail(base::ErrorCode::busy, where,
                        "Another process has this store open. One machine's store serves one posternd.");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return base::fail(base::ErrorCode::damaged, where,
                        fmt::format("The store is damaged ({}). Put a backup in its place, or move it away "
                                    "and let this machine join its cluster again.",
                                    why));
    case SQLITE_TOOBIG:
      return base::fail(base::ErrorCode::damaged, where,
                        "A row of the store is larger than any that this program writes. Put a backup in its place, or "
                        "move it away and let this machine join its cluster again.");
    case SQLITE_FULL: return base::fail(base::ErrorCode::io, where, "The disk is full; nothing was stored. Make room on it.");
    default: break;
  }
  const int number = sqlite3_system_errno(connection);
  return base::fail(base::ErrorCode::io, where,
                    fmt::format("The disk refused a read or write ({}{}{}).", why, number != 0 ? ": " : "",
                                number != 0 ? std::strerror(number) : ""));
}

}  // namespace

void CloseSql::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void FinishSql::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

void ReturnSql::operator()(sqlite3_stmt* handle) const {
  sqlite3_reset(handle);
  sqlite3_clear_bindings(handle);
  std::unique_ptr<sqlite3_stmt, FinishSql> mine(handle);
  idle->try_emplace(sqlite3_sql(handle), std::move(mine));  // a second one of the same text is not kept
}

Statement& Statement::bind(std::int64_t number) {
  bound_ = sqlite3_bind_int64(handle_.get(), next_++, number) == SQLITE_OK && bound_;
  return *this;
}

Statement& Statement::bind(std::string_view bytes) {
  // A null pointer would be stored as NULL, which an empty value is not.
  const char* start = bytes.data() == nullptr ? "" : bytes.data();
  bound_ = sqlite3_bind_blob64(handle_.get(), next_++, start, bytes.size(), SQLITE_STATIC) == SQLITE_OK && bound_;
  return *this;
}

Statement& Statement::bind(const base::Hash& hash) {
  return bind(std::string_view(reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()));
}

Statement& Statement::bind(const base::MemberId& member) {
  const auto& bytes = member.uuid.bytes;
  return bind(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

base::Result<bool> Statement::step() {
  next_ = 1;
  if (!std::exchange(bound_, true)) return error_of(connection_);
  const int result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) {
    sqlite3_reset(handle_.get());
    return false;
  }
  base::Error error = error_of(connection_);
  sqlite3_reset(handle_.get());
  return error;
}

base::Result<void> Statement::run() {
  auto row = step();
  if (!row) return row.error();
  if (!*row) return {};
  const char* file = sqlite3_db_filename(connection_, "main");
  reset();
  return base::fail(base::ErrorCode::damaged, file == nullptr ? "" : file,
                    "The store's tables are not those of this program. Put a backup in its place, or move it away and let "
                    "this machine join its cluster again.");
}

void Statement::reset() {
  sqlite3_reset(handle_.get());
  next_ = 1;
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(handle_.get(), column); }

std::string Statement::bytes(int column) const {
  const auto* start = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return start == nullptr ? std::string() : std::string(start, size);
}

base::Hash Statement::hash(int column) const {
  base::Hash hash;
  const std::string raw = bytes(column);
  if (raw.size() == hash.bytes.size()) std::memcpy(hash.bytes.data(), raw.data(), raw.size());
  return hash;
}

base::Result<Sql> Sql::open(const std::string& path, const char* vfs) {
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs);
  Sql sql;
  sql.handle_.reset(raw);
  if (result != SQLITE_OK) return sql.error();
  sqlite3_extended_result_codes(raw, 1);
  // What stands in the file's schema runs nothing: whoever could write the file must not be obeyed.
  for (const int option : {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW, SQLITE_DBCONFIG_TRUSTED_SCHEMA})
    sqlite3_db_config(raw, option, 0, nullptr);
  sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, largest_row);
  return sql;
}

base::Result<void> Sql::run(const char* text) {
  if (sqlite3_exec(handle_.get(), text, nullptr, nullptr, nullptr) != SQLITE_OK) return error();
  return {};
}

base::Result<Statement> Sql::prepare(const char* text) {
  if (auto known = idle_->extract(text)) return Statement(handle_.get(), known.mapped().release(), *idle_);
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), text, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) return error();
  return Statement(handle_.get(), raw, *idle_);
}

base::Result<void> Sql::run_kept(const char* text) {
  auto statement = prepare(text);
  return statement ? statement->run() : statement.error();
}

base::Result<std::int64_t> Sql::number(const char* query) {
  auto statement = prepare(query);
  if (!statement) return statement.error();
  auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->number(0) : 0;
}

base::Result<std::string> Sql::text(const char* query) {
  auto statement = prepare(query);
  if (!statement) return statement.error();
  auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->bytes(0) : std::string();
}

base::Error Sql::error() const { return error_of(handle_.get()); }

bool Sql::disk_full() const { return (sqlite3_errcode(handle_.get()) & 0xff) == SQLITE_FULL; }

}  // namespace postern::store
