#pragma once

#include <cstdint>
#include <functional>

#include "cluster/peer.h"
#include "machine/world/identity.h"

namespace postern::machine {

/// A machine's truth as its parts see it: peer and identity are other objects after a join.
class Truth {
 public:
  virtual ~Truth() = default;
  [[nodiscard]] virtual const cluster::Peer& peer() const = 0;
  [[nodiscard]] virtual const Identity& identity() const = 0;
  /// To the peer, in its turn.
  virtual void tell(cluster::Event event) = 0;
  /// Puts in force what is in effect now.
  virtual void settle() = 0;
  /// `done` comes once, when the commit is answered.
  virtual void commit(cluster::LocalCommit what, std::function<void(const cluster::Answer&)> done) = 0;
  /// Grows when peer and identity are replaced (a join): what was begun before is stale.
  [[nodiscard]] virtual std::uint64_t epoch() const = 0;
};

}  // namespace postern::machine
