#pragma once

#include "cluster/message.h"
#include "store/sql.h"
#include "store/store.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

/// The tables' rows. Everything here runs inside a transaction or between two; nothing here begins
/// one.
namespace postern::store {

enum class Table { notes, pending, in_use };

/// All commits in the order stored. Error damaged at the first whose header does not have its hash.
base::Result<std::vector<cluster::StoredCommit>> read_commits(Sql& sql, const std::string& path);
/// Moves the first damaged commit and all after it to the table `dropped` and returns them.
base::Result<std::vector<cluster::StoredCommit>> take_damaged(Sql& sql);
base::Result<std::map<std::string, std::string>> read_table(Sql& sql, Table table);
base::Result<std::optional<std::string>> read_value(Sql& sql, const std::string& path,
                                                    const base::Hash& hash);

struct Range {
  base::MemberId member;
  base::Incarnation incarnation = 0;
  std::uint64_t from_seq = 0;
  std::uint64_t to_seq = 0;
  std::size_t max_bytes = 0;
};
base::Result<std::vector<cluster::Ship::Item>> read_range(Sql& sql, const std::string& path,
                                                          const Range& range);

base::Result<void> put_batch(Sql& sql, const Batch& batch);

}  // namespace postern::store
