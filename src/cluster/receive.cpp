// Commits from other machines: size, one form, dot, chain, signature; only then the disk
// (contract 2.6).
#include "cluster/core.h"
#include "cluster/graves.h"
#include "cluster/planted.h"
#include "cluster/validate.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::cluster {
namespace {

constexpr std::size_t signatures_kept = 8;
/// What a commit costs here beside its bytes.
constexpr std::size_t bytes_a_commit = 16U << 10;
constexpr std::size_t bytes_a_write = 256;
/// So many commits that do not check end a link: a machine that is sound ships only what it has checked.
constexpr std::uint64_t refused_a_link = 256;

}  // namespace

std::optional<base::VerifyKey> founder_key(const Header& header, const Values& values) {
  const Write* write = find_write(header, member_register(header.dot.member, "identity"));
  const auto value = write == nullptr ? values.end() : values.find(write->value);
  if (value == values.end()) return std::nullopt;
  const auto identity = decode_identity(value->second);
  return identity ? std::optional(identity->signing_key) : std::nullopt;
}

void Peer::Core::on_ship(Link& from, const Ship& ship) {
  const LinkId id = from.id;
  for (const Ship::Item& item : ship.items) {
    Link* still = link(id);
    if (still == nullptr || to_close.count(id) != 0) return;
    take(*still, item);
    settle();  // what the next one stands on is known then
  }
  Link* still = link(id);
  if (still != nullptr && ship.more) pull(*still);
}

