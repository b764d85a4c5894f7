#include "store/disk.h"

#include "base/assert.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

namespace postern::store {

int Disk::may_write(const std::string&, std::uint64_t, const char*, std::size_t) { return 0; }
int Disk::may_truncate(const std::string&, std::uint64_t) { return 0; }
int Disk::may_sync(const std::string&) { return 0; }
void Disk::synced(const std::string&) {}

namespace {

/// Followed in memory by the system's own sqlite3_file (szOsFile leaves room for both).
struct WatchedFile {
  sqlite3_file base;  // first: SQLite sees only this
  Disk* disk;
  std::string* path;

  // Three pointers: what follows is aligned for any of SQLite's own structs.
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

WatchedFile* watched(sqlite3_file* file) { return reinterpret_cast<WatchedFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return watched(file)->real(); }
sqlite3_vfs* system_vfs() { return sqlite3_vfs_find("unix"); }

int file_close(sqlite3_file* file) {
  const int result = real(file)->pMethods->xClose(real(file));
  delete watched(file)->path;
  return result;
}

int file_read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
  return real(file)->pMethods->xRead(real(file), into, size, offset);
}

int file_write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const auto count = static_cast<std::size_t>(size);
  const int refused = watched(file)->disk->may_write(*watched(file)->path, static_cast<std::uint64_t>(offset),
                                                     static_cast<const char*>(bytes), count);
  if (refused != 0) return refused == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  watched(file)->disk->count_bytes(count);
  return real(file)->pMethods->xWrite(real(file), bytes, size, offset);
}

int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (watched(file)->disk->may_truncate(*watched(file)->path, static_cast<std::uint64_t>(size)) != 0)
    return SQLITE_IOERR_TRUNCATE;
  return real(file)->pMethods->xTruncate(real(file), size);
}

int file_sync(sqlite3_file* file, int flags) {
  watched(file)->disk->count_sync();
  if (watched(file)->disk->may_sync(*watched(file)->path) != 0) return SQLITE_IOERR_FSYNC;
  const int result = real(file)->pMethods->xSync(real(file), flags);
  if (result == SQLITE_OK) watched(file)->disk->synced(*watched(file)->path);
  return result;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) { return real(file)->pMethods->xFileSize(real(file), size); }
int file_lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
int file_unlock(sqlite3_file* file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
int file_reserved(sqlite3_file* file, int* out) { return real(file)->pMethods->xCheckReservedLock(real(file), out); }
int file_control(sqlite3_file* file, int what, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), what, argument);
}
int file_sector(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int file_device(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }

// Version 1: no shared-memory index, which exclusive locking does without.
const sqlite3_io_methods methods = {1,         file_close,  file_read,     file_write,   file_truncate, file_sync,   file_size,
                                    file_lock, file_unlock, file_reserved, file_control, file_sector,   file_device, nullptr,
                                    nullptr,   nullptr,     nullptr,       nullptr,      nullptr};

int vfs_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* mine = watched(file);
  mine->base.pMethods = nullptr;
  const int result = system_vfs()->xOpen(system_vfs(), name, mine->real(), flags, out_flags);
  if (result != SQLITE_OK) return result;
  mine->disk = static_cast<Disk*>(vfs->pAppData);
  mine->path = new std::string(name == nullptr ? "" : name);
  mine->base.pMethods = &methods;
  return SQLITE_OK;
}
int vfs_delete(sqlite3_vfs*, const char* name, int sync_folder) { return system_vfs()->xDelete(system_vfs(), name, sync_folder); }
int vfs_access(sqlite3_vfs*, const char* name, int flags, int* out) {
  return system_vfs()->xAccess(system_vfs(), name, flags, out);
}
int vfs_full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  return system_vfs()->xFullPathname(system_vfs(), name, size, out);
}
int vfs_random(sqlite3_vfs*, int size, char* out) { return system_vfs()->xRandomness(system_vfs(), size, out); }
int vfs_sleep(sqlite3_vfs*, int us) { return system_vfs()->xSleep(system_vfs(), us); }
int vfs_time(sqlite3_vfs*, double* out) { return system_vfs()->xCurrentTime(system_vfs(), out); }
int vfs_time64(sqlite3_vfs*, sqlite3_int64* out) { return system_vfs()->xCurrentTimeInt64(system_vfs(), out); }
int vfs_last_error(sqlite3_vfs*, int size, char* out) { return system_vfs()->xGetLastError(system_vfs(), size, out); }

}  // namespace

DiskName::DiskName(Disk& disk) {
  static std::atomic<unsigned> count{0};
  name_ = "postern-disk-" + std::to_string(++count);
  auto* vfs = new sqlite3_vfs{};
  vfs->iVersion = 2;
  vfs->szOsFile = static_cast<int>(sizeof(WatchedFile)) + system_vfs()->szOsFile;
  vfs->mxPathname = system_vfs()->mxPathname;
  vfs->zName = name_.c_str();
  vfs->pAppData = &disk;
  vfs->xOpen = vfs_open;
  vfs->xDelete = vfs_delete;
  vfs->xAccess = vfs_access;
  vfs->xFullPathname = vfs_full_path;
  vfs->xRandomness = vfs_random;
  vfs->xSleep = vfs_sleep;
  vfs->xCurrentTime = vfs_time;
  vfs->xCurrentTimeInt64 = vfs_time64;
  vfs->xGetLastError = vfs_last_error;
  POSTERN_ASSERT(sqlite3_vfs_register(vfs, 0) == SQLITE_OK);
  vfs_ = vfs;
}

DiskName::~DiskName() {
  auto* vfs = static_cast<sqlite3_vfs*>(vfs_);
  sqlite3_vfs_unregister(vfs);
  delete vfs;
}

}  // namespace postern::store
