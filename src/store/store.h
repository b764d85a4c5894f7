#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cluster/effects.h"

/// One SQLite file (WAL, synchronous=FULL) with everything a machine must not forget. Durable means: the
/// transaction's frames are fsynced. Nobody else includes sqlite3.h.
namespace postern::store {

/// What one transaction changes. Batches given together become one transaction and one flush.
struct Batch {
  cluster::Persist persist;
  std::map<std::string, std::optional<std::string>> notes;    ///< key -> bytes, or deleted
  std::map<std::string, std::optional<std::string>> pending;  ///< desk's pending sets: key -> bytes, or deleted
  std::map<std::string, std::optional<std::string>> in_use;   ///< feature -> canonical text last applied
};

struct Contents {
  std::vector<cluster::StoredCommit> commits;  ///< in the order stored
  std::map<std::string, std::string> notes;    ///< identity and keys, settings of the daemon
  std::map<std::string, std::string> pending;
  std::map<std::string, std::string> in_use;
};

/// Synchronous; one thread at a time (Writer below owns one).
class Store {
 public:
  /// Opens or makes the file (0600). Errors: io; damaged (integrity, checksum or foreign file) and unsupported
  /// (format newer than this program), each naming the file: it is then left untouched.
  static base::Result<std::unique_ptr<Store>> open(const std::string& path);
  ~Store();

  base::Result<Contents> load();
  base::Result<std::optional<std::string>> value(const base::Hash& hash);
  /// Commits from_seq..to_seq of one incarnation with their values, for shipping; stops after max_bytes.
  base::Result<std::vector<cluster::Ship::Item>> range(const base::MemberId& member,
                                                       base::Incarnation incarnation,
                                                       std::uint64_t from_seq, std::uint64_t to_seq,
                                                       std::size_t max_bytes);
  /// One transaction for all; with a flush when any batch wants one. Error io: nothing of it is stored, unless
  /// `unknown` is set (the commit itself failed after writing: ask for a new incarnation).
  base::Result<void> write(const std::vector<Batch>& batches, bool* unknown);
  /// Drops every commit, value, pending set and in_use, and writes `next` in the same transaction: a join's
  /// swap, or leaving a cluster. `keep_as` (not empty) stores a copy of what was there as that note.
  base::Result<void> replace_all(const Batch& next);

  [[nodiscard]] std::uint64_t flushes() const;       ///< fsynced transactions so far
  [[nodiscard]] std::uint64_t bytes_written() const;

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A Store on a thread of its own. Whatever is queued when the thread turns to it becomes one transaction.
/// Callbacks run on the store's thread: post them to yours.
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