void Peer::Core::take(Link& from, const Ship::Item& item) {
  const base::Hash hash = item.envelope.id();
  if (const Record* known = history.find(hash)) {
    if (values_lost) take_lost(*known, item.values);
    ++counters.duplicates;
    acks[from.id].insert(hash);
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
  const std::optional<bool> proof = signed_by_author(fresh);
  if (proof == false) return refuse(fresh, "its signature is wrong");
  fresh.account = proof ? Account{fresh.header.dot.member, true} : Account{from.member, false};
  if (const auto good = validate(self.cluster, fresh.header); !good) return refuse(fresh, good.error().text);
  if (!take_values(fresh, item.values)) return refuse(fresh, "its values are not those that it names");
  if (const auto good = validate_values(fresh.header, fresh.values); !good) return refuse(fresh, good.error().text);
  take_new(from, std::move(fresh), item.staged);
}

/// At once, where its author's key is known.
std::optional<bool> Peer::Core::signed_by_author(const Held& one) const {
  const auto key = keys.find(one.header.dot.member);
  if (key == keys.end()) return std::nullopt;
  return base::verify(key->second, signed_bytes(self.cluster, one.envelope.header), one.envelope.signature);
}

/// The hash is that of the header only: which of two signatures is the true one shows when it is
/// checked.
void Peer::Core::take_known(Link& from, Held& known, const Ship::Item& item) {
  ++counters.duplicates;
  if (known.where == Held::Where::waiting && !known.account.proved && item.envelope.signature != known.envelope.signature &&
      known.also.size() < signatures_kept) {
    known.also.push_back(item.envelope.signature);
  }
  known.from.insert(from.id);
  if (known.where == Held::Where::staged) {
    if (!known.proved && has_values(known))  // from the store; an acknowledgement says it is sound
      known.proved = check_chain(known).empty() && check_signature(known).empty();
    acks[from.id].insert(known.hash);
  }
  if (item.staged) return;
  const bool wants = !known.wanted && is_vouched(from, known.header);
  if (known.durable && !wants) return;
  known.durable = true;
  known.wanted = known.wanted || wants;
  to_advance.push_back(known.hash);
}

/// Members ship what they show. What one shows that is not its author, all must: connected machines end up alike.
bool Peer::Core::is_vouched(const Link& from, const Header& header) { return from.member != header.dot.member; }

bool Peer::Core::has_values(const Held& one) {
  return std::all_of(one.header.writes.begin(), one.header.writes.end(),
                     [&one](const Write& write) { return write.value.is_nil() || one.values.count(write.value) != 0; });
}

bool Peer::Core::take_values(Held& one, const std::vector<std::string>& values) {
  auto next = values.begin();
  one.bytes =
      bytes_a_commit + one.envelope.header.size() + bytes_a_write * (one.header.writes.size() + one.header.parents.size());
  for (const Write& write : one.header.writes) {
    if (write.value.is_nil()) continue;
    if (next == values.end() || next->size() != write.value_size || base::hash_bytes(*next) != write.value) {
      return false;
    }
    one.bytes += next->size();
    one.values[write.value] = *next++;
  }
  return next == values.end();
}

void Peer::Core::take_new(Link& from, Held fresh, bool staged) {
  const Dot dot = fresh.header.dot;
  watch_own_chain(fresh);
  if (!make_room(fresh)) return;  // the next round brings it again
  if (!staged) {
    fresh.durable = true;
    fresh.wanted = is_vouched(from, fresh.header);
    wake_waiters(fresh.hash);  // first: they say whether it is wanted
    to_advance.push_back(fresh.hash);
    hold(std::move(fresh));
    return;
  }
  if (from.member != dot.member) return refuse(fresh, "only its author can ship a commit that is not durable yet");
  if (!may_stage(fresh)) return;  // it comes when it is durable
  const bool starts = history.find(fresh.header.prev) != nullptr || (dot.seq > 1 && proved(fresh.header.prev) != nullptr);
  if (!starts) return pull(from);
  std::string wrong = check_chain(fresh);
  if (wrong.empty()) wrong = check_signature(fresh);
  if (!wrong.empty()) return refuse(fresh, wrong);
  fresh.proved = true;
  const auto& said = durable[dot.member];
  const bool is_durable = std::count(said.begin(), said.end(), std::pair(dot.incarnation, fresh.hash)) != 0;
  fresh.durable = planted(Planted::visible_before_durable);
  Held& one = hold(std::move(fresh));
  persist_held(one, true);
  if (is_durable) (void)know_durable(one.hash);
}

/// One of our own, in the incarnation that we go on in, but not from here: another process with our key has
/// made it, or we have forgotten it. Either way this chain is not ours alone any more (2.2).
void Peer::Core::watch_own_chain(const Held& fresh) {
  if (chain_of(fresh.header.dot) != ChainId{self.member, incarnation}) return;
  if (!planted(Planted::fork_keeps_incarnation) && signed_here(fresh)) end_incarnation();
}

/// What the header says of its predecessors must be what they are. Empty, or what is wrong.
std::string Peer::Core::check_chain(const Held& one) const {
  const Header& header = one.header;
  for (const ParentRef& parent : header.parents) {
    const Record* record = history.find(parent.hash);
    const auto found = held.find(parent.hash);
    if (record != nullptr && record->info.header.dot != parent.dot) return "it names its parents wrongly";
    if (found != held.end() && found->second.header.dot != parent.dot) return "it names its parents wrongly";
  }
  if (header.dot.seq == 1) {
    if (!header.prev.is_nil()) return {};  // check_signature needs it to be an admission
    const bool first = history.size() == 0 && persisting.empty();
    return first && header.parents.empty() ? "" : "it founds a cluster that exists";
  }
  const Record* record = history.find(header.prev);
  const Held* before = proved(header.prev);
  if (record == nullptr && before == nullptr) return "its chain has a gap before it";
  const Dot& dot = record != nullptr ? record->info.header.dot : before->header.dot;
  if (dot != before_dot(header.dot) && !planted(Planted::no_chain_check)) return "it does not continue its author's chain";
  if (planted(Planted::first_branch_stays) && history.rival(header) != nullptr) return "another commit has its number";
  return {};
}

/// A member has one key, whichever admission brought it (validate_identity, P15); but its chain must
/// stand on one.
const base::VerifyKey* Peer::Core::key_of(const base::Hash& admission, const base::MemberId& member) const {
  const auto key = keys.find(member);
  const auto by = admitted.find(member);
  const bool known = key != keys.end() && by != admitted.end() && by->second.contains(admission);
  return known ? &key->second : nullptr;
}

/// The admission on which its chain stands; nil when the chain has a gap here.
base::Hash Peer::Core::admission_of(const Held& one) const {
  const Held* at = &one;
  while (at->header.dot.seq > 1) {
    if (const Record* record = history.find(at->header.prev)) return record->admission;
    const Held* before = proved(at->header.prev);
    if (before == nullptr || before->header.dot != before_dot(at->header.dot)) return {};
    at = before;
  }
  return at->header.prev.is_nil() ? at->hash : at->header.prev;
}

std::string Peer::Core::check_signature(const Held& one) const {
  const base::Hash admission = admission_of(one);
  if (admission.is_nil()) return "its chain has a gap before it";
  const base::VerifyKey* known = key_of(admission, one.header.dot.member);
  std::optional<base::VerifyKey> key;
  if (known != nullptr) key = *known;
  if (one.header.prev.is_nil()) key = founder_key(one.header, one.values);
  if (!key) return "its author was not admitted by the commit that it names";
  if (one.account.proved && !one.header.prev.is_nil()) return {};  // seen at its arrival, by this very key
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
  return base::verify(base::verify_key(self.key), signed_bytes(self.cluster, one.envelope.header), one.envelope.signature);
}

/// The alert names who is to blame as far as it is proved.
void Peer::Core::refuse(const Held& one, const std::string& why) {
  ++counters.refused;
  Link* from = one.from.empty() ? nullptr : link(*one.from.begin());
  if (from != nullptr && ++from->refused == refused_a_link) to_close.insert(from->id);
  const base::MemberId blamed = one.account.proved ? one.account.member : from != nullptr ? from->member : self.member;
  const std::string author = one.account.proved ? fmt::format(" of {}", host_of(one.account.member)) : "";
  alert(Alert::Grade::warning, "commit-refused", blamed,
        fmt::format("A commit{} that came from {} was refused: {}.", author,
                    from == nullptr ? "another machine" : host_of(from->member), why));
}

/// After the step, so that nobody under way loses his link under him. It may come back and do better.
void Peer::Core::close_refused() {
  for (const LinkId id : to_close) {
    const Link* one = link(id);
    if (one == nullptr) continue;
    alert(Alert::Grade::critical, "link-refused", one->member,
          fmt::format("The link with {} was ended: {} commits that came on it did not check. If "
                      "that goes on, remove that machine from the cluster.",
                      host_of(one->member), one->refused));
    close(id);
  }
  to_close.clear();
}

void Peer::Core::note_admissions(const Header& header, const base::Hash& hash, const Values& values) {
  for (const Write& write : header.writes) {
    if (!is_identity(write.reg) || write.value.is_nil()) continue;
    const base::MemberId member{write.reg.id};
    std::set<base::Hash>& by = admitted[member];
    if (by.empty() && header.dot.member != self.member) {
      const base::MemberId& host = header.dot.member;
      houses.emplace(member, house_of(host));
      roots.emplace(member, houses.contains(host) ? root_of(host) : member);
    }
    by.insert(hash);
    const auto found = values.find(write.value);
    if (found == values.end() || keys.contains(member)) continue;
    if (const auto identity = decode_identity(found->second)) keys.emplace(member, identity->signing_key);
  }
}

}  // namespace postern::cluster
