#pragma once

#include "applier/applier.h"
#include "applier/memory.h"
#include "applier/privileged.h"
#include "applier/probe.h"
#include "applier/tables.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace postern::applier {

/// One apply after another, on whatever thread calls: what Applier's thread runs.
class Engine {
 public:
  Engine(Options options, std::unique_ptr<Privileged> privileged);

  /// Makes `plan` real or puts back what was. Blocks.
  Outcome apply(gateway::Plan plan);

  /// Looks at what is in force, mends what is broken, and asks again what was not proved. `found`
  /// hears of a trouble before it is mended. Blocks.
  using Found = std::function<void(const Outcome&)>;
  std::optional<Outcome> look(const Found& found);  ///< none: no plan is in force

  /// A connection to Postfix's showq(8).
  base::Result<hands::Descriptor> listing();
  /// As Applier::measure.
  Measured measure();

  void forget() { in_force_.reset(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Switch;   ///< what a new generation needs to know of the one before
  struct Trouble;  ///< what a look found

  // engine.cpp
  base::Result<void> begin(const gateway::Plan& plan, Outcome& outcome);
  base::Result<void> change(const gateway::Plan& plan, Outcome& outcome);
  base::Result<void> write_rows(const gateway::Plan& plan, const gateway::Actions& actions, bool whole, Outcome& outcome);
  base::Result<void> make_tables(const gateway::Plan& plan, Outcome& outcome);
  base::Result<void> renew_tables(const gateway::Plan& plan, Outcome& outcome);
  base::Result<void> generation(const gateway::Plan& plan, const gateway::Actions& actions, Outcome& outcome);
  base::Result<void> prepare(const gateway::Plan& plan, const gateway::Actions& actions, std::uint64_t next, Outcome& outcome);
  base::Result<void> bring_up(const gateway::Plan& plan, const gateway::Actions& actions, bool runs, Outcome& outcome);
  base::Result<void> bring_back(const Switch& before, bool restart);
  [[nodiscard]] base::Result<void> new_ports_are_free(const gateway::Plan& plan) const;
  void prune_before(std::uint64_t next);
  base::Result<void> reload(Outcome& outcome);
  base::Result<void> start(Outcome& outcome);
  base::Result<void> reload_or_start(Outcome& outcome);
  /// Whether Postfix may have read other files than those in force, or have tables open that are
  /// not in their places any more.
  [[nodiscard]] bool stale() const { return stale_ || tables_.made_anew() != anew_told_; }
  void rows_back(const gateway::Plan& plan);
  [[nodiscard]] std::uint64_t generation_in_force() const;
  [[nodiscard]] std::uint64_t next_generation() const;
  [[nodiscard]] gateway::Plan on_disk() const;
  void tell_state(Outcome& outcome) const;

  /// Rows of a table that the queue manager's answers come from may have changed.
  void rows_changed(std::string_view table);

  // look.cpp
  void displace();
  base::Result<void> prove(const gateway::Plan& plan, std::chrono::milliseconds patience);
  [[nodiscard]] Probed prove_one(const gateway::Probe& each, const Mark& mark, std::chrono::milliseconds patience);
  base::Result<bool> master_runs();
  [[nodiscard]] bool files_as_planned() const;
  Trouble find_trouble();
  base::Result<void> mend(const Trouble& trouble, Outcome& outcome);

  Options options_;
  std::unique_ptr<Privileged> privileged_;
  Tables tables_;
  std::optional<gateway::Plan> in_force_;
  std::uint64_t generation_ = 0;  ///< that etc led to when the plan came in force
  std::string not_proved_;        ///< why the last proof could not be made; empty: it was made
  Memory memory_;
  std::string remembers_;  ///< why Postfix may still remember rows as they were; empty: it does not
  bool stale_ = false;
  std::uint64_t anew_told_ = 0;  ///< tables made anew before Postfix was last told
  bool runs_ = false;            ///< as last measured
  std::string broken_;           ///< what the last look found broken; empty: nothing
  std::string since_;            ///< when that was first found, as a person reads it
  Counters counters_;
};

}  // namespace postern::applier
