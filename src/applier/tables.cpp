#include "applier/tables.h"

#include "hands/lmdb.h"
#include "hands/tables.h"

#include <sys/stat.h>

#include <fstream>

namespace postern::applier {

namespace lmdb = hands::lmdb;

Tables::Tables(std::string folder, Privileged& privileged) : folder_(std::move(folder)), privileged_(privileged) {
  std::ifstream mark(folder_ + "/" + hands::boot_file);
  std::string line;
  std::getline(mark, line);
  trusted_ = !line.empty() && line == hands::host_start();
}

std::string Tables::path(const std::string& table) const { return folder_ + "/" + hands::table_file(table); }

std::optional<Tables::Seen> Tables::see(const std::string& path) {
  struct stat file {};
  if (lstat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return std::nullopt;
  const auto changed_ns =
      static_cast<std::uint64_t>(file.st_mtim.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(file.st_mtim.tv_nsec);
  return Seen{file.st_dev, file.st_ino, static_cast<std::uint64_t>(file.st_size), changed_ns, file.st_uid, file.st_mode};
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

base::Result<std::uint64_t> Tables::change(const gateway::TableChange& change) {
  const auto done = privileged_.table(change);
  // Rows that could not be written have changed nothing but the file's times.
  const bool held = done || (!change.whole && done.error().code != base::ErrorCode::damaged);
  if (held) remember(change.table);
  if (!done) return done.error();
  if (change.whole) ++made_anew_;
  return change.put.size() + change.drop.size();
}

base::Result<std::uint64_t> Tables::make_anew(const gateway::Table& table) { return change({table.name, true, table.rows, {}}); }

base::Result<std::uint64_t> Tables::make(const gateway::Table& table) {
  const std::string file = path(table.name);
  if (!trusted_ || !see(file)) return make_anew(table);
  auto environment = lmdb::open(file, MDB_RDONLY);
  if (!environment) return make_anew(table);
  if (auto locked = lmdb::lock(environment->get(), file, false); !locked) return locked.error();
  auto held = lmdb::rows(environment->get(), file);
  lmdb::release(environment->get());
  if (!held) return make_anew(table);
  const gateway::Plan before{{}, {{table.name, std::move(held.value())}}, {}, {}, {}, {}};
  const gateway::Plan after{{}, {table}, {}, {}, {}, {}};
  const std::vector<gateway::TableChange> changes = gateway::difference(before, after).tables;
  if (!changes.empty()) return change(changes.front());
  remember(table.name);
  return 0;
}

base::Result<void> Tables::read_back(const gateway::TableChange& change) const {
  const std::string file = path(change.table);
  auto environment = lmdb::open(file, MDB_RDONLY);
  if (!environment) return environment.error();
  if (auto locked = lmdb::lock(environment->get(), file, false); !locked) return locked.error();
  return lmdb::expect(environment->get(), file, change.put, change.drop);
}

void Tables::sweep(const std::vector<gateway::Table>& keep) const {
  std::vector<std::string> names;
  names.reserve(keep.size());
  for (const gateway::Table& table : keep) names.push_back(table.name);
  (void)privileged_.sweep(names);  // what is left over disturbs nobody
}

}  // namespace postern::applier
