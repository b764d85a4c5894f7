#pragma once

#include "cluster/peer.h"
#include "machine/identity.h"

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
};

}  // namespace postern::machine
