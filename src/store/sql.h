#pragma once

#include "base/ids.h"
#include "base/result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

/// SQLite's handles as values with our errors. Only files of this room include it.
namespace postern::store {

struct CloseSql {
  void operator()(sqlite3* handle) const;
};
struct FinishSql {
  void operator()(sqlite3_stmt* handle) const;
};
/// Compiled statements that nobody uses now, by text: compiling one costs more than most of them do.
using IdleStatements = std::map<std::string_view, std::unique_ptr<sqlite3_stmt, FinishSql>>;
/// Puts a statement back among the idle ones, reset and without its arguments.
struct ReturnSql {
  IdleStatements* idle = nullptr;
  void operator()(sqlite3_stmt* handle) const;
};

/// Ends before its Sql.
class Statement {
 public:
  Statement(sqlite3* connection, sqlite3_stmt* handle, IdleStatements& idle)
      : connection_(connection), handle_(handle, ReturnSql{&idle}) {}

  /// Arguments in order, from 1; blobs are not copied and must outlive the step.
  Statement& bind(std::int64_t number);
  Statement& bind(std::string_view bytes);
  Statement& bind(const base::Hash& hash);
  Statement& bind(const base::MemberId& member);
  /// True: a row is there. A statement that came to its end is ready for new arguments.
  base::Result<bool> step();
  /// One step that gives no row. Error damaged: it gave one, so the file's tables are not as they were made.
  base::Result<void> run();
  void reset();

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string bytes(int column) const;
  /// Nil when the column is not 32 bytes long.
  [[nodiscard]] base::Hash hash(int column) const;

 private:
  sqlite3* connection_;
  std::unique_ptr<sqlite3_stmt, ReturnSql> handle_;
  int next_ = 1;
  bool bound_ = true;  ///< every argument was taken
};

class Sql {
 public:
  /// Opens an existing file through the named VFS.
  static base::Result<Sql> open(const std::string& path, const char* vfs);

  base::Result<void> run(const char* text);
  /// Compiled once and kept. idle statements are known by SQLite's own copy of it.
  base::Result<Statement> prepare(const char* text);
  /// One statement without a row, compiled once and kept.
  base::Result<void> run_kept(const char* text);
  /// First column of the first row as a number.
  base::Result<std::int64_t> number(const char* text);
  /// First column of the first row as text.
  base::Result<std::string> text(const char* query);
  /// The error that the connection has now, with the file's name. busy, damaged, or io.
  [[nodiscard]] base::Error error() const;
  [[nodiscard]] bool disk_full() const;
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

 private:
  std::unique_ptr<sqlite3, CloseSql> handle_;
  std::unique_ptr<IdleStatements> idle_ = std::make_unique<IdleStatements>();  ///< its place stays when this moves
};

}  // namespace postern::store
