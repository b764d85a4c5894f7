#include "cluster/history.h"

#include "base/assert.h"
#include "cluster/planted.h"

#include <limits>

namespace postern::cluster {
namespace {

void append_number(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

std::size_t shipped_bytes(const Header& header) {
  std::size_t bytes = 200 + header.comment.size();
  for (const Write& write : header.writes) {
    bytes += 100 + write.reg.name.size() + 40 * write.base.size() + write.value_size;
  }
  return bytes + 80 * header.parents.size();
}

}  // namespace

std::uint64_t known_seq(const Known& known, const ChainId& chain) {
  const auto found = known.find(chain);
  return found == known.end() ? 0 : found->second;
}

base::Hash vector_digest(const Vector& vector) {
  std::string bytes;
  for (const Tip& tip : vector) {
    bytes.append(tip.member.uuid.bytes.begin(), tip.member.uuid.bytes.end());
    append_number(bytes, tip.incarnation);
    append_number(bytes, tip.seq);
    if (!tip.branch.is_nil()) bytes.append(tip.branch.bytes.begin(), tip.branch.bytes.end());
    if (planted(Planted::digest_without_tips)) continue;
    bytes.append(tip.hash.bytes.begin(), tip.hash.bytes.end());
  }
  return base::hash_bytes(bytes);
}

const Record* History::find(const base::Hash& hash) const {
  const auto found = records_.find(hash);
  return found == records_.end() ? nullptr : &found->second;
}

const Record* History::at(const ChainId& chain, std::uint64_t seq) const {
  const auto found = chains_.find(chain);
  if (found == chains_.end() || seq <= found->second.before) return nullptr;
  const std::uint64_t place = seq - found->second.before - 1;
  return place < found->second.records.size() ? found->second.records[place] : nullptr;
}

std::uint64_t History::length(const ChainId& chain) const {
  const auto found = chains_.find(chain);
  return found == chains_.end() ? 0 : found->second.before + found->second.records.size();
}

std::uint64_t History::before(const ChainId& chain) const {
  const auto found = chains_.find(chain);
  return found == chains_.end() ? 0 : found->second.before;
}

bool History::saw(const Record& of, const Dot& dot) const {
  const Record* what = at(dot);
  return what != nullptr && contexts_.contains(of.place, what->place);
}

std::vector<base::Hash> History::lacking(const Header& header) const {
  std::vector<base::Hash> missing;
  if (!header.prev.is_nil() && find(header.prev) == nullptr) missing.push_back(header.prev);
  if (planted(Planted::apply_without_context)) return missing;
  for (const ParentRef& parent : header.parents) {
    if (find(parent.hash) == nullptr) missing.push_back(parent.hash);
  }
  return missing;
}

void History::note_seen(const Header& header, const base::Hash& hash) {
  maximal_.erase(header.prev);
  for (const ParentRef& parent : header.parents) maximal_.erase(parent.hash);
  maximal_.emplace(hash, header.dot);
}

const Record& History::add(Header header, const base::Hash& hash) {
  const ChainId id = chain_for(header, hash);
  if (rival(header) != nullptr) branch_firsts_.insert(hash);
  const auto [place, fresh] = chains_.try_emplace(id);
  Chain& chain = place->second;
  if (fresh) {
    chain.number = contexts_.add_chain();
    chain.before = header.dot.seq - 1;
  }
  POSTERN_ASSERT(header.dot.seq == chain.before + chain.records.size() + 1);

  std::vector<Place> seen_too;
  const Record* prev = header.prev.is_nil() ? nullptr : find(header.prev);
  if (prev != nullptr) seen_too.push_back(prev->place);
  for (const ParentRef& parent : header.parents) {
    const Record* seen = find(parent.hash);
    POSTERN_ASSERT(seen != nullptr || planted(Planted::apply_without_context));
    if (seen != nullptr) seen_too.push_back(seen->place);
  }
  contexts_.add(chain.number, seen_too);
  note_seen(header, hash);

  Record& record = records_[hash];
  record.place = {chain.number, chain.records.size() + 1};
  record.order = order_.size();
  record.admission = prev == nullptr ? hash : header.dot.seq == 1 ? header.prev : prev->admission;
  record.bytes = shipped_bytes(header);
  record.info.hash = hash;
  record.info.dot = {id.member, id.incarnation, header.dot.seq, id.branch};
  record.info.header = std::move(header);
  stamps_.emplace(record.info.header.stamp, record.info.dot);
  if (!record.info.header.request_key.empty()) {
    request_keys_.emplace(record.info.header.request_key, &record);
  }
  chain.records.push_back(&record);
  order_.push_back(&record);
  digest_.reset();
  return record;
}

Vector History::vector() const {
  Vector tips;
  tips.reserve(chains_.size());
  for (const auto& [id, chain] : chains_) {
    const Record& last = *chain.records.back();
    tips.push_back({id.member, id.incarnation, last.info.dot.seq, last.info.hash, id.branch});
  }
  return tips;
}

base::Hash History::digest() const {
  if (!digest_) digest_ = vector_digest(vector());
  return *digest_;
}

Known History::known() const {
  Known known;
  for (const auto& [id, chain] : chains_) known[id] = chain.before + chain.records.size();
  return known;
}

std::vector<ChainId> History::chains_of(const base::MemberId& member) const {
  std::vector<ChainId> found;
  for (auto at = chains_.lower_bound({member, 0}); at != chains_.end() && at->first.member == member; ++at) {
    found.push_back(at->first);
  }
  return found;
}

base::Stamp History::greatest_stamp(base::Stamp limit) const {
  const bool all = limit.value == std::numeric_limits<std::uint64_t>::max();
  const auto after = all ? stamps_.end() : stamps_.lower_bound({base::Stamp{limit.value + 1}, Dot{}});
  return after == stamps_.begin() ? base::Stamp{} : std::prev(after)->first;
}

std::vector<const Record*> History::by_request_key(const std::string& key) const {
  std::vector<const Record*> records;
  const auto [first, last] = request_keys_.equal_range(key);
  for (auto at = first; at != last; ++at) records.push_back(at->second);
  return records;
}

std::vector<base::Hash> History::newest(std::size_t limit) const {
  std::vector<base::Hash> hashes;
  for (auto entry = stamps_.rbegin(); entry != stamps_.rend() && hashes.size() < limit; ++entry) {
    hashes.push_back(at(entry->second)->info.hash);
  }
  return hashes;
}

std::vector<base::Hash> History::by_prefix(std::string_view hex) const {
  std::string from(hex.substr(0, 64));
  from.append(64 - from.size(), '0');
  const auto first = base::parse_hash(from);
  std::vector<base::Hash> hashes;
  if (!first || hex.empty()) return hashes;
  for (auto entry = records_.lower_bound(*first); entry != records_.end(); ++entry) {
    if (base::to_text(entry->first).compare(0, hex.size(), base::to_text(*first), 0, hex.size()) != 0) break;
    hashes.push_back(entry->first);
  }
  return hashes;
}

}  // namespace postern::cluster
