#include "applier/tables.h"

#include "hands/lmdb.h"
#include "hands/tables.h"

#include <filesystem>
#include <fstream>

namespace postern::applier {

namespace lmdb = hands::lmdb;

Tables::Tables(std::string folder, Privileged& privileged)
    : folder_(std::move(folder)), privileged_(privileged) {
  std::ifstream mark(folder_ + "/" + hands::boot_file);
  std::string line;
  std::getline(mark, line);
  trusted_ = !line.empty() && line == hands::host_start();
}

void Tables::trust() {
  trusted_ = true;
}

std::string Tables::path(const std::string& table) const {
  return folder_ + "/" + hands::table_file(table);
}

base::Result<std::uint64_t> Tables::change(const gateway::TableChange& change) {
  if (auto done = privileged_.table(change); !done) return done.error();
  return change.put.size() + change.drop.size();
}

base::Result<std::uint64_t> Tables::make_anew(const gateway::Table& table) const {
  if (auto done = privileged_.table({table.name, true, table.rows, {}}); !done) return done.error();
  return table.rows.size();
}

base::Result<std::uint64_t> Tables::make(const gateway::Table& table) {
  const std::string file = path(table.name);
  if (!trusted_ || !std::filesystem::exists(file)) return make_anew(table);
  auto environment = lmdb::open(file, MDB_RDONLY);
  if (!environment) return make_anew(table);
  if (auto locked = lmdb::lock(environment->get(), file, false); !locked) return locked.error();
  auto held = lmdb::rows(environment->get(), file);
  lmdb::release(environment->get());
  if (!held) return make_anew(table);
  const gateway::Plan before{{}, {{table.name, std::move(held.value())}}, {}, {}, {}, {}};
  const gateway::Plan after{{}, {table}, {}, {}, {}, {}};
  const std::vector<gateway::TableChange> changes = gateway::difference(before, after).tables;
  if (changes.empty()) return 0;
  return change(changes.front());
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
  for (const gateway::Table& table : keep) names.push_back(table.name);
  (void)privileged_.sweep(names);  // what is left over disturbs nobody
}

}  // namespace postern::applier
