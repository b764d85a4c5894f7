#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

/// What stands between SQLite and the file system: counts what reaches the disk. Tests derive from
/// it to make syncs fail, fill the disk or forget what was never synced; nothing else has a reason
/// to.
namespace postern::store {

class Disk {
 public:
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  /// Asked before the file is touched; `file` is the full path. 0: go on. Otherwise an errno
  /// (ENOSPC, EIO): the operation fails with it and the file stays as it was.
  virtual int may_write(const std::string& file, std::uint64_t offset, const char* bytes, std::size_t size);
  virtual int may_truncate(const std::string& file, std::uint64_t size);
  virtual int may_sync(const std::string& file);
  /// The file's bytes are on the disk now.
  virtual void synced(const std::string& file);

  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  void count_sync() { ++syncs_; }
  void count_bytes(std::size_t size) { bytes_ += size; }

 private:
  std::atomic<std::uint64_t> syncs_{0};
  std::atomic<std::uint64_t> bytes_{0};
};

/// A Disk as a VFS that SQLite can open files through, for as long as this object lives.
class DiskName {
 public:
  explicit DiskName(Disk& disk);
  ~DiskName();
  DiskName(const DiskName&) = delete;
  DiskName& operator=(const DiskName&) = delete;
  [[nodiscard]] const char* name() const { return name_.c_str(); }

 private:
  std::string name_;
  void* vfs_;
};

}  // namespace postern::store
