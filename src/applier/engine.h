#pragma once

#include "applier/applier.h"
#include "applier/privileged.h"
#include "applier/tables.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace postern::applier {

/// One apply after another, on whatever thread calls: what Applier's thread runs.
class Engine {
 public:
  Engine(Setup setup, std::unique_ptr<Privileged> privileged);

  /// Makes `plan` real or puts back what was. Blocks.
  Outcome apply(gateway::Plan plan);
  void forget() { in_force_.reset(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Switch;  ///< what a new generation needs to know of the one before

  base::Result<void> begin(const gateway::Plan& plan, Outcome& outcome);
  base::Result<void> change(const gateway::Plan& plan, Outcome& outcome);
  base::Result<void> write_rows(const gateway::Plan& plan, const gateway::Actions& actions,
                                bool whole, Outcome& outcome);
  base::Result<void> make_tables(const gateway::Plan& plan, Outcome& outcome);
  base::Result<void> generation(const gateway::Plan& plan, const gateway::Actions& actions,
                                Outcome& outcome);
  base::Result<void> prepare(const gateway::Plan& plan, const gateway::Actions& actions,
                             std::uint64_t next, Outcome& outcome);
  base::Result<void> bring_up(const gateway::Plan& plan, const gateway::Actions& actions, bool runs,
                              Outcome& outcome);
  base::Result<void> bring_back(const Switch& before, bool restart);
  static base::Result<void> probe_all(const gateway::Plan& plan, std::uint64_t generation);
  void rows_back(const gateway::Plan& plan);
  [[nodiscard]] std::uint64_t generation_in_force() const;
  [[nodiscard]] std::uint64_t next_generation() const;
  [[nodiscard]] gateway::Plan on_disk() const;

  Setup setup_;
  std::unique_ptr<Privileged> privileged_;
  Tables tables_;
  std::optional<gateway::Plan> in_force_;
  Counters counters_;
};

}  // namespace postern::applier
