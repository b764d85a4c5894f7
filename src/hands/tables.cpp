#include "hands/tables.h"

#include "hands/lmdb.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

namespace postern::hands {
namespace {

constexpr mode_t table_mode = 0640;

}  // namespace

std::string table_file(const std::string& table) {
  return table + ".lmdb";
}

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

base::Result<void> Tables::write_beside(const std::string& name,
                                        const std::map<std::string, std::string>& rows) const {
  const auto there = folder_.names();
  if (std::find(there.begin(), there.end(), name) != there.end())
    if (auto removed = folder_.remove(name); !removed) return removed;
  auto environment = lmdb::open(path(name), MDB_NOSYNC);
  if (!environment) return environment.error();
  return lmdb::write(environment->get(), path(name), rows, {});
}

base::Result<void> Tables::change(const TableChange& change) const {
  auto ready = forget_before_this_boot();
  if (!ready) return ready;
  if (change.whole) return make_anew(change);
  const std::string file = table_file(change.table);
  if (!folder_.is_roots(file))
    return base::fail(base::ErrorCode::io, path(file), "The table is not there.");
  auto environment = lmdb::open(path(file), MDB_NOSYNC);
  if (!environment) return environment.error();
  if (auto locked = lmdb::lock(environment->get(), path(file), true); !locked) return locked;
  auto done = lmdb::write(environment->get(), path(file), change.put, change.drop);
  lmdb::release(environment->get());
  return done;
}

base::Result<void> Tables::sweep(const std::vector<std::string>& keep) const {
  for (const auto& name : folder_.names()) {
    const bool kept = name == boot_file ||
                      std::any_of(keep.begin(), keep.end(),
                                  [&](const auto& table) { return table_file(table) == name; });
    if (kept) continue;
    auto removed = folder_.remove(name);
    if (!removed) return removed;
  }
  return {};
}

}  // namespace postern::hands
