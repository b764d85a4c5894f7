// Laws that hold when all is healed and quiet.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/history.h"
#include "sim/admins.h"
#include "sim/laws.h"
#include "sim/tuning.h"
#include "sim/world.h"

namespace postern::sim {

void Laws::at_quiet_end(bool settled) {
  if (!settled) return check_settled();
  for (std::size_t i = 0; i < world_.size() && !world_.is_broken(); ++i) {
    const Machine& machine = world_.machine(i);
    check_acknowledged(machine);
    check_states(machine);
    check_stored(machine);
    check_groups(machine);
  }
  if (!world_.is_broken()) check_reference(world_.machine(0));
  if (!world_.is_broken()) check_digest(world_.machine(0));
  check_keys_at_end();
  if (!world_.is_broken()) check_damage_is_seen(world_.machine(world_.size() - 1));
}

/// Two sets of commits have two digests even where they differ in one tip's hash alone, as after a fork.
void Laws::check_digest(const Machine& machine) {
  cluster::Vector vector = machine.peer->vector();
  if (cluster::vector_digest(vector) != machine.peer->vector_digest())
    return broken("digest", machine.name + " gives another digest than its vector's.");
  vector.back().hash.bytes[0] ^= 1U;
  if (cluster::vector_digest(vector) == machine.peer->vector_digest())
    broken("digest", "The digest of a vector does not cover the hashes of its tips.");
}

void Laws::check_settled() {
  for (const auto& [key, request] : world_.admins().requests())
    if (request.waiting)
      return broken("prompt", fmt::format("Request {} on {} never got an answer.", key, world_.machine(request.machine).name));
  CommitSet all;
  for (const Witness& witness : witnesses_) all.unite(witness.applied);
  for (std::size_t i = 0; i < world_.size(); ++i) {
    const std::vector<std::size_t> missing = all.without(witnesses_[i].applied);
    if (!missing.empty())
      return broken("converge",
                    fmt::format("{} still lacks {} commits that others have.", world_.machine(i).name, missing.size()),
                    &world_.ledger().at(missing.front()));
  }
  broken("converge", "Something is still under way.");
}

void Laws::check_acknowledged(const Machine& machine) {
  for (const Entry& entry : world_.ledger().all())
    if (entry.acknowledged && !entry.died && !witnesses_[machine.index].applied.has(entry.index))
      return broken("kept", machine.name + " has not got a commit that was acknowledged.", &entry);
}

void Laws::check_states(const Machine& machine) {
  for (const auto& [reg, writers] : world_.ledger().registers()) {
    check_register(machine, reg, witnesses_[machine.index].applied);
    if (world_.is_broken()) return;
  }
  if (machine.peer->state().digest() != world_.machine(0).peer->state().digest())
    return broken("converge", machine.name + " has the same commits as m0 and another state.");
  for (const auto& [reg, state] : machine.peer->state().all())
    for (const cluster::Head& head : state.heads)
      if (!head.value.is_nil() && machine.peer->state().blob(head.value) == nullptr)
        return broken("bytes", fmt::format("{} has no value for a head of {}.", machine.name, cluster::to_text(reg)));
}

void Laws::check_keys_at_end() {
  const CommitSet& applied = witnesses_.front().applied;
  for (const auto& [key, indexes] : world_.ledger().keys())
    for (const std::size_t a : indexes)
      for (const std::size_t b : indexes)
        if (a < b && !world_.ledger().at(a).hostile && !world_.ledger().at(b).hostile && applied.has(a) && applied.has(b) &&
            world_.ledger().at(a).machine == world_.ledger().at(b).machine &&
            !witnesses_[world_.ledger().at(a).machine].was_set_back)
          return broken("key", "Request " + key + " became two commits of one machine.", &world_.ledger().at(b));
}

/// What is stored is what was signed, and nothing waits for an author who has spoken.
void Laws::check_stored(const Machine& machine) {
  for (const cluster::StoredCommit& stored : machine.disk.durable().commits) {
    const Entry* entry = world_.ledger().find(stored.envelope.id());
    if (entry == nullptr || entry->envelope != stored.envelope)
      return broken("bytes", machine.name + " stores other bytes than were signed.", entry);
    if (!stored.staged && !witnesses_[machine.index].applied.has(entry->index) && all_on_disk(machine, entry->context))
      return broken("lost", machine.name + " stores a commit that it does not show.", entry);
    for (const cluster::Write& write : entry->header.writes)
      if (!write.value.is_nil() && !machine.disk.durable().values.contains(write.value))
        return broken("bytes", machine.name + " does not store a value of a commit that it stores.", entry);
  }
  for (const auto& [hash, bytes] : machine.disk.durable().values)
    if (base::hash_bytes(bytes) != hash) return broken("bytes", machine.name + " stores a value that is not what was signed.");
}

/// One bit flipped in a stored header must not become settings: the log is refused, or what is damaged
/// (and all that stands on it) is not shown.
void Laws::check_damage_is_seen(const Machine& machine) {
  std::vector<cluster::StoredCommit> commits = machine.disk.durable().commits;
  const std::uint64_t draw = world_.timeline().done();
  std::string& header = commits[draw % commits.size()].envelope.header;
  char& victim = header[draw % header.size()];
  victim = static_cast<char>(victim ^ (1 << draw % 8));
  const base::Instant now = machine.clock.read(world_.now());
  auto restored = cluster::Peer::restore(machine.self, tuning(), commits, 1, 2, now, values_of(machine));
  if (!restored) return;
  for (const base::Hash& hash : (*restored)->missing_values()) {
    const auto found = machine.disk.durable().values.find(hash);
    if (found != machine.disk.durable().values.end()) (*restored)->supply_value(hash, found->second);
  }
  const cluster::Effects effects = (*restored)->step(cluster::Tick{}, now);
  const bool told = std::any_of(effects.alerts.begin(), effects.alerts.end(),
                                [](const cluster::Alert& alert) { return alert.grade == cluster::Alert::Grade::critical; });
  if (!told && !world_.ledger().covered((*restored)->vector()))
    broken("damage",
           fmt::format("Commit {} of {} with bit {} of byte {} flipped was taken for sound.", draw % commits.size(),
                       commits.size(), draw % 8, draw % header.size()),
           world_.ledger().find(machine.disk.durable().commits[draw % commits.size()].envelope.id()));
}

}  // namespace postern::sim
