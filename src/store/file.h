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

/// Gives a closed, flushed store its name, unless something has it already (exists). A crash leaves it under
/// one of the two names or both, whole.
base::Result<void> put_in_place(const std::string& beside, const std::string& path);

/// Opens an inspected file in WAL mode, alone, and checks it; a file that fails its checks is not
/// changed.
base::Result<Sql> open_file(const std::string& path, const char* vfs, Found found);

/// Writes zeros behind the log's end up to `prepared_log_bytes` and flushes them: a flush of bytes that the file has
/// already costs the file system half of one that makes the file longer, which goes through its journal too. SQLite
/// stops reading a log at the first frame that does not fit (https://www.sqlite.org/walformat.html §4.4), so zeros
/// are as good as an end. Where this fails (a full disk) the log is as it was, and only slower.
void prepare_log(const std::string& path);
constexpr std::int64_t prepared_log_bytes = 4 << 20;

}  // namespace postern::store
