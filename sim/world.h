#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/ledger.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/options.h"
#include "sim/random.h"
#include "sim/saboteur.h"
#include "sim/timeline.h"
#include "sim/trace.h"

namespace postern::sim {

class Admins;
class Asks;
class Faults;
class Laws;

/// A law that did not hold.
struct Violation {
  std::string law;     ///< its name in docs/SIMULATOR.md
  std::string text;    ///< what was seen, for people
  std::string commit;  ///< dot of the commit concerned, or empty
  Micros when = 0;
};

/// What became of one seed.
struct Report {
  std::optional<Violation> violation;
  std::uint64_t events = 0;
  std::uint64_t commits = 0;
  std::uint64_t trace_hash = 0;
  std::map<std::string, std::uint64_t> marks;  ///< what was reached how often
};

/// Its disk's values as they are when asked, while it lives.
cluster::ValueOf values_of(const Machine& machine);

/// One seed's world: machines, network, administrators, faults and laws on one timeline. Whoever acts in it
/// draws from a Random of his own, so that the parts disturb each other less when one is switched off.
class World {
 public:
  World(const Options& options, std::uint64_t seed);
  ~World();
  /// Founds the cluster, lets it live with faults, heals everything, waits for quiet, judges.
  Report run();

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] Timeline& timeline() { return timeline_; }
  [[nodiscard]] Network& network() { return *network_; }
  [[nodiscard]] Ledger& ledger() { return ledger_; }
  [[nodiscard]] Laws& laws() { return *laws_; }
  [[nodiscard]] Admins& admins() { return *admins_; }
  [[nodiscard]] Asks& asks() { return *asks_; }
  [[nodiscard]] Faults& faults() { return *faults_; }
  [[nodiscard]] Machine& machine(std::size_t index) { return *machines_[index]; }
  [[nodiscard]] std::size_t size() const { return machines_.size(); }
  [[nodiscard]] Micros now() const { return timeline_.now(); }

  /// Lets happen what happens until then, or until a law is broken.
  void live(Micros until);
  /// Gives a process an event: now, or when it is awake again; never when it died before.
  void give(std::size_t machine, cluster::Event event);
  void kill(std::size_t machine, Micros down_for);
  void power_cut(std::size_t machine, Micros down_for);
  void pause(std::size_t machine, Micros duration);
  void resume(std::size_t machine);
  /// Nothing while the machine is down, asleep or writing.
  [[nodiscard]] std::optional<Snapshot> snapshot(std::size_t machine) const;
  /// Puts the snapshot's disk back. With `memory`, if nothing was started there since, the process goes on as it
  /// was too: in the incarnation that it was in; else it starts anew. True when it went on.
  bool set_back(std::size_t machine, Snapshot& to, bool memory);
  /// Starts what is down; does nothing to what runs.
  void start(std::size_t machine);

  void note(std::size_t machine, std::string_view what);
  /// Counts that something worth reaching was reached, e.g. "answer in doubt".
  void mark(const char* what) { ++marks_[what]; }
  /// The first one ends the run.
  void broken(Violation violation);
  [[nodiscard]] bool is_broken() const { return violation_.has_value(); }

 private:
  void found();
  void step(Machine& machine, const cluster::Event& event);
  void perform(Machine& machine, cluster::Effects& effects);
  void ship(Machine& machine, const cluster::ShipCommits& round);
  void end_process(std::size_t machine, bool silent, Micros down_for);
  void drop_process(std::size_t machine, bool silent);
  void set_timer(Machine& machine, std::int64_t wake_mono_ms);
  void pump_disk(Machine& machine);
  void end_sync(Machine& machine, How how);
  [[nodiscard]] bool quiet() const;

  Options options_;
  Timeline timeline_;
  Trace trace_;
  Ledger ledger_;
  Random birth_;    ///< ids, keys, topology
  Random process_;  ///< nonces, incarnations
  Random disk_;     ///< delays and what crashes keep
  std::vector<std::unique_ptr<Machine>> machines_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Admins> admins_;
  std::unique_ptr<Faults> faults_;
  std::unique_ptr<Asks> asks_;
  std::unique_ptr<Laws> laws_;
  std::optional<Violation> violation_;
  std::map<std::string, std::uint64_t> marks_;
  Sabotage sabotage_ = Sabotage::none;
  bool stepping_ = false;
};

/// "commit", "ship", "flushed", … for traces.
std::string event_text(const cluster::Event& event);
/// Which commits it carries, read out of their headers.
std::string event_details(const cluster::Event& event);
std::string short_dot(const cluster::Dot& dot);

}  // namespace postern::sim
