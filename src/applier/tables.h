#pragma once

#include "base/result.h"
#include "gateway/plan.h"

#include <cstdint>
#include <string>
#include <vector>

/// Postfix's LMDB maps (lmdb_table(5)), written in process. Keys and values end in a NUL, as
/// postmap writes them, and every transaction runs under the exclusive lock that Postfix's readers
/// take shared, since its databases are opened without LMDB's own lock file. Never flushed: after a
/// crash of the host the tables are made again from the store (see `trusted`).
namespace postern::applier {

/// The folder DIR/tables. One thread.
class Tables {
 public:
  explicit Tables(std::string folder);

  /// Rows of one table, all or none. A new table is written beside and renamed, so that no reader
  /// sees half of it. The map grows as it must. Error: io, naming the table and LMDB's reason; busy
  /// when a reader keeps the lock for 5 s.
  base::Result<std::uint64_t> change(const gateway::TableChange& change);

  /// Makes the table hold exactly these rows, whatever it held: rows written; a table that cannot
  /// be trusted is made anew.
  base::Result<std::uint64_t> make(const gateway::Table& table);

  /// Reads the changed rows back through an environment of its own, as Postfix does. Error:
  /// damaged.
  [[nodiscard]] base::Result<void> read_back(const gateway::TableChange& change) const;

  /// False until `trust` when the host was started since the tables were last written: unflushed
  /// pages may be missing, and LMDB must not map such a file.
  [[nodiscard]] bool trusted() const { return trusted_; }
  void trust();

  /// Removes the tables that are not in `keep`.
  void sweep(const std::vector<gateway::Table>& keep) const;

 private:
  [[nodiscard]] std::string path(const std::string& table) const;
  base::Result<std::uint64_t> make_anew(const std::string& table,
                                        const std::map<std::string, std::string>& rows) const;

  std::string folder_;
  bool trusted_ = false;
};

}  // namespace postern::applier
