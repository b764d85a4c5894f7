// Laws on what is said: to other machines, and to administrators.
#include <fmt/format.h>

#include <algorithm>

#include "sim/admins.h"
#include "sim/laws.h"
#include "sim/world.h"

namespace postern::sim {
namespace {

bool on_disk(const Machine& machine, const Entry& entry) { return machine.disk.durable().find(entry.id) != nullptr; }

}  // namespace

void Laws::check_tips(const Machine& machine, const cluster::Vector& tips, const char* where) {
  for (const cluster::Tip& tip : tips) {
    const Entry* entry = world_.ledger().find(tip.hash);
    if (entry == nullptr) return broken("forged", fmt::format("{} names a commit that nobody made, in {}.", machine.name, where));
    if (!on_disk(machine, *entry))
      return broken("said", fmt::format("{} says in {} that it holds a commit that is not on its disk.", machine.name, where),
                    entry);
  }
}

void Laws::check_sent(const Machine& machine, const cluster::Message& message) {
  if (const auto* ack = std::get_if<cluster::Ack>(&message)) check_tips(machine, ack->stored, "ack");
  if (const auto* pull = std::get_if<cluster::Pull>(&message)) check_tips(machine, pull->vector, "pull");
  if (const auto* summary = std::get_if<cluster::Summary>(&message)) check_tips(machine, summary->vector, "summary");
  if (const auto* hello = std::get_if<cluster::Hello>(&message)) {
    check_tips(machine, hello->vector, "hello");
    check_tips(machine, hello->durable, "hello");
  }
  if (const auto* durable = std::get_if<cluster::Durable>(&message)) {
    const Entry* entry = world_.ledger().find(durable->hash);
    const cluster::Dot dot{machine.self.member, durable->incarnation, durable->seq};
    if (entry == nullptr || entry->header.dot != dot || !on_disk(machine, *entry))
      broken("said", machine.name + " calls a commit durable that is not on its disk.", entry);
  }
  if (const auto* ship = std::get_if<cluster::Ship>(&message))
    for (const cluster::Ship::Item& item : ship->items) {
      const Entry* entry = world_.ledger().find(item.envelope.id());
      if (entry == nullptr) return broken("forged", machine.name + " ships a commit that nobody made.");
      if (item.staged && entry->machine != machine.index)
        return broken("said", machine.name + " passes on what is only staged.", entry);
      if (!item.staged && !on_disk(machine, *entry))
        return broken("said", machine.name + " ships as durable a commit that is not on its disk.", entry);
    }
}

void Laws::check_answer(Machine& machine, const cluster::Answer& answer) {
  using What = cluster::Answer::What;
  if (answer.what != What::committed)
    for (const std::size_t index : world_.ledger().with_key(answer.request_key))
      if (witnesses_[machine.index].applied.has(index) && !world_.ledger().at(index).hostile)
        return broken("same-answer",
                      machine.name + " shows the commit of request " + answer.request_key + " and does not answer \"committed\".",
                      &world_.ledger().at(index));
  switch (answer.what) {
    case What::committed: return check_committed(machine, answer);
    case What::conflict: return check_conflict(machine, answer);
    case What::refused: return check_refused(machine, answer);
    case What::in_doubt: return;
  }
}

void Laws::check_committed(Machine& machine, const cluster::Answer& answer) {
  const Entry* entry = world_.ledger().find(answer.commit);
  if (entry == nullptr) return broken("answer", machine.name + " answers \"committed\" for a commit that nobody made.");
  if (entry->header.request_key != answer.request_key ||
      world_.ledger().known_dot(*entry, witnesses_[machine.index].applied) != answer.dot)
    return broken("answer", machine.name + " answers \"committed\" with another request's commit.", entry);
  if (entry->hostile) return broken("answer", machine.name + " takes a stranger's commit for that of a request.", entry);
  if (!on_disk(machine, *entry))
    return broken("answer", machine.name + " answers \"committed\" before the commit is on its disk.", entry);
  if (entry->denied) return broken("denied", machine.name + " says \"committed\" after \"refused\".", entry);
  check_same_answer(machine, *entry);
  check_counted(machine, answer, *entry);
  world_.ledger().at(entry->index).acknowledged = true;
}

/// A known key gets the answer of its commit. Two machines that did not know of each other's may each have
/// made one of the same request: nothing can prevent that without a quorum (P13).
void Laws::check_same_answer(const Machine& machine, const Entry& entry) {
  const std::string& key = entry.header.request_key;
  const auto [told, first] = told_.try_emplace({machine.index, machine.life, key}, entry.index);
  if (!first && told->second != entry.index)
    return broken("same-answer", machine.name + " answered request " + key + " with two commits.", &entry);
  if (witnesses_[entry.machine].was_set_back) return;  // it may have forgotten that it was committed
  for (const std::size_t other : world_.ledger().with_key(key)) {
    const Entry& twin = world_.ledger().at(other);
    if (other != entry.index && !twin.hostile && twin.acknowledged && twin.machine == entry.machine)
      return broken("same-answer", "Request " + key + " was answered with two commits of one machine.", &entry);
  }
}

/// "On k of n machines": those that are not named as missing have it on their disk.
void Laws::check_counted(const Machine& machine, const cluster::Answer& answer, const Entry& entry) {
  if (answer.members != world_.size())
    broken("counted", fmt::format("{} counts {} of {} machines.", machine.name, answer.members, world_.size()), &entry);
  for (std::size_t i = 0; i < world_.size(); ++i) {
    const Machine& other = world_.machine(i);
    const bool missing = std::any_of(answer.missing.begin(), answer.missing.end(),
                                     [&](const auto& one) { return one.member == other.self.member; });
    if (!missing && !other.disk.keeps(entry.id) && !witnesses_[i].lost.has(entry.index))
      return broken("counted", fmt::format("{} counts {}, whose disk has not got the commit.", machine.name, other.name), &entry);
  }
}

void Laws::check_conflict(const Machine& machine, const cluster::Answer& answer) {
  const auto& requests = world_.admins().requests();
  const auto request = requests.find(answer.request_key);
  if (request == requests.end()) return;
  const CommitSet& applied = witnesses_[machine.index].applied;
  bool real = false;
  for (const cluster::Conflict& conflict : answer.conflicts) {
    const auto& items = request->second.commit.items;
    const auto item = std::find_if(items.begin(), items.end(), [&](const auto& one) { return one.reg == conflict.reg; });
    if (item == items.end()) return broken("answer", machine.name + " names a conflict in a register that was not touched.");
    std::vector<cluster::Dot> told = conflict.heads;
    std::sort(told.begin(), told.end());
    std::vector<cluster::Dot> now = head_dots(conflict.reg, applied);
    std::sort(now.begin(), now.end());
    if (told != item->base) real = true;
    // A commit of its own that is being flushed may stand beside what is applied.
    if (!std::includes(told.begin(), told.end(), now.begin(), now.end()) && now.size() > told.size())
      return broken("answer", machine.name + " does not name all heads of " + cluster::to_text(conflict.reg) + ".");
  }
  if (!real) broken("answer", machine.name + " reports a conflict where the base is current.");
}

/// "Refused" is a promise too: what was signed for this try will never be seen.
void Laws::check_refused(const Machine& machine, const cluster::Answer& answer) {
  const auto& requests = world_.admins().requests();
  const auto request = requests.find(answer.request_key);
  if (request == requests.end()) return;
  for (const std::size_t index : world_.ledger().with_key(answer.request_key)) {
    Entry& entry = world_.ledger().at(index);
    if (!entry.hostile && entry.machine == machine.index && entry.made >= request->second.waiting_since && !entry.acknowledged)
      entry.denied = true;
  }
}

}  // namespace postern::sim
