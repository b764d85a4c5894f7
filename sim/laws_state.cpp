// Laws on F(S), judged from the signed headers alone.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "cluster/reference.h"
#include "sim/laws.h"
#include "sim/world.h"

namespace postern::sim {
namespace {

/// The naive reference is slow; it is asked at every so many changes of a vector, and at the end.
constexpr std::uint64_t reference_every = 40;

}  // namespace

std::vector<const Entry*> Laws::heads(const cluster::Register& reg, const CommitSet& set) const {
  const Ledger& ledger = world_.ledger();
  std::vector<std::tuple<base::Stamp, cluster::Dot, base::Hash, const Entry*>> alive;
  const std::vector<std::size_t>& writers = ledger.writers(reg);
  for (const std::size_t index : writers) {
    if (!set.has(index)) continue;
    const bool seen = std::any_of(writers.begin(), writers.end(),
                                  [&](std::size_t other) { return set.has(other) && ledger.at(other).context.has(index); });
    const Entry& entry = ledger.at(index);
    if (!seen) alive.emplace_back(entry.header.stamp, ledger.known_dot(entry, set), entry.id, &entry);
  }
  std::sort(alive.rbegin(), alive.rend());
  std::vector<const Entry*> entries;
  for (const auto& one : alive) entries.push_back(std::get<const Entry*>(one));
  return entries;
}

std::vector<cluster::Dot> Laws::head_dots(const cluster::Register& reg, const CommitSet& set) const {
  std::vector<cluster::Dot> dots;
  for (const Entry* entry : heads(reg, set)) dots.push_back(world_.ledger().known_dot(*entry, set));
  return dots;
}

void Laws::check_register(const Machine& machine, const cluster::Register& reg, const CommitSet& applied) {
  const Ledger& ledger = world_.ledger();
  const std::vector<const Entry*> expected = heads(reg, applied);
  const cluster::RegisterState* state = machine.peer->state().find(reg);
  std::vector<const Entry*> got;
  if (state != nullptr)
    for (const cluster::Head& head : state->heads) got.push_back(ledger.find(head.commit));
  if (expected.size() > 1) world_.mark("open conflict");
  if (got != expected) return blame(machine, reg, got, expected, applied);
  if (state == nullptr) return;
  for (std::size_t i = 0; i < got.size(); ++i)
    if (state->heads[i].dot != ledger.known_dot(*got[i], applied))
      return broken("named", machine.name + " knows a head by another name than its commits give it.", got[i]);
  check_graves(machine, reg, *state, applied);
}

/// Which law is it that these heads break?
void Laws::blame(const Machine& machine, const cluster::Register& reg, const std::vector<const Entry*>& got,
                 const std::vector<const Entry*>& expected, const CommitSet& applied) {
  const std::string where = fmt::format("{} at {}: ", machine.name, cluster::to_text(reg));
  for (const Entry* head : got) {
    if (head == nullptr || !applied.has(head->index))
      return broken("whole", where + "a head of a commit that is not applied.", head);
    for (const Entry* other : got)
      if (other != nullptr && other->context.has(head->index))
        return broken("informed", where + "a head that the author of another head had seen.", head);
  }
  for (const Entry* lost : expected)
    if (std::find(got.begin(), got.end(), lost) == got.end()) {
      const bool newest =
          std::none_of(got.begin(), got.end(), [&](const Entry* other) { return lost->context.has(other->index); });
      // A write that is nowhere: either its commit was applied in part, or another write hid it unseen.
      const bool hidden = newest && !got.empty() && got.front()->header.stamp >= lost->header.stamp;
      return broken(hidden ? "losers" : "whole", where + "a write that no later author saw is not among the heads.", lost);
    }
  broken("winner", where + "the heads are not ordered greatest first.", got.front());
}

/// A write is buried iff some delete of its UUID is not in its context. Groups that a cycle of successors
/// brings back are left to the reference model.
void Laws::check_graves(const Machine& machine, const cluster::Register& reg, const cluster::RegisterState& state,
                        const CommitSet& applied) {
  if (reg.space != cluster::Space::user || reg.name == "life") return;
  const Ledger& ledger = world_.ledger();
  const cluster::Register life{reg.space, reg.id, "life"};
  for (const cluster::Head& head : state.heads) {
    const Entry* entry = ledger.find(head.commit);
    bool buried = false;
    for (const std::size_t index : ledger.writers(life)) {
      const Entry& grave = ledger.at(index);
      if (!applied.has(index) || index == entry->index) continue;
      if (write_of(grave, life)->kind == cluster::WriteKind::remove && !entry->context.has(index)) buried = true;
    }
    if (buried) world_.mark("buried write");
    if (buried != head.buried)
      return broken("graves",
                    fmt::format("{} at {}: {} although {} delete of it that its author had not seen.", machine.name,
                                cluster::to_text(reg), head.buried ? "buried" : "alive", buried ? "there is a" : "there is no"),
                    entry);
  }
}

/// Equal sets of commits give equal states, on every machine and at every time.
void Laws::check_pure(const Machine& machine) {
  const base::Hash state = machine.peer->state().digest();
  const base::Hash vector = machine.peer->vector_digest();
  const auto [covered, first] = covered_.try_emplace(vector, witnesses_[machine.index].applied);
  if (!first && !(covered->second == witnesses_[machine.index].applied))
    return broken("digest", machine.name + " gives one vector digest to two sets of commits.");
  const auto [found, fresh] = states_.try_emplace(vector, state);
  if (!fresh && found->second != state)
    return broken("pure", machine.name + " has another state than a machine with the same commits had.");
  if (++looked_ % reference_every == 0) check_reference(machine);
}

/// Against the naive function of the set, which has no memory of the order in which the set came.
void Laws::check_reference(const Machine& machine) {
  cluster::Reference reference;
  for (const std::size_t index : witnesses_[machine.index].applied.list()) {
    const Entry& entry = world_.ledger().at(index);
    reference.add(entry.header, entry.id);
  }
  const cluster::State expected = reference.state();
  const cluster::State& got = machine.peer->state();
  if (expected.digest() == got.digest() && expected.all().size() == got.all().size()) return;
  for (const auto& [reg, state] : expected.all()) {
    const cluster::RegisterState* here = got.find(reg);
    if (here == nullptr || here->heads != state.heads)
      return broken("reference", fmt::format("{} at {}: not what the commits mean.", machine.name, cluster::to_text(reg)),
                    world_.ledger().find(state.heads.front().commit));
  }
  broken("reference", machine.name + " has a register that nobody wrote.");
}

}  // namespace postern::sim
