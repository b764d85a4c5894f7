#include "store/store.h"

#include "store/file.h"
#include "store/rows.h"
#include "store/sql.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>

namespace postern::store {
namespace {

constexpr std::uint64_t page_bytes = 4096;  // SQLite's default since 3.12, set when the file is made

int log_grew(void* into, sqlite3*, const char*, int pages) {
  *static_cast<std::uint64_t*>(into) = static_cast<std::uint64_t>(pages);
  return SQLITE_OK;
}

bool wants_flush(const std::vector<Batch>& batches) {
  return std::any_of(batches.begin(), batches.end(), [](const Batch& b) { return b.persist.flush; });
}

base::Error in_doubt(const std::string& path, const base::Error& why) {
  return base::fail(base::ErrorCode::in_doubt, path,
                    fmt::format("{} Whether the last write is stored will show at the next start.", why.text));
}

}  // namespace

struct Store::State {
  std::string path;
  std::unique_ptr<Disk> disk;  // outlives the name, which outlives the connection
  std::unique_ptr<DiskName> name;
  Sql sql;
  std::uint64_t log_pages = 0;
  bool full = true;        // synchronous=FULL is set
  bool unsettled = false;  // a COMMIT failed after writing, and its frames may still be in the log
  std::atomic<std::uint64_t> flushes{0};

  base::Result<void> transaction(const std::function<base::Result<void>()>& change, bool flush, bool* unknown);
  base::Result<void> sync_mode(bool flush);
  base::Result<void> commit(bool* unknown);
  base::Result<void> warm();
  base::Result<void> settle();
};

base::Result<void> Store::State::sync_mode(bool flush) {
  if (flush == full) return {};
  auto done = sql.run(flush ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  if (done) full = flush;
  return done;
}

/// A small flushed transaction. The first one in a fresh log flushes the log's header too, and this
/// way it is not somebody's commit that waits for that, nor for the file to grow.
base::Result<void> Store::State::warm() {
  auto done = sync_mode(true);
  if (done) done = sql.run("UPDATE meta SET value=value+1 WHERE key='warmed'");
  if (done) prepare_log(path);
  return done;
}

/// After a COMMIT that failed once frames were written: SQLite sees the state before, but a crash
/// now could still find the frames. A checkpoint without them and a new log in their place make the
/// "no" final.
base::Result<void> Store::State::settle() {
  unsettled = true;
  auto done = sql.run("PRAGMA wal_checkpoint(TRUNCATE)");
  if (done) done = warm();
  if (done) unsettled = false;
  return done;
}

base::Result<void> Store::State::commit(bool* unknown) {
  auto done = sql.run_kept("COMMIT");
  if (done) return done;
  const bool full_disk = sql.disk_full();
  const base::Error why = sql.error();
  (void)sql.run("ROLLBACK");  // refused when SQLite has rolled back by itself
  // A full disk never took the last frame, the one that makes a transaction count.
  if (!full_disk && !settle()) *unknown = true;
  return why;
}

base::Result<void> Store::State::transaction(const std::function<base::Result<void>()>& change, bool flush, bool* unknown) {
  *unknown = false;
  if (unsettled) {
    auto settled = settle();
    if (!settled) return settled;
  }
  auto done = sync_mode(flush);
  if (done) done = sql.run_kept("BEGIN IMMEDIATE");
  if (!done) return done;
  done = change();
  if (!done) {
    (void)sql.run("ROLLBACK");
    return done;
  }
  const std::uint64_t before = disk->syncs();
  done = commit(unknown);
  if (done) flushes += disk->syncs() - before;
  return done;
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

base::Result<std::unique_ptr<Store>> Store::open(const std::string& path) { return open(path, std::make_unique<Disk>()); }

base::Result<std::unique_ptr<Store>> Store::open(const std::string& path, std::unique_ptr<Disk> disk) {
  auto name = std::make_unique<DiskName>(*disk);
  auto found = inspect(path);
  if (!found) return found.error();
  if (*found == Found::nothing) {
    auto made = make_file(path, name->name());
    if (!made) return made.error();
  }
  auto sql = open_file(path, name->name(), *found);
  if (!sql) return sql.error();
  auto state = std::make_unique<State>();
  state->path = path;
  state->disk = std::move(disk);
  state->name = std::move(name);
  state->sql = std::move(*sql);
  sqlite3_wal_hook(state->sql.handle(), log_grew, &state->log_pages);
  (void)state->warm();  // on a full disk the machine must start all the same
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

base::Result<Contents> Store::load() {
  Contents contents;
  auto read = read_commits(state_->sql, contents);
  if (!read) return read.error();
  for (const auto& [table, into] : {std::pair{Table::notes, &contents.notes}, std::pair{Table::pending, &contents.pending},
                                    std::pair{Table::in_use, &contents.in_use}}) {
    auto rows = read_table(state_->sql, table);
    if (!rows) return rows.error();
    *into = std::move(*rows);
  }
  return contents;
}

base::Result<std::optional<std::string>> Store::value(const base::Hash& hash) {
  return read_value(state_->sql, state_->path, hash);
}

base::Result<std::vector<cluster::Ship::Item>> Store::commits(const std::vector<base::Hash>& hashes, std::size_t max_bytes) {
  return read_visible(state_->sql, state_->path, hashes, max_bytes);
}

base::Result<void> Store::write(const std::vector<Batch>& batches, bool* unknown) {
  const auto put = [&]() -> base::Result<void> {
    for (const Batch& batch : batches) {
      auto done = put_batch(state_->sql, batch);
      if (!done) return done;
    }
    return {};
  };
  bool in_the_air = false;
  auto done = state_->transaction(put, wants_flush(batches), &in_the_air);
  if (unknown != nullptr) *unknown = in_the_air;
  return done;
}

base::Result<void> Store::replace_all(const Batch& next) {
  const auto swap = [&]() -> base::Result<void> {
    auto done = state_->sql.run(
        "DELETE FROM commits; DELETE FROM blobs; DELETE FROM dropped; DELETE FROM pending; DELETE "
        "FROM in_use;");
    return done ? put_batch(state_->sql, next) : done;
  };
  bool unknown = false;
  auto done = state_->transaction(swap, true, &unknown);
  if (unknown) return in_doubt(state_->path, done.error());
  return done;
}

base::Result<void> Store::checkpoint() {
  int in_log = 0;
  int moved = 0;
  if (sqlite3_wal_checkpoint_v2(state_->sql.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved) != SQLITE_OK)
    return state_->sql.error();
  if (in_log != moved) return {};
  state_->log_pages = 0;
  return state_->warm();
}

std::uint64_t Store::log_bytes() const { return state_->log_pages * page_bytes; }
std::uint64_t Store::flushes() const { return state_->flushes; }
std::uint64_t Store::checkpoint_flushes() const { return state_->disk->syncs() - state_->flushes; }
std::uint64_t Store::bytes_written() const { return state_->disk->bytes(); }

}  // namespace postern::store
