#pragma once

#include "base/result.h"

#include <lmdb.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

/// Owners for LMDB's handles and the calls on them. Only for the rooms hands and applier.
namespace postern::hands::lmdb {

struct CloseEnvironment {
  void operator()(MDB_env* environment) const { mdb_env_close(environment); }
};
using Environment = std::unique_ptr<MDB_env, CloseEnvironment>;
struct AbortTransaction {
  void operator()(MDB_txn* transaction) const { mdb_txn_abort(transaction); }
};
using Transaction = std::unique_ptr<MDB_txn, AbortTransaction>;

/// Names the file and LMDB's reason. Error io when the system refused (no room, read-only, …): what
/// the file held before holds on; error damaged when the file is no sound database.
base::Error failed(const std::string& path, int code);

/// Opens the one-file database at `path` as Postfix does (NOSUBDIR, NOLOCK); `flags` are added. A
/// file that was cut is damaged: touching what is missing of its map would end the process.
base::Result<Environment> open(const std::string& path, unsigned flags);

/// Postfix's lock: fcntl(2) on the data file. An open file description lock, so that closing
/// another descriptor of this process's for the same file does not drop it. Released by release()
/// or by closing the environment. Error busy after 5 s.
base::Result<void> lock(MDB_env* environment, const std::string& path, bool exclusive);
void release(MDB_env* environment);

/// All rows, without the trailing NULs. Under the shared lock.
base::Result<std::map<std::string, std::string>> rows(MDB_env* environment, const std::string& path);

/// Puts and drops rows in one transaction, growing the map while it is full. Under the exclusive
/// lock.
base::Result<void> write(MDB_env* environment, const std::string& path, const std::map<std::string, std::string>& put,
                         const std::vector<std::string>& drop);

/// Looks the rows up: error damaged, naming the first that is not as it should be. Under the shared
/// lock.
base::Result<void> expect(MDB_env* environment, const std::string& path, const std::map<std::string, std::string>& there,
                          const std::vector<std::string>& gone);

}  // namespace postern::hands::lmdb
