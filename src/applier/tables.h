#pragma once

#include "applier/privileged.h"
#include "base/result.h"
#include "gateway/plan.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Postfix's LMDB maps: what to write is found out here, by reading; root writes it
/// (hands/tables.h). Never flushed: after a crash of the host the tables are made again from the
/// store (see `trusted`).
namespace postern::applier {

/// The folder DIR/tables. One thread.
class Tables {
 public:
  /// `privileged` must outlive this.
  Tables(std::string folder, Privileged& privileged);

  /// Rows of one table, all or none. Returns how many. Errors: Privileged::table's.
  base::Result<std::uint64_t> change(const gateway::TableChange& change);

  /// Makes the table hold exactly these rows, whatever it held: rows written; a table that cannot
  /// be trusted is made anew.
  base::Result<std::uint64_t> make(const gateway::Table& table);

  /// Reads the changed rows back through an environment of its own, as Postfix does. Error:
  /// damaged.
  [[nodiscard]] base::Result<void> read_back(const gateway::TableChange& change) const;

  /// Whether the table's file is the very one that was last written or read whole here, untouched
  /// since: the same inode, size, time of change, owner and mode. Costs one stat(2). A table that is
  /// not is made anew, never opened: LMDB believes what it maps.
  [[nodiscard]] bool sound(const std::string& table) const;
  /// No table is sound until it is made anew: rows may be in some and not in others.
  void doubt() { known_.clear(); }
  /// How many tables were made anew so far: Postfix keeps the file before open until it is told.
  [[nodiscard]] std::uint64_t made_anew() const { return made_anew_; }

  /// False until `trust` when the host was started since the tables were last written: unflushed
  /// pages may be missing, and LMDB must not map such a file.
  [[nodiscard]] bool trusted() const { return trusted_; }
  void trust() { trusted_ = true; }

  /// Removes the tables that are not in `keep`, and what is left of tables that were not finished.
  void sweep(const std::vector<gateway::Table>& keep) const;

 private:
  [[nodiscard]] std::string path(const std::string& table) const;
  base::Result<std::uint64_t> make_anew(const gateway::Table& table);
  void remember(const std::string& table);

  /// What stat(2) said of a table's file when it was last known to be good.
  struct Seen {
    std::uint64_t device = 0, inode = 0, size = 0, changed_ns = 0, owner = 0, mode = 0;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  [[nodiscard]] static std::optional<Seen> see(const std::string& path);

  std::string folder_;
  Privileged& privileged_;
  bool trusted_ = false;
  std::map<std::string, Seen> known_;
  std::uint64_t made_anew_ = 0;
};

}  // namespace postern::applier
