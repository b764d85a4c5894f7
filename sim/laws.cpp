#include "sim/laws.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/faults.h"
#include "sim/tuning.h"
#include "sim/world.h"

namespace postern::sim {
namespace {

/// Messages that one direction of one link may hold; far more than any sound exchange needs, far less
/// than what an endless one makes in a minute.
constexpr std::size_t deepest_lane = 2'000;
constexpr std::size_t most_sends = 400;

bool on_disk(const Machine& machine, const Entry& entry) { return machine.disk.durable().find(entry.id) != nullptr; }

}  // namespace

Laws::Laws(World& world) : world_(world), witnesses_(world.size()) {}

void Laws::broken(const char* law, std::string text, const Entry* entry) {
  world_.broken({law, std::move(text), entry == nullptr ? "" : short_dot(entry->header.dot), world_.now()});
}

void Laws::after_step(Machine& machine, const cluster::Event&, const cluster::Effects& effects, base::Instant instant) {
  if (effects.persist) commits_signed(machine, *effects.persist, instant);
  look_at_vector(machine);
  for (const cluster::Send& send : effects.sends) check_sent(machine, send.message);
  for (const cluster::Answer& answer : effects.answers) check_answer(machine, answer);
  if (!effects.changed.empty()) check_groups(machine);
  check_queues(machine, effects);
}

void Laws::commits_signed(Machine& machine, const cluster::Persist& persist, base::Instant instant) {
  bool received = false;
  bool own = false;
  if (!persist.promote.empty()) world_.mark("promote");
  if (!persist.drop.empty()) world_.mark("drop");
  for (const cluster::StoredCommit& stored : persist.commits) {
    const bool known = world_.ledger().find(stored.envelope.id()) != nullptr;
    if (!known) one_signed(machine, stored, instant);
    if (stored.staged) world_.mark("staged");
    (known ? received : own) = true;
  }
  if (own) world_.faults().commit_under_way(machine.index);
  if (received) world_.faults().receipt_under_way(machine.index);
}

void Laws::one_signed(Machine& machine, const cluster::StoredCommit& stored, base::Instant instant) {
  const auto header = cluster::decode_header(stored.envelope.header);
  if (!header || header->dot.member != machine.self.member)
    return broken("forged", machine.name + " stores a commit that nobody made.");
  check_dot(machine, *header);
  const Entry* entry = world_.ledger().enter(stored.envelope, *header, machine.index, world_.now());
  if (entry == nullptr) return broken("context", machine.name + " signed a commit whose prev or parents nobody knows.");
  if (header->parents.size() > 1) world_.mark("merge of several");
  const CommitSet& applied = witnesses_[machine.index].applied;
  if (!entry->context.contains(applied))
    return broken("context", machine.name + " signed a commit without all that it showed its author.", entry);
  const auto now_applied = world_.ledger().covered(machine.peer->vector());
  if (!now_applied) return broken("forged", machine.name + " shows a commit that nobody made.");
  CommitSet may_see = *now_applied;
  may_see.unite(entry->chain);
  if (!may_see.contains(entry->context))
    return broken("context", machine.name + " signed a commit that claims to have seen what it had not.", entry);
  check_ended(machine, *entry);
  check_stamp(*entry, instant);
  check_key(*entry);
  check_base(*entry);
}

/// One that went on from what it was before forgets what it did since, and cannot know better.
void Laws::check_dot(const Machine& machine, const cluster::Header& header) {
  const std::vector<std::size_t>& twins = world_.ledger().with_dot(header.dot);
  if (twins.empty()) return;
  world_.mark(twins.size() == 1 ? "fork" : "fork of three");
  if (witnesses_[machine.index].gone_on_in.count(header.dot.incarnation) == 0)
    broken("dot", machine.name + " used one dot twice.", &world_.ledger().at(twins.front()));
}

/// Nobody goes on in an incarnation of his own of which he has seen what he did not make.
void Laws::check_ended(const Machine& machine, const Entry& entry) {
  for (const std::size_t index : witnesses_[machine.index].applied.list()) {
    const Entry& other = world_.ledger().at(index);
    if (other.header.dot.member == entry.header.dot.member && other.header.dot.incarnation == entry.header.dot.incarnation &&
        !entry.chain.has(index))
      return broken("ended", machine.name + " goes on in an incarnation of which it shows another branch.", &entry);
  }
}

void Laws::check_names(const Machine& machine) {
  const Witness& witness = witnesses_[machine.index];
  for (const cluster::Tip& tip : witness.vector) {
    const Entry* entry = world_.ledger().find(tip.hash);
    if (world_.ledger().known_dot(*entry, witness.applied) != cluster::Dot{tip.member, tip.incarnation, tip.seq, tip.branch})
      return broken("named", machine.name + " knows a branch by another name than its commits give it.", entry);
  }
}

bool Laws::was_on_disk(std::size_t machine, const Entry& entry) const {
  return witnesses_[machine].lost.has(entry.index) || on_disk(world_.machine(machine), entry);
}

/// Not before any stamp seen that is not absurd, and never far ahead of the author's own clock.
void Laws::check_stamp(const Entry& entry, base::Instant instant) {
  const std::int64_t bound_ms = instant.wall_ms + tuning().skew_follow_ms;
  const base::Stamp stamp = entry.header.stamp;
  if (stamp.wall_ms() < instant.wall_ms) return broken("stamp-order", "The stamp is before its author's clock.", &entry);
  for (const std::size_t seen : entry.context.list()) {
    const base::Stamp other = world_.ledger().at(seen).header.stamp;
    if (other.wall_ms() < bound_ms && stamp <= other)
      return broken(
          "stamp-order",
          "The stamp is not after that of " + short_dot(world_.ledger().at(seen).header.dot) + ", which its author had seen.",
          &entry);
  }
  if (stamp.wall_ms() > bound_ms + 1)
    broken("stamp-bound", fmt::format("The stamp is {} ms ahead of its author's clock.", stamp.wall_ms() - instant.wall_ms),
           &entry);
}

void Laws::check_key(const Entry& entry) {
  for (const std::size_t other : world_.ledger().with_key(entry.header.request_key))
    if (entry.context.has(other) && !world_.ledger().at(other).hostile)
      broken("key",
             "Request " + entry.header.request_key + " was committed again by someone who had seen it as " +
                 short_dot(world_.ledger().at(other).header.dot) + ".",
             &entry);
}

void Laws::check_base(const Entry& entry) {
  for (const cluster::Write& write : entry.header.writes) {
    std::vector<cluster::Dot> now = head_dots(write.reg, entry.context);
    std::sort(now.begin(), now.end());
    if (now.size() > cluster::heads_per_base && write.base.size() == cluster::heads_per_base &&
        std::includes(now.begin(), now.end(), write.base.begin(), write.base.end()))
      continue;  // the header has no room for all
    if (now != write.base)
      broken("base",
             fmt::format("{} was accepted on a base of {} heads; there were {}.", cluster::to_text(write.reg), write.base.size(),
                         now.size()),
             &entry);
  }
}

void Laws::look_at_vector(Machine& machine) {
  Witness& witness = witnesses_[machine.index];
  cluster::Vector vector = machine.peer->vector();
  if (vector == witness.vector) return;
  auto applied = world_.ledger().covered(vector);
  if (!applied) return broken("forged", machine.name + " shows a commit that nobody made.");
  if (!applied->contains(witness.applied))
    return broken("grow", machine.name + " no longer shows what it showed.",
                  &world_.ledger().at(witness.applied.without(*applied).front()));
  const std::vector<std::size_t> fresh = applied->without(witness.applied);
  witness.vector = std::move(vector);
  witness.applied = std::move(*applied);
  check_names(machine);
  for (const std::size_t index : fresh) newly_applied(machine, world_.ledger().at(index));
  check_pure(machine);
}

void Laws::newly_applied(const Machine& machine, const Entry& entry) {
  const CommitSet& applied = witnesses_[machine.index].applied;
  if (!applied.contains(entry.context))
    return broken("causal", machine.name + " shows a commit before all that its author had seen.", &entry);
  if (!on_disk(machine, entry)) return broken("durable", machine.name + " shows a commit that is not on its disk.", &entry);
  if (entry.hostile) check_pace(machine, entry);
  if (!entry.hostile && !was_on_disk(entry.machine, entry))
    return broken("visible", machine.name + " shows a commit that is not yet on its author's disk.", &entry);
  if (entry.denied) return broken("denied", machine.name + " shows a commit whose author was told that it was refused.", &entry);
  for (const cluster::Write& write : entry.header.writes) check_register(machine, write.reg, applied);
}

/// Chains that only a hostile member knows are taken at its pace; what a sound machine shows or has built on is taken.
void Laws::check_pace(const Machine& machine, const Entry& entry) {
  if (entry.header.dot.seq != 1 || entry.machine == machine.index) return;  // one's own are not measured
  for (const Entry& other : world_.ledger().all())
    if (!other.hostile && other.context.has(entry.index)) return;
  for (std::size_t i = 0; i < witnesses_.size(); ++i)
    if (i != machine.index && i != entry.machine && witnesses_[i].applied.has(entry.index)) return;
  Witness& witness = witnesses_[machine.index];
  const std::int64_t refills = (world_.now() - witness.started) / millisecond / tuning().chain_refill_ms;
  const std::int64_t most = tuning().chains_burst + refills + 1;
  const std::int64_t taken = ++witness.hostile_chains[entry.machine];
  if (taken > most)
    broken("pace", fmt::format("{} has taken {} chains of hostile members; {} are allowed till now.", machine.name, taken, most),
           &entry);
}

void Laws::check_groups(const Machine& machine) {
  const cluster::Fleet& fleet = machine.peer->fleet();
  for (const cluster::Member& member : fleet.members)
    if (fleet.group(member.group) == nullptr)
      return broken("group", fmt::format("On {}, {} is in no live group.", machine.name, member.host_name));
  if (fleet.members.size() != world_.size())
    broken("group", fmt::format("{} lists {} of {} machines.", machine.name, fleet.members.size(), world_.size()));
}

void Laws::check_queues(const Machine& machine, const cluster::Effects& effects) {
  if (effects.sends.size() > most_sends)
    broken("queue", fmt::format("{} sends {} messages at once.", machine.name, effects.sends.size()));
  if (world_.network().deepest() > deepest_lane)
    broken("queue", fmt::format("{} messages wait on one link.", world_.network().deepest()));
}

void Laws::process_died(const Machine& machine) {
  Witness& witness = witnesses_[machine.index];
  witness.before_crash.unite(witness.applied);
  witness.applied = {};
  witness.vector.clear();
}

/// What only this disk showed dies with it; another that has it without all that it had seen shows it to nobody.
void Laws::set_back(const Machine& machine, const Image& image, std::optional<base::Incarnation> goes_on_in) {
  Witness& witness = witnesses_[machine.index];
  witness.was_set_back = true;
  if (goes_on_in) witness.gone_on_in.insert(*goes_on_in);
  const Image before = machine.disk.durable();
  for (const cluster::StoredCommit& stored : before.commits) {
    const base::Hash id = stored.envelope.id();
    const Entry* entry = world_.ledger().find(id);
    const cluster::StoredCommit* kept = image.find(id);
    if (entry == nullptr || (kept != nullptr && kept->staged == stored.staged)) continue;
    witness.lost.add(entry->index);
    bool shown = false;
    for (std::size_t i = 0; i < world_.size(); ++i) {
      const Machine& other = world_.machine(i);
      const cluster::StoredCommit* there = other.disk.durable().find(id);
      if (i == machine.index || there == nullptr || there->staged) continue;
      shown = shown || all_on_disk(other, entry->context);
    }
    if (!shown && !stored.staged) world_.ledger().at(entry->index).died = true;
  }
  CommitSet remembered;
  witness.before_crash.unite(witness.applied);
  for (const std::size_t index : witness.before_crash.list())
    if (image.find(world_.ledger().at(index).id) != nullptr) remembered.add(index);
  witness.before_crash = remembered;
  witness.applied = {};
}

void Laws::process_started(const Machine& machine) {
  Witness& witness = witnesses_[machine.index];
  for (const std::size_t index : witness.before_crash.list()) {
    const Entry& entry = world_.ledger().at(index);
    // A power cut may make it staged again; and an author who was set back, or in whose name somebody else made it,
    // has it dropped then (2.6).
    if (!on_disk(machine, entry) && !entry.hostile && !witnesses_[entry.machine].lost.has(index))
      return broken("lost", machine.name + " has lost a commit that it showed before.", &entry);
  }
  witness.hostile_chains.clear();
  witness.started = world_.now();
  witness.vector = machine.peer->vector();
  auto applied = world_.ledger().covered(witness.vector);
  if (!applied) return broken("forged", machine.name + " shows a commit that nobody made.");
  witness.applied = std::move(*applied);
  check_names(machine);
  for (const cluster::StoredCommit& stored : machine.disk.durable().commits) {
    const Entry* entry = world_.ledger().find(stored.envelope.id());
    if (entry == nullptr) return broken("forged", machine.name + " stores a commit that nobody made.");
    if (entry->envelope != stored.envelope)
      return broken("bytes", machine.name + " starts from other bytes than were signed.", entry);
    if (!stored.staged && !witness.applied.has(entry->index) && all_on_disk(machine, entry->context))
      return broken("lost", machine.name + " does not show a commit that is on its disk with all it had seen.", entry);
  }
  for (const auto& [reg, writers] : world_.ledger().registers()) {
    check_register(machine, reg, witness.applied);
    if (world_.is_broken()) return;
  }
  check_groups(machine);
}

/// False where the flush of a commit's context failed and its own did not.
bool Laws::all_on_disk(const Machine& machine, const CommitSet& commits) const {
  const std::vector<std::size_t> list = commits.list();
  return std::all_of(list.begin(), list.end(), [&](std::size_t index) { return on_disk(machine, world_.ledger().at(index)); });
}

}  // namespace postern::sim
