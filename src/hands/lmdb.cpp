#include "hands/lmdb.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace postern::hands::lmdb {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t first_map_bytes = 16U << 20;  // Postfix's lmdb_map_size
constexpr std::size_t little_room = 256U << 10;
constexpr std::size_t last_map_bytes = std::size_t{16} << 30;

MDB_val bytes_of(const std::string& text) {
  return {text.size() + 1, const_cast<char*>(text.c_str())};  // with its NUL; LMDB does not write to it
}

std::string text_of(const MDB_val& value) {
  std::string text(static_cast<const char*>(value.mv_data), value.mv_size);
  if (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

/// The end of the last page that the database may refer to.
off_t bytes_used(MDB_env* environment) {
  MDB_envinfo info{};
  MDB_stat pages{};
  mdb_env_info(environment, &info);
  mdb_env_stat(environment, &pages);
  return static_cast<off_t>(info.me_last_pgno + 1) * pages.ms_psize;
}

/// Makes the file as long as its database. Longer: a transaction that found no room has left pages
/// there, which would keep the room that others need. Shorter: LMDB does not write pages at the end
/// that it freed in the same transaction; filled up by a hole, the size tells whether a file was
/// cut.
void fit(MDB_env* environment) {
  int file = -1;
  struct stat size {};
  if (mdb_env_get_fd(environment, &file) != 0 || fstat(file, &size) != 0) return;
  const off_t used = bytes_used(environment);
  if (size.st_size != used) (void)!ftruncate(file, used);
}

int write_once(MDB_env* environment, const std::map<std::string, std::string>& put, const std::vector<std::string>& drop) {
  MDB_txn* raw = nullptr;
  MDB_dbi database = 0;
  int code = mdb_txn_begin(environment, nullptr, 0, &raw);
  if (code != 0) return code;
  Transaction transaction(raw);
  code = mdb_dbi_open(raw, nullptr, 0, &database);
  for (auto row = drop.begin(); code == 0 && row != drop.end(); ++row) {
    MDB_val key = bytes_of(*row);
    code = mdb_del(raw, database, &key, nullptr);
    if (code == MDB_NOTFOUND) code = 0;
  }
  for (auto row = put.begin(); code == 0 && row != put.end(); ++row) {
    MDB_val key = bytes_of(row->first);
    MDB_val value = bytes_of(row->second);
    code = mdb_put(raw, database, &key, &value, 0);
  }
  return code == 0 ? mdb_txn_commit(transaction.release()) : code;
}

}  // namespace

base::Error failed(const std::string& path, int code) {
  if (code < 0) return fail(ErrorCode::damaged, path, fmt::format("The table is no sound database: {}.", mdb_strerror(code)));
  // LMDB calls a write that the system cut short an I/O error.
  struct statvfs disk {};
  if (code == EIO && statvfs(path.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < little_room) code = ENOSPC;
  std::string mend;
  if (code == ENOSPC || code == EDQUOT) mend = " Make room on its file system; what the table held before is still in force.";
  if (code == EROFS) mend = " Make its file system writable; what the table held before is still in force.";
  return fail(ErrorCode::io, path, fmt::format("The table cannot be used: {}.{}", mdb_strerror(code), mend));
}

base::Result<Environment> open(const std::string& path, unsigned flags) {
  MDB_env* raw = nullptr;
  int code = mdb_env_create(&raw);
  if (code != 0) return failed(path, code);
  Environment environment(raw);
  code = mdb_env_set_mapsize(raw, first_map_bytes);  // LMDB takes the file's own when it is larger
  if (code == 0) code = mdb_env_open(raw, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK | flags, 0640);
  if (code != 0) return failed(path, code);
  struct stat file {};
  if (stat(path.c_str(), &file) == 0 && file.st_size > 0 && file.st_size < bytes_used(raw))
    return fail(ErrorCode::damaged, path, "The table was cut: pages of it are missing.");
  return environment;
}

base::Result<void> lock(MDB_env* environment, const std::string& path, bool exclusive) {
  int file = -1;
  if (const int code = mdb_env_get_fd(environment, &file); code != 0) return failed(path, code);
  struct flock what {};
  what.l_type = exclusive ? F_WRLCK : F_RDLCK;
  what.l_whence = SEEK_SET;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (fcntl(file, F_OFD_SETLK, &what) != 0) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return failed(path, errno);
    if (std::chrono::steady_clock::now() > deadline)
      return fail(ErrorCode::busy, path, "Another process has kept this table locked for 5 seconds.");
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return {};
}

void release(MDB_env* environment) {
  int file = -1;
  if (mdb_env_get_fd(environment, &file) != 0) return;
  struct flock what {};
  what.l_type = F_UNLCK;
  what.l_whence = SEEK_SET;
  fcntl(file, F_OFD_SETLK, &what);
}

base::Result<std::map<std::string, std::string>> rows(MDB_env* environment, const std::string& path) {
  MDB_txn* raw = nullptr;
  int code = mdb_txn_begin(environment, nullptr, MDB_RDONLY, &raw);
  if (code != 0) return failed(path, code);
  const Transaction transaction(raw);
  MDB_dbi database = 0;
  MDB_cursor* cursor = nullptr;
  code = mdb_dbi_open(raw, nullptr, 0, &database);
  if (code == 0) code = mdb_cursor_open(raw, database, &cursor);
  if (code != 0) return failed(path, code);
  std::map<std::string, std::string> all;
  MDB_val key{};
  MDB_val value{};
  while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
    all.insert_or_assign(all.end(), text_of(key), text_of(value));
  mdb_cursor_close(cursor);
  if (code != MDB_NOTFOUND) return failed(path, code);
  return all;
}

base::Result<void> write(MDB_env* environment, const std::string& path, const std::map<std::string, std::string>& put,
                         const std::vector<std::string>& drop) {
  int code = write_once(environment, put, drop);
  while (code == MDB_MAP_FULL) {
    MDB_envinfo info{};
    mdb_env_info(environment, &info);
    if (info.me_mapsize >= last_map_bytes) break;
    code = mdb_env_set_mapsize(environment, info.me_mapsize * 2);
    if (code == 0) code = write_once(environment, put, drop);
  }
  base::Result<void> done;
  if (code != 0) done = failed(path, code);  // before room is given back
  fit(environment);
  return done;
}

base::Result<void> expect(MDB_env* environment, const std::string& path, const std::map<std::string, std::string>& there,
                          const std::vector<std::string>& gone) {
  MDB_txn* raw = nullptr;
  int code = mdb_txn_begin(environment, nullptr, MDB_RDONLY, &raw);
  if (code != 0) return failed(path, code);
  const Transaction transaction(raw);
  MDB_dbi database = 0;
  if (code = mdb_dbi_open(raw, nullptr, 0, &database); code != 0) return failed(path, code);
  const auto differs = [&](const std::string& row) {
    return fail(ErrorCode::damaged, path, fmt::format("The row {} does not read back as it was written.", row));
  };
  MDB_val value{};
  for (const auto& [row, text] : there) {
    MDB_val key = bytes_of(row);
    if (mdb_get(raw, database, &key, &value) != 0 || text_of(value) != text) return differs(row);
  }
  for (const std::string& row : gone) {
    MDB_val key = bytes_of(row);
    if (mdb_get(raw, database, &key, &value) != MDB_NOTFOUND) return differs(row);
  }
  return {};
}

}  // namespace postern::hands::lmdb
