#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "cluster/effects.h"
#include "sim/ledger.h"
#include "sim/machine.h"

namespace postern::sim {

class World;

/// The sentences that must always be true (docs/SIMULATOR.md names each), looked at after every step, and
/// once more when all is quiet. They read what the machines say and store, and the ledger; of the cluster
/// room's own reasoning they believe nothing.
class Laws {
 public:
  explicit Laws(World& world);

  void after_step(Machine& machine, const cluster::Event& event, const cluster::Effects& effects, base::Instant instant);
  void process_died(const Machine& machine);
  void process_started(const Machine& machine);
  /// Before its disk becomes `image`; and if its process goes on, in which incarnation.
  void set_back(const Machine& machine, const Image& image, std::optional<base::Incarnation> goes_on_in);
  /// `settled`: within the time allowed every machine had the same vector and nothing was under way.
  void at_quiet_end(bool settled);

  /// The writers of `reg` in `set` that no other one in `set` had seen; greatest first (P6).
  [[nodiscard]] std::vector<const Entry*> heads(const cluster::Register& reg, const CommitSet& set) const;
  /// Their dots, as one who holds `set` knows them.
  [[nodiscard]] std::vector<cluster::Dot> head_dots(const cluster::Register& reg, const CommitSet& set) const;

 private:
  /// What was last seen of one machine.
  struct Witness {
    cluster::Vector vector;
    CommitSet applied;
    CommitSet before_crash;
    CommitSet lost;                          ///< was on its disk before that was set back
    std::set<base::Incarnation> gone_on_in;  ///< after its memory was set back
    bool was_set_back = false;
    std::map<std::size_t, std::int64_t> hostile_chains;  ///< taken since `started` that nobody sound had seen
    Micros started = 0;
  };

  // While it runs (laws.cpp)
  void commits_signed(Machine& machine, const cluster::Persist& persist, base::Instant instant);
  void check_dot(const Machine& machine, const cluster::Header& header);
  void check_ended(const Machine& machine, const Entry& entry);
  void check_names(const Machine& machine);
  [[nodiscard]] bool was_on_disk(std::size_t machine, const Entry& entry) const;
  void one_signed(Machine& machine, const cluster::StoredCommit& stored, base::Instant instant);
  void check_stamp(const Entry& entry, base::Instant instant);
  void check_key(const Entry& entry);
  void check_base(const Entry& entry);
  void look_at_vector(Machine& machine);
  void newly_applied(const Machine& machine, const Entry& entry);
  void check_pace(const Machine& machine, const Entry& entry);
  [[nodiscard]] bool all_on_disk(const Machine& machine, const CommitSet& commits) const;
  void check_groups(const Machine& machine);
  void check_queues(const Machine& machine, const cluster::Effects& effects);

  // What a state must be (laws_state.cpp)
  void blame(const Machine& machine, const cluster::Register& reg, const std::vector<const Entry*>& got,
             const std::vector<const Entry*>& expected, const CommitSet& applied);
  void check_register(const Machine& machine, const cluster::Register& reg, const CommitSet& applied);
  void check_graves(const Machine& machine, const cluster::Register& reg, const cluster::RegisterState& state,
                    const CommitSet& applied);
  void check_pure(const Machine& machine);
  void check_reference(const Machine& machine);

  // What is said to others and to people (laws_said.cpp)
  void check_sent(const Machine& machine, const cluster::Message& message);
  void check_tips(const Machine& machine, const cluster::Vector& tips, const char* where);
  void check_answer(Machine& machine, const cluster::Answer& answer);
  void check_committed(Machine& machine, const cluster::Answer& answer);
  void check_same_answer(const Machine& machine, const Entry& entry);
  void check_counted(const Machine& machine, const cluster::Answer& answer, const Entry& entry);
  void check_conflict(const Machine& machine, const cluster::Answer& answer);
  void check_refused(const Machine& machine, const cluster::Answer& answer);

  // When all is quiet (laws_quiet.cpp)
  void check_settled();
  void check_digest(const Machine& machine);
  void check_acknowledged(const Machine& machine);
  void check_keys_at_end();
  void check_stored(const Machine& machine);
  void check_states(const Machine& machine);
  void check_damage_is_seen(const Machine& machine);

  void broken(const char* law, std::string text, const Entry* entry = nullptr);

  World& world_;
  std::vector<Witness> witnesses_;
  /// (machine, its life, request key) -> commit it answered with.
  std::map<std::tuple<std::size_t, std::uint64_t, std::string>, std::size_t> told_;
  std::uint64_t looked_ = 0;
  std::map<base::Hash, CommitSet> covered_;  ///< vector digest -> commits
  std::map<base::Hash, base::Hash> states_;  ///< vector digest -> state digest, over all machines
};

}  // namespace postern::sim
