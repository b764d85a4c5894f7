#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "cluster/peer.h"
#include "sim/clock.h"
#include "sim/disk.h"
#include "sim/ledger.h"

namespace postern::sim {

/// A running machine as a hypervisor saves it: its disk, and of its memory what matters.
struct Snapshot {
  Disk disk;
  std::uint64_t life = 0;
  std::uint64_t nonce = 0;
  std::optional<base::Incarnation> incarnation;
};

/// One gateway: the real cluster::Peer on simulated disk and clocks.
struct Machine {
  std::size_t index = 0;
  std::string name;  ///< "m0", for traces
  cluster::Self self;
  cluster::MemberIdentity identity;  // its member id is the hash of it
  MachineClock clock;
  Disk disk;
  std::unique_ptr<cluster::Peer> peer;  ///< null while its process is down
  bool paused = false;
  bool cold = false;                  ///< its boot clock starts again with it
  std::deque<cluster::Event> inbox;   ///< what came while it was paused
  std::uint64_t life = 0;             ///< counts process starts; timers of an earlier life do nothing
  std::uint64_t nonce = 0;            ///< drawn at the process's start
  base::Incarnation incarnation = 0;  ///< likewise
  bool goes_on = false;               ///< the next start is none: it goes on with both
  std::int64_t wake_mono_ms = 0;      ///< the timer it asked for last; 0: none
  How next_flush = How::done;         ///< how the next flush will end
  Micros next_sync_extra = 0;         ///< and how much longer it takes

  [[nodiscard]] bool up() const { return peer != nullptr; }
  [[nodiscard]] bool awake() const { return up() && !paused; }
};

}  // namespace postern::sim
