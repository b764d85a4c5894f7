#include "sim/ledger.h"

#include <algorithm>
#include <bit>

namespace postern::sim {
namespace {

constexpr std::size_t bits = 64;
const std::vector<std::size_t> none;

template <class Map, class Key>
const std::vector<std::size_t>& list_in(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? none : found->second;
}

}  // namespace

void CommitSet::add(std::size_t index) {
  if (index / bits >= words_.size()) words_.resize(index / bits + 1);
  words_[index / bits] |= std::uint64_t{1} << (index % bits);
}

bool CommitSet::has(std::size_t index) const {
  return index / bits < words_.size() && ((words_[index / bits] >> (index % bits)) & 1U) != 0;
}

void CommitSet::unite(const CommitSet& other) {
  if (other.words_.size() > words_.size()) words_.resize(other.words_.size());
  for (std::size_t i = 0; i < other.words_.size(); ++i) words_[i] |= other.words_[i];
}

bool CommitSet::contains(const CommitSet& other) const {
  for (std::size_t i = 0; i < other.words_.size(); ++i) {
    const std::uint64_t mine = i < words_.size() ? words_[i] : 0;
    if ((other.words_[i] & ~mine) != 0) return false;
  }
  return true;
}

std::vector<std::size_t> CommitSet::without(const CommitSet& other) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    std::uint64_t left = words_[i] & ~(i < other.words_.size() ? other.words_[i] : 0);
    for (; left != 0; left &= left - 1) out.push_back(i * bits + static_cast<std::size_t>(std::countr_zero(left)));
  }
  return out;
}

const Entry* Ledger::enter(const cluster::Envelope& envelope, const cluster::Header& header, std::size_t machine, Micros made) {
  Entry entry;
  entry.index = entries_.size();
  entry.id = envelope.id();
  entry.header = header;
  entry.envelope = envelope;
  entry.machine = machine;
  entry.made = made;
  const auto see = [&](const base::Hash& id) {
    const Entry* seen = find(id);
    if (seen == nullptr) return false;
    entry.context.unite(seen->context);
    entry.context.add(seen->index);
    return true;
  };
  if (!header.prev.is_nil() && !see(header.prev)) return nullptr;
  for (const cluster::ParentRef& parent : header.parents)
    if (!see(parent.hash)) return nullptr;
  if (header.dot.seq > 1)
    if (const Entry* before = find(header.prev)) entry.chain = before->chain;
  entry.chain.add(entry.index);
  by_id_[entry.id] = entry.index;
  by_dot_[header.dot].push_back(entry.index);
  if (by_dot_[header.dot].size() > 1) forked_.insert({header.dot.member, header.dot.incarnation});
  for (const cluster::Write& write : header.writes) writers_[write.reg].push_back(entry.index);
  if (!header.request_key.empty()) keys_[header.request_key].push_back(entry.index);
  entries_.push_back(std::move(entry));
  return &entries_.back();
}

const Entry* Ledger::find(const base::Hash& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &entries_[found->second];
}

const std::vector<std::size_t>& Ledger::with_dot(const cluster::Dot& dot) const { return list_in(by_dot_, dot); }

cluster::Dot Ledger::known_dot(const Entry& entry, const CommitSet& set) const {
  cluster::Dot dot = entry.header.dot;
  if (forked_.count({dot.member, dot.incarnation}) == 0) return dot;
  for (const std::size_t at : entry.chain.list()) {  // in the order made: from the first on
    const Entry& one = entries_[at];
    for (const std::size_t other : with_dot(one.header.dot)) {
      const Entry& twin = entries_[other];
      if (!set.has(other) || !(twin.id < one.id)) continue;
      if (one.header.dot.seq > 1 && twin.header.prev != one.header.prev) continue;
      dot.branch = one.id;
      break;
    }
  }
  return dot;
}

std::optional<CommitSet> Ledger::covered(const cluster::Vector& vector) const {
  CommitSet set;
  for (const cluster::Tip& tip : vector) {
    const Entry* entry = find(tip.hash);
    if (entry == nullptr) return std::nullopt;
    set.unite(entry->chain);
  }
  return set;
}

const std::vector<std::size_t>& Ledger::writers(const cluster::Register& reg) const { return list_in(writers_, reg); }

const std::vector<std::size_t>& Ledger::with_key(const std::string& key) const { return list_in(keys_, key); }

const cluster::Write* write_of(const Entry& entry, const cluster::Register& reg) {
  for (const cluster::Write& write : entry.header.writes)
    if (write.reg == reg) return &write;
  return nullptr;
}

}  // namespace postern::sim
