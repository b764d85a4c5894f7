#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "gateway/plan.h"

/// Makes a Plan real, all or nothing (contract P11): write beside, preflight, switch, reload, probe, or put
/// back. Table rows are written in process (LMDB); everything that needs root goes to postern-hands over its
/// socket (applier/hands_protocol.h).
namespace postern::applier {

struct Setup {
  std::string hands_socket;   ///< postern-hands' unix socket
  std::string instance_dir;   ///< as gateway::Facts::instance_dir
};

struct Outcome {
  base::Result<void> result;     ///< what failed; then the plan before is in force again
  std::uint64_t generation = 0;  ///< in force now
  bool reloaded = false;
  std::uint64_t rows_written = 0;
};

struct Counters {
  std::uint64_t applies = 0, generations = 0, reloads = 0, put_back = 0, rows = 0, execs = 0;
  std::uint64_t last_us = 0;  ///< duration of the last apply
};

class Privileged;  ///< what needs root (applier/privileged.h)

/// One thread of its own; applies run one after another; plans that wait are superseded by newer ones, whose
/// Outcome then stands for them too: every Done is called, oldest first. The destructor waits for the apply
/// that runs and drops, unanswered, those that wait. Mail goes on without an Applier.
class Applier {
 public:
  explicit Applier(Setup setup);
  /// With another way to root than postern-hands.
  Applier(Setup setup, std::unique_ptr<Privileged> privileged);
  ~Applier();

  /// Runs on the applier's thread when the plan is in force and read back, or was put back.
  using Done = std::function<void(Outcome)>;
  void apply(gateway::Plan plan, Done done);
  /// Forget what is in force and render everything again at the next apply (start-up, restored host).
  void forget();
  [[nodiscard]] Counters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::applier
