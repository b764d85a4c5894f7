#pragma once

#include "applier/privileged.h"
#include "base/result.h"
#include "gateway/plan.h"

#include <cstdint>
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

  /// False until `trust` when the host was started since the tables were last written: unflushed
  /// pages may be missing, and LMDB must not map such a file.
  [[nodiscard]] bool trusted() const { return trusted_; }
  void trust();

  /// Removes the tables that are not in `keep`.
  void sweep(const std::vector<gateway::Table>& keep) const;

 private:
  [[nodiscard]] std::string path(const std::string& table) const;
  base::Result<std::uint64_t> make_anew(const gateway::Table& table) const;

  std::string folder_;
  Privileged& privileged_;
  bool trusted_ = false;
};

}  // namespace postern::applier
