#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "cluster/effects.h"
#include "sim/random.h"

namespace postern::sim {

/// What one machine's store holds: the commits in the order stored, and values by hash.
struct Image {
  std::vector<cluster::StoredCommit> commits;
  cluster::Values values;

  /// Carries out one Persist: adds what is new, promotes, drops.
  void apply(const cluster::Persist& persist);
  [[nodiscard]] const cluster::StoredCommit* find(const base::Hash& id) const;

 private:
  std::map<base::Hash, std::size_t> place_;  ///< of commits, by id
};

/// How a flush ends.
using How = cluster::Flushed::How;

/// One machine's disk under a store that writes as ours does: persists wait in the process; the store's
/// thread takes all that wait into one transaction, writes it, and syncs it when one of them wants a flush.
///
///   queue() -> [in the process] -> start() -> [being written] -> written() -> [in the OS] -> synced() -> [disk]
///
/// SIGKILL forgets what is in the process; a power cut also forgets transactions the disk has not got, the
/// later ones before the earlier; nothing forgets what was synced. A transaction is kept or lost whole.
class Disk {
 public:
  void queue(cluster::Persist persist);
  /// Takes everything queued into a transaction; false while one is under way or nothing is queued.
  bool start();
  /// The transaction reached the OS; true when it now has to be synced.
  bool written();
  /// The sync ended as told: done puts everything written onto the disk; failed leaves nothing of this
  /// transaction; unknown leaves it in doubt: a restart may find it, unless a later transaction came
  /// (a write-ahead log overwrites it). Returns the tokens whose Flushed is due.
  std::vector<cluster::Token> synced(How how);

  /// The process died; the OS keeps what it has.
  void kill(Random& random);
  /// The machine died; each transaction the OS had not synced is kept only if all before it are.
  /// `forgetful`: a broken disk, which also loses the last of what it had synced.
  void power_loss(Random& random, bool forgetful = false);
  /// A restarted store opens the file: what it finds, it syncs before anyone reads.
  void open();

  /// What a reader of the store sees now: all but the transaction that is under way.
  [[nodiscard]] Image reading() const;
  /// What no crash can take away.
  [[nodiscard]] const Image& durable() const { return durable_; }
  /// On the disk, and no drop of it is on its way there.
  [[nodiscard]] bool keeps(const base::Hash& id) const;
  /// For first setup and tests: puts it onto the disk at once.
  void install(const cluster::Persist& persist) { durable_.apply(persist); }
  [[nodiscard]] bool idle() const { return !under_way_ && queued_.empty(); }
  [[nodiscard]] std::size_t queued() const { return queued_.size(); }

 private:
  struct Transaction {
    std::vector<cluster::Persist> persists;
    [[nodiscard]] bool wants_flush() const;
  };

  std::vector<cluster::Persist> queued_;
  std::optional<Transaction> under_way_;  ///< being written, or being synced (then also last in os_)
  bool syncing_ = false;
  std::deque<Transaction> os_;        ///< written, not synced; in order
  std::optional<Transaction> doubt_;  ///< its sync ended unknown, and no later one was synced
  std::size_t doubt_place_ = 0;       ///< how many in os_ were before it
  Image durable_;
};

}  // namespace postern::sim
