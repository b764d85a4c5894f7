#include "applier/tables.h"

#include "applier/lmdb.h"

#include <fmt/format.h>

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
  if (trusted_) return;
  std::ofstream(folder_ + start_mark, std::ios::trunc) << host_start() << '\n';
  trusted_ = true;
}

std::string Tables::path(const std::string& table) const {
  return folder_ + "/" + table + ".lmdb";
}

base::Result<std::uint64_t> Tables::make_anew(
    const std::string& table, const std::map<std::string, std::string>& rows) const {
  const std::string beside = path(table) + ".new";
  std::error_code ignored;
  std::filesystem::remove(beside, ignored);
  {
    auto environment = lmdb::open(beside, MDB_NOSYNC);
    if (!environment) return environment.error();
    if (auto done = lmdb::write(environment->get(), beside, rows, {}); !done) return done.error();
  }
  if (auto done = rename_over(beside, path(table)); !done) return done.error();
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
  lmdb::release(environment->get());
  if (!done) return done.error();
  return change.put.size() + change.drop.size();
}

base::Result<std::uint64_t> Tables::make(const gateway::Table& table) {
  const std::string file = path(table.name);
  if (!trusted_ || !std::filesystem::exists(file)) return make_anew(table.name, table.rows);
  auto environment = lmdb::open(file, MDB_NOSYNC);
  if (!environment) return make_anew(table.name, table.rows);
  if (auto locked = lmdb::lock(environment->get(), file, true); !locked) return locked.error();
  auto held = lmdb::rows(environment->get(), file);
  if (!held) return make_anew(table.name, table.rows);
  const gateway::Plan before{{}, {{table.name, std::move(held.value())}}, {}, {}, {}, {}};
  const gateway::Plan after{{}, {table}, {}, {}, {}, {}};
  const std::vector<gateway::TableChange> changes = gateway::difference(before, after).tables;
  if (changes.empty()) return 0;
  auto done = lmdb::write(environment->get(), file, changes.front().put, changes.front().drop);
  lmdb::release(environment->get());
  if (!done) return done.error();
  return changes.front().put.size() + changes.front().drop.size();
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
    if (file.extension() == ".lmdb" && !kept) std::filesystem::remove(file, ignored);
  }
}

}  // namespace postern::applier
