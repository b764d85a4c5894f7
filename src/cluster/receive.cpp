// Commits from other machines: size, one form, dot, chain, signature; only then the disk
// (contract 2.6).
#include "cluster/core.h"
#include "cluster/planted.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::cluster {
namespace {

constexpr std::size_t signatures_kept = 8;

/// The founding commit brings its author's key itself.
std::optional<base::VerifyKey> founding_key(const Held& one) {
  const Write* write = find_write(one.header, member_register(one.header.dot.member, "identity"));
  const auto value = write == nullptr ? one.values.end() : one.values.find(write->value);
  if (value == one.values.end()) return std::nullopt;
  const auto identity = decode_identity(value->second);
  return identity ? std::optional(identity->signing_key) : std::nullopt;
}

}  // namespace

void Peer::Core::on_ship(Link& from, const Ship& ship) {
  for (const Ship::Item& item : ship.items) take(from, item);
  if (ship.more) pull(from);
}

void Peer::Core::take(Link& from, const Ship::Item& item) {
  const base::Hash hash = item.envelope.id();
  if (const Record* known = history.find(hash)) {
    ++counters.duplicates;
    acks[from.id].insert(chain_of(known->info.header.dot));
    return;
  }
  const auto found = held.find(hash);
  if (found != held.end()) return take_known(from, found->second, item);
  const auto own = [&hash](const Flight& flight) { return flight.hash == hash; };
  if (std::any_of(flights.begin(), flights.end(), own)) return;

  auto header = decode_header(item.envelope.header);
  Held fresh;
  fresh.hash = hash;
  fresh.envelope = item.envelope;
  fresh.from = {from.id};
  if (!header) return refuse(fresh, header.error().text);
  fresh.header = std::move(*header);
  if (!take_values(fresh, item.values))
    return refuse(fresh, "its values are not those that it names");
  take_new(from, std::move(fresh), item.staged);
}

/// The hash is that of the header only: which of two signatures is the true one shows when it is
/// checked.
void Peer::Core::take_known(Link& from, Held& known, const Ship::Item& item) {
  ++counters.duplicates;
  if (known.where == Held::Where::waiting && item.envelope.signature != known.envelope.signature &&
      known.also.size() < signatures_kept) {
    known.also.push_back(item.envelope.signature);
  }
  known.from.insert(from.id);
  if (known.where == Held::Where::staged) {
    if (!known.proved && has_values(known))  // from the store; an acknowledgement says it is sound
      known.proved = check_chain(known).empty() && check_signature(known).empty();
    acks[from.id].insert(chain_of(known.header.dot));
  }
  if (item.staged || known.durable) return;
  known.durable = true;
  to_advance.push_back(known.hash);
}

bool Peer::Core::has_values(const Held& one) {
  return std::all_of(one.header.writes.begin(), one.header.writes.end(),
                     [&one](const Write& write) {
                       return write.value.is_nil() || one.values.count(write.value) != 0;
                     });
}

bool Peer::Core::take_values(Held& one, const std::vector<std::string>& values) {
  auto next = values.begin();
  one.bytes = one.envelope.header.size();
  for (const Write& write : one.header.writes) {
    if (write.value.is_nil()) continue;
    if (next == values.end() || next->size() != write.value_size ||
        base::hash_bytes(*next) != write.value) {
      return false;
    }
    one.bytes += next->size();
    one.values[write.value] = *next++;
  }
  return next == values.end();
}

void Peer::Core::take_new(Link& from, Held fresh, bool staged) {
  const Dot dot = fresh.header.dot;
  if (!take_twin(fresh, staged)) return;
  if (!room_for(fresh.bytes)) return;  // the next round brings it again
  if (!staged) {
    std::uint64_t& has = from.has[chain_of(dot)];
    has = std::max(has, dot.seq);
    fresh.durable = true;
    to_advance.push_back(fresh.hash);
    hold(std::move(fresh));
    return;
  }
  if (from.member != dot.member)
    return refuse(fresh, "only its author can ship a commit that is not durable yet");
  const bool starts = dot.seq == 1
                          ? history.find(fresh.header.prev) != nullptr
                          : history.at(chain_of(dot), dot.seq - 1) != nullptr ||
                                held_at({dot.member, dot.incarnation, dot.seq - 1}) != nullptr;
  if (!starts) return pull(from);
  std::string wrong = check_chain(fresh);
  if (wrong.empty()) wrong = check_signature(fresh);
  if (!wrong.empty()) return refuse(fresh, wrong);
  fresh.proved = true;
  fresh.durable =
      known_seq(durable, chain_of(dot)) >= dot.seq || planted(Planted::visible_before_durable);
  persist_held(hold(std::move(fresh)), true);
}

/// False when another commit of the same dot is here and stays. Two of one dot are a fork (2.2)
/// only when both are proved: anyone on the way can alter one.
bool Peer::Core::take_twin(const Held& fresh, bool staged) {
  const Dot dot = fresh.header.dot;
  const ChainId own{self.member, incarnation};
  const std::uint64_t length = history.length(own);
  if (chain_of(dot) == own && dot.seq > length && signed_here(fresh)) {
    end_incarnation();
    if (dot.seq <= length + flights.size()) {
      fork(dot, flights[dot.seq - length - 1].hash, fresh.hash);
      return false;
    }
  }
  if (const Record* twin = history.at(dot)) {
    if (check_signature(fresh).empty()) fork(dot, twin->info.hash, fresh.hash);
    refuse(fresh, "another commit has its number");
    return false;
  }
  return !staged || held_at(dot) == nullptr;
}

