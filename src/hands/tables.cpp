#include "hands/tables.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

namespace postern::hands {
namespace {

constexpr mode_t table_mode = 0640;
constexpr std::size_t kept_most = 8;

}  // namespace

std::string table_file(const std::string& table) { return table + ".lmdb"; }

std::string host_start() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string line;
  std::getline(file, line);
  return line;
}

// Pages that were never flushed may be missing: LMDB must not map such a file. Postfix does not run
// yet.
base::Result<void> Tables::forget_before_this_boot() const {
  const std::string now = host_start() + "\n";
  const auto then = folder_.read(boot_file, now.size());
  if (then && *then == now && now.size() > 1) return {};
  for (const auto& name : folder_.names()) {
    auto removed = folder_.remove(name);
    if (!removed) return removed;
  }
  return folder_.write(boot_file, now, 0644);
}

base::Result<void> Tables::make_anew(const TableChange& change) const {
  const std::string file = table_file(change.table);
  const std::string beside = "." + file + ".new";
  auto good = write_beside(beside, change.put);
  if (good) good = folder_.give(beside, {0, group_, table_mode});
  if (good) good = folder_.rename(beside, file);
  if (good) return good;
  (void)folder_.remove(beside);  // it takes room that may be what is missing
  return base::Error{good.error().code, path(file), good.error().text};
}

base::Result<void> Tables::write_beside(const std::string& name, const std::map<std::string, std::string>& rows) const {
  const auto there = folder_.names();
  if (std::find(there.begin(), there.end(), name) != there.end())
    if (auto removed = folder_.remove(name); !removed) return removed;
  auto environment = lmdb::open(path(name), MDB_NOSYNC);
  if (!environment) return environment.error();
  return lmdb::write(environment->get(), path(name), rows, {});
}

base::Result<void> Tables::change(const TableChange& change) {
  if (auto ready = of_this_boot_ ? base::Result<void>() : forget_before_this_boot(); !ready) return ready;
  of_this_boot_ = true;
  if (change.whole) return make_anew(change);
  const std::string file = table_file(change.table);
  auto environment = environment_of(file);
  if (!environment) return environment.error();
  if (auto locked = lmdb::lock(*environment, path(file), true); !locked) return locked;
  auto done = lmdb::write(*environment, path(file), change.put, change.drop);
  lmdb::release(*environment);
  if (done)
    leave(file);
  else
    kept_.erase(file);
  return done;
}

// Opening costs more than writing a row. Who else writes tables is root as well, but what LMDB has
// mapped is only believed while the file is the one that was left, to the byte and the nanosecond.
base::Result<MDB_env*> Tables::environment_of(const std::string& file) {
  struct stat now {};
  if (::fstatat(folder_.descriptor(), file.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(now.st_mode) || now.st_uid != 0 ||
      now.st_nlink != 1)
    return base::fail(base::ErrorCode::io, path(file), "The table is not there.");
  const auto kept = kept_.find(file);
  const auto same = [&now](const struct stat& then) {
    return now.st_dev == then.st_dev && now.st_ino == then.st_ino && now.st_size == then.st_size &&
           now.st_mtim.tv_sec == then.st_mtim.tv_sec && now.st_mtim.tv_nsec == then.st_mtim.tv_nsec;
  };
  if (kept != kept_.end() && same(kept->second.left)) return kept->second.environment.get();
  if (kept_.size() >= kept_most) kept_.clear();
  auto environment = lmdb::open(path(file), MDB_NOSYNC);
  if (!environment) return environment.error();
  return (kept_[file] = {std::move(*environment), {}}).environment.get();
}

void Tables::leave(const std::string& file) {
  int number = -1;
  const auto kept = kept_.find(file);
  if (mdb_env_get_fd(kept->second.environment.get(), &number) != 0 || ::fstat(number, &kept->second.left) != 0) kept_.erase(kept);
}

base::Result<void> Tables::sweep(const std::vector<std::string>& keep) const {
  for (const auto& name : folder_.names()) {
    const bool kept =
        name == boot_file || std::any_of(keep.begin(), keep.end(), [&](const auto& table) { return table_file(table) == name; });
    if (kept) continue;
    auto removed = folder_.remove(name);
    if (!removed) return removed;
  }
  return {};
}

}  // namespace postern::hands
