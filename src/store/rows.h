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

/// All commits in the order stored; those whose header does not have its hash go to `damaged`.
base::Result<void> read_commits(Sql& sql, Contents& into);
base::Result<std::map<std::string, std::string>> read_table(Sql& sql, Table table);
base::Result<std::optional<std::string>> read_value(Sql& sql, const std::string& path, const base::Hash& hash);

/// Visible ones with their values, as Store::commits.
base::Result<std::vector<cluster::Ship::Item>> read_visible(Sql& sql, const std::string& path,
                                                            const std::vector<base::Hash>& hashes, std::size_t max_bytes);

base::Result<void> put_batch(Sql& sql, const Batch& batch);

}  // namespace postern::store
