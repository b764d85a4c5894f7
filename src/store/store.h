#pragma once

#include "base/result.h"
#include "cluster/effects.h"
#include "cluster/message.h"
#include "store/disk.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// One SQLite file (WAL, synchronous=FULL) with everything a machine must not forget. Durable
/// means: the transaction's frames are fsynced. Nobody else includes sqlite3.h.
namespace postern::store {

/// What one transaction changes. Batches given together become one transaction and one flush.
struct Batch {
  cluster::Persist persist;
  std::map<std::string, std::optional<std::string>> notes;    ///< key -> bytes, or deleted
  std::map<std::string, std::optional<std::string>> pending;  ///< desk's pending sets: key -> bytes, or deleted
  std::map<std::string, std::optional<std::string>> in_use;   ///< feature -> canonical text last applied
};

/// A row whose bytes are not what its hash says.
struct DamagedCommit {
  base::Hash stored;  ///< under which it stands
  base::Hash found;   ///< of the bytes that stand there
};

struct Contents {
  std::vector<cluster::StoredCommit> commits;  ///< in the order stored; without the damaged ones
  std::vector<DamagedCommit> damaged;          ///< another machine's copy, written again, mends the row
  std::map<std::string, std::string> notes;    ///< identity and keys, settings of the daemon
  std::map<std::string, std::string> pending;
  std::map<std::string, std::string> in_use;
};

/// Synchronous; one thread at a time (Writer below owns one).
class Store {
 public:
  /// Opens or makes the file (0600). Errors: io; damaged (integrity, checksum or foreign file) and
  /// unsupported (format newer than this program), each naming the file: it is then left untouched.
  static base::Result<std::unique_ptr<Store>> open(const std::string& path);
  /// The same through a disk of the caller's making.
  static base::Result<std::unique_ptr<Store>> open(const std::string& path, std::unique_ptr<Disk> disk);
  ~Store();

  /// Whether a store is there; the file is not touched. Errors as open's: what is there and is no whole
  /// store of ours is never taken for nothing.
  static base::Result<bool> exists(const std::string& path);
  /// Makes a store that holds `first`, durable: a crash leaves all of it or no file at that path. Errors:
  /// exists (never overwritten), busy (another program is making it), io.
  static base::Result<void> create(const std::string& path, const Batch& first);

  /// A commit whose bytes are not what its hash says is left out and named. Errors: io.
  base::Result<Contents> load();
  /// A value's bytes, checked against the hash (damaged); nothing when it is not kept.
  base::Result<std::optional<std::string>> value(const base::Hash& hash);
  /// These commits with their values, for shipping, in the order asked for; stops at the first that
  /// is not here or not visible, and before max_bytes would be passed, but gives at least one. Error
  /// not_found: a value is not kept any more.
  base::Result<std::vector<cluster::Ship::Item>> commits(const std::vector<base::Hash>& hashes, std::size_t max_bytes);
  /// One transaction for all; with a flush when any batch wants one. Error io: nothing of it is
  /// stored, unless `unknown` is set (the commit itself failed after writing and could not be
  /// undone: ask for a new incarnation). A commit that is there already stays; if one of the two is
  /// not staged, it is visible.
  base::Result<void> write(const std::vector<Batch>& batches, bool* unknown);
  /// Drops every commit, value, pending set and in_use, and writes `next` in the same transaction:
  /// a join's swap, or leaving a cluster. Notes stay but for those that `next` changes; what shall
  /// be kept of the old settings is such a note. Error in_doubt: which of the two is there shows
  /// only at the next start.
  base::Result<void> replace_all(const Batch& next);

  /// Moves the log into the main file, with flushes of its own, and readies the log so that the
  /// next write flushes once. Between writes only.
  base::Result<void> checkpoint();
  [[nodiscard]] std::uint64_t log_bytes() const;  ///< in the log since the last checkpoint

  /// fsyncs made by write() and replace_all(): one for each with a flush. From any thread.
  [[nodiscard]] std::uint64_t flushes() const;
  [[nodiscard]] std::uint64_t checkpoint_flushes() const;  ///< all other fsyncs; from any thread
  [[nodiscard]] std::uint64_t bytes_written() const;       ///< to all files; from any thread

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A Store on a thread of its own. Whatever is queued when the thread turns to it becomes one
/// transaction; if that one is refused, its batches are tried one by one up to the first that is
/// refused again; those after it are not stored either, and are told so. Checkpoints when idle, or
/// when the log passes 3 MiB. Callbacks run on the store's thread: post them to yours.
class Writer {
 public:
  explicit Writer(std::unique_ptr<Store> store);
  ~Writer();  ///< finishes what is queued

  using Done = std::function<void(base::Result<void> result, bool unknown)>;
  void write(Batch batch, Done done);
  /// Runs `work` on the store's thread between transactions, e.g. to read a range.
  void run(std::function<void(Store&)> work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::store