/// A proved commit takes its dot, from what was staged as well: that is not what its author made
/// durable. False when another proved one stays.
bool Peer::Core::take_place(const Held& one) {
  const Dot dot = one.header.dot;
  const Record* applied = history.at(dot);
  const Held* twin = held_at(dot);
  if (applied == nullptr && (twin == nullptr || !twin->durable)) {
    if (twin != nullptr) drop_staged(chain_of(dot), dot.seq - 1);
    return true;
  }
  fork(dot, applied != nullptr ? applied->info.hash : twin->hash, one.hash);
  return false;
}

/// What the header says of its predecessors must be what they are. Empty, or what is wrong.
std::string Peer::Core::check_chain(const Held& one) const {
  const Header& header = one.header;
  for (const ParentRef& parent : header.parents) {
    const Record* record = history.find(parent.hash);
    const auto found = held.find(parent.hash);
    if (record != nullptr && record->info.header.dot != parent.dot)
      return "it names its parents wrongly";
    if (found != held.end() && found->second.header.dot != parent.dot)
      return "it names its parents wrongly";
  }
  if (header.dot.seq == 1) {
    if (!header.prev.is_nil()) return {};  // check_signature needs it to be an admission
    const bool first = history.size() == 0 && persisting.empty();
    return first && header.parents.empty() ? "" : "it founds a cluster that exists";
  }
  const ChainId chain = chain_of(header.dot);
  const Record* record = history.at(chain, header.dot.seq - 1);
  const Held* before = held_at({header.dot.member, header.dot.incarnation, header.dot.seq - 1});
  if (record == nullptr && before == nullptr) return "its chain has a gap before it";
  const base::Hash& prev = record != nullptr ? record->info.hash : before->hash;
  if (prev != header.prev && !planted(Planted::no_chain_check))
    return "it does not continue its author's chain";
  return {};
}

/// A member's key is that of its first admission (P15). A later write of its identity is believed
/// only when it names the same key: else whoever may write it could sign in the member's name.
const base::VerifyKey* Peer::Core::key_of(const base::Hash& admission,
                                          const base::MemberId& member) const {
  const auto key = keys.find({admission, member});
  const auto pin = pins.find(member);
  if (key == keys.end() || pin == pins.end()) return nullptr;
  const auto pinned = keys.find({pin->second, member});
  return pinned != keys.end() && pinned->second == key->second ? &key->second : nullptr;
}

/// The admission on which its chain stands; nil when the chain has a gap here. check_chain has
/// compared what is found here by number.
base::Hash Peer::Core::admission_of(const Held& one) const {
  const Held* at = &one;
  while (at->header.dot.seq > 1) {
    const Dot before{at->header.dot.member, at->header.dot.incarnation, at->header.dot.seq - 1};
    if (const Record* record = history.at(before)) return record->admission;
    at = held_at(before);
    if (at == nullptr) return {};
  }
  return at->header.prev.is_nil() ? at->hash : at->header.prev;
}

std::string Peer::Core::check_signature(const Held& one) const {
  const base::Hash admission = admission_of(one);
  if (admission.is_nil()) return "its chain has a gap before it";
  const base::VerifyKey* known = key_of(admission, one.header.dot.member);
  std::optional<base::VerifyKey> key;
  if (known != nullptr) key = *known;
  if (one.header.prev.is_nil()) key = founding_key(one);
  if (!key) return "its author was not admitted by the commit that it names";
  const std::string message = signed_bytes(self.cluster, one.envelope.header);
  return base::verify(*key, message, one.envelope.signature) ? "" : "its signature is wrong";
}

/// With whichever signature that came with it.
std::string Peer::Core::prove(Held& one) const {
  std::string wrong = check_signature(one);
  while (!wrong.empty() && !one.also.empty()) {
    one.envelope.signature = one.also.back();
    one.also.pop_back();
    wrong = check_signature(one);
  }
  return wrong;
}

bool Peer::Core::signed_here(const Held& one) const {
  return base::verify(base::verify_key(self.key), signed_bytes(self.cluster, one.envelope.header),
                      one.envelope.signature);
}

void Peer::Core::refuse(const Held& one, const std::string& why) {
  if (++counters.refused > 100 && counters.refused % 1000 != 0)
    return;  // a broken peer must not flood the alerts
  const std::string from = one.from.empty() || link(*one.from.begin()) == nullptr
                               ? "another machine"
                               : host_of(link(*one.from.begin())->member);
  alert(Alert::Grade::warning, "commit-refused",
        fmt::format("A commit that came from {} was refused: {}.", from, why));
}

void Peer::Core::fork(const Dot& dot, const base::Hash& one, const base::Hash& other) {
  if (!forks_alerted.insert(chain_of(dot)).second) return;
  alert(Alert::Grade::critical, "fork",
        fmt::format("Two different commits ({:.12} and {:.12}) were made as {} by {}: that machine "
                    "was copied or set "
                    "back while it ran. The first one that came here stays. Let that machine leave "
                    "and join again.",
                    base::to_text(one), base::to_text(other), to_text(dot), host_of(dot.member)));
}

void Peer::Core::learn_key(const base::Hash& admission, const base::MemberId& member,
                           const std::string& value) {
  const auto identity = decode_identity(value);
  if (identity) keys[{admission, member}] = identity->signing_key;
}

void Peer::Core::note_admissions(const Header& header, const base::Hash& hash,
                                 const Values& values) {
  for (const Write& write : header.writes) {
    if (write.reg.space != Space::member || write.reg.name != "identity" || write.value.is_nil())
      continue;
    const base::MemberId member{write.reg.id};
    pins.emplace(member, hash);
    const auto found = values.find(write.value);
    if (found != values.end()) {
      learn_key(hash, member, found->second);
    } else {
      keys_wanted.emplace(write.value, std::pair(hash, member));
    }
  }
}

}  // namespace postern::cluster
