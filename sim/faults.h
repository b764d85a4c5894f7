#pragma once

#include <cstdint>
#include <memory>

#include "sim/hostile.h"
#include "sim/random.h"
#include "sim/timeline.h"

namespace postern::sim {

class World;
struct Machine;
struct Snapshot;

/// What goes wrong, and when: some of it by chance, the best of it aimed.
class Faults {
 public:
  Faults(World& world, Random random);

  void start();
  /// When the last fault may happen.
  [[nodiscard]] Micros end() const { return end_; }
  /// Takes back everything that lasts: cuts, pauses, machines that are down.
  void heal();
  /// A machine has just asked for the flush of a commit of its own, and begins to ship it: the moment
  /// at which a fault hurts most.
  void commit_under_way(std::size_t machine);
  /// A flush has just ended in an unknown state: only a restart can show which.
  void flush_in_doubt(std::size_t machine);
  /// A machine has just asked another one: somebody else may answer first.
  void question_under_way(std::size_t machine);
  /// A machine flushes something it has received.
  void receipt_under_way(std::size_t machine);

 private:
  void next();
  void strike();
  void cut_islands();
  void cut_one_way();
  void jump_clock();
  void save_machine(std::size_t machine, bool memory);
  void bring_back(std::size_t machine, const std::shared_ptr<Snapshot>& to, bool memory);
  void isolate(std::size_t machine);
  void reset_links_of(std::size_t machine);
  [[nodiscard]] Micros down_time();
  [[nodiscard]] std::size_t some_machine();

  World& world_;
  Random random_;
  Hostile hostile_;
  Micros end_ = 0;
  bool over_ = false;
};

}  // namespace postern::sim
