#include "applier/tables.h"

#include "applier/lmdb.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace postern::applier {
namespace {

using base::ErrorCode;
using base::fail;

constexpr const char* start_mark = "/.boot";  // which start of the host last wrote the tables

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string host_start() {
  return first_line("/proc/sys/kernel/random/boot_id");
}

base::Result<void> rename_over(const std::string& from, const std::string& to) {
  std::error_code reason;
  std::filesystem::rename(from, to, reason);
  if (reason)
    return fail(ErrorCode::io, to,
                fmt::format("The new table cannot be put in place: {}.", reason.message()));
  return {};
}

}  // namespace

Tables::Tables(std::string folder) : folder_(std::move(folder)) {
  const std::string now = host_start();
  trusted_ = !now.empty() && first_line(folder_ + start_mark) == now;
}

void Tables::trust() {
  std::ofstream(folder_ + start_mark, std::ios::trunc) << host_start() << '\n';
  trusted_ = true;
}

std::string Tables::path(const std::string& table) const {
  return folder_ + "/" + table + ".lmdb";
}

void Tables::distrust() const {
  std::error_code ignored;
  std::filesystem::remove(folder_ + start_mark, ignored);
}

std::optional<Tables::Seen> Tables::see(const std::string& path) {
  struct stat file {};
  if (lstat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return std::nullopt;
  const auto changed_ns = static_cast<std::uint64_t>(file.st_mtim.tv_sec) * 1'000'000'000U +
                          static_cast<std::uint64_t>(file.st_mtim.tv_nsec);
  return Seen{file.st_dev, file.st_ino, static_cast<std::uint64_t>(file.st_size),
              changed_ns,  file.st_uid, file.st_mode};
}

bool Tables::sound(const std::string& table) const {
  const auto known = known_.find(table);
  if (known == known_.end()) return false;
  const auto now = see(path(table));
  return now && *now == known->second;
}

void Tables::remember(const std::string& table) {
  if (const auto now = see(path(table)))
    known_[table] = *now;
  else
    known_.erase(table);
}

base::Result<std::uint64_t> Tables::make_anew(const std::string& table,
                                              const std::map<std::string, std::string>& rows) {
  const std::string beside = path(table) + ".new";
  std::error_code ignored;
  std::filesystem::remove(beside, ignored);
  const auto written = [&]() -> base::Result<void> {
    auto environment = lmdb::open(beside, MDB_NOSYNC);
    if (!environment) return environment.error();
    return lmdb::write(environment->get(), beside, rows, {});
  }();
  auto done = written ? rename_over(beside, path(table)) : written;
  if (!done) {
    std::filesystem::remove(beside, ignored);  // it takes room that may be what is missing
    return base::Error{done.error().code, path(table), done.error().text};
  }
  ++made_anew_;
  remember(table);
  return rows.size();
}

base::Result<std::uint64_t> Tables::change(const gateway::TableChange& change) {
  if (change.whole) return make_anew(change.table, change.put);
  const std::string file = path(change.table);
  if (!std::filesystem::exists(file)) return fail(ErrorCode::io, file, "The table is not there.");
  auto environment = lmdb::open(file, MDB_NOSYNC);
  if (!environment) return environment.error();
  if (auto locked = lmdb::lock(environment->get(), file, true); !locked) return locked.error();
  auto done = lmdb::write(environment->get(), file, change.put, change.drop);
  remember(change.table);
  lmdb::release(environment->get());
  if (!done) return done.error();
  return change.put.size() + change.drop.size();
}

base::Result<std::uint64_t> Tables::make(const gateway::Table& table) {
  const std::string file = path(table.name);
  if (!trusted_ || !see(file)) return make_anew(table.name, table.rows);
  auto environment = lmdb::open(file, MDB_NOSYNC);
  if (!environment) return make_anew(table.name, table.rows);
  if (auto locked = lmdb::lock(environment->get(), file, true); !locked) return locked.error();
  auto held = lmdb::rows(environment->get(), file);
  if (!held) return make_anew(table.name, table.rows);
  const gateway::Plan before{{}, {{table.name, std::move(held.value())}}, {}, {}, {}, {}};
  const gateway::Plan after{{}, {table}, {}, {}, {}, {}};
  const std::vector<gateway::TableChange> changes = gateway::difference(before, after).tables;
  base::Result<void> done;
  std::uint64_t written = 0;
  if (!changes.empty()) {
    done = lmdb::write(environment->get(), file, changes.front().put, changes.front().drop);
    written = changes.front().put.size() + changes.front().drop.size();
  }
  remember(table.name);
  lmdb::release(environment->get());
  if (!done) return done.error();
  return written;
}

base::Result<void> Tables::read_back(const gateway::TableChange& change) const {
  const std::string file = path(change.table);
  auto environment = lmdb::open(file, MDB_RDONLY);
  if (!environment) return environment.error();
  if (auto locked = lmdb::lock(environment->get(), file, false); !locked) return locked.error();
  return lmdb::expect(environment->get(), file, change.put, change.drop);
}

void Tables::sweep(const std::vector<gateway::Table>& keep) const {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    const std::filesystem::path& file = entry.path();
    const bool kept = std::any_of(keep.begin(), keep.end(), [&](const gateway::Table& table) {
      return table.name == file.stem().string();
    });
    if ((file.extension() == ".lmdb" && !kept) || file.extension() == ".new")
      std::filesystem::remove(file, ignored);
  }
}

}  // namespace postern::applier
