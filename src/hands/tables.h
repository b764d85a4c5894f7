#pragma once

#include "base/result.h"
#include "hands/folder.h"
#include "hands/lmdb.h"
#include "hands/protocol.h"

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// Postfix's LMDB maps (lmdb_table(5)), which its daemons open while they are still root: so root
/// alone writes them, and posternd hands in rows only. Keys and values end in a NUL, as postmap
/// writes them, and every transaction runs under the exclusive lock that Postfix's readers take
/// shared, since its databases are opened without LMDB's own lock file. Never flushed: after a
/// crash of the host the tables are made anew.
namespace postern::hands {

class Tables {
 public:
  /// `folder`: root's; tables are readable for `group`.
  Tables(Folder folder, gid_t group) : folder_(std::move(folder)), group_(group) {}

  /// Rows of one table, all or none. A whole table is written beside and renamed, so that no reader
  /// sees half of it. The map grows as it must. Errors: io, naming the table and the reason (no
  /// room, read-only: what it held before stays), also when there is none to change; damaged; busy
  /// when a reader keeps the lock for 5 s.
  base::Result<void> change(const TableChange& change);
  /// Removes everything but the tables in `keep`.
  [[nodiscard]] base::Result<void> sweep(const std::vector<std::string>& keep) const;
  [[nodiscard]] const Folder& folder() const { return folder_; }

 private:
  /// A table that stays open between changes, as it was left.
  struct Kept {
    lmdb::Environment environment;
    struct stat left {};
  };
  base::Result<MDB_env*> environment_of(const std::string& file);
  void leave(const std::string& file);
  [[nodiscard]] std::string path(const std::string& file) const { return folder_.path() + "/" + file; }
  [[nodiscard]] base::Result<void> forget_before_this_boot() const;
  [[nodiscard]] base::Result<void> make_anew(const TableChange& change) const;
  [[nodiscard]] base::Result<void> write_beside(const std::string& name, const std::map<std::string, std::string>& rows) const;

  Folder folder_;
  gid_t group_;
  bool of_this_boot_ = false;
  std::map<std::string, Kept> kept_;
};

/// Names the tables' file, and the file that says which start of the host wrote them last.
std::string table_file(const std::string& table);
constexpr const char* boot_file = ".boot";
/// This start of the host, as the kernel names it; empty when it does not.
std::string host_start();

}  // namespace postern::hands
