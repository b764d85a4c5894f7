#pragma once

#include "base/result.h"
#include "store/sql.h"

#include <string>

/// The store's file: what it must look like before SQLite may touch it, and how a new one is made.
namespace postern::store {

constexpr std::int64_t application_id = 0x506f5354;  ///< "PoST", at offset 68 of the file
constexpr std::int64_t format_version = 1;           ///< user_version, at offset 60

enum class Found { nothing, store, store_with_log };

/// Reads the file's first bytes only. Errors: io; damaged (empty, cut off, or not ours),
/// unsupported (newer).
base::Result<Found> inspect(const std::string& path);

/// Makes a new, empty store beside and renames it into place: a crash leaves a whole store or none.
base::Result<void> make_file(const std::string& path, const char* vfs);

/// Opens an inspected file in WAL mode, alone, and checks it; a file that fails its checks is not
/// changed.
base::Result<Sql> open_file(const std::string& path, const char* vfs, Found found);

}  // namespace postern::store
