// Received commits on their way: waiting for their context, for the disk, for their author's
// "durable".
#include "cluster/core.h"
#include "cluster/graves.h"
#include "cluster/planted.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace postern::cluster {
namespace {

using Where = Held::Where;

/// Of the room for received commits: what one author may fill at most, and one sender with what is not proved.
constexpr std::size_t author_part = 2;
constexpr std::size_t unproved_part = 16;
/// What stands on commits that are on their way to the disk is judged by looking through those.
constexpr std::size_t under_way_most = 256;

}  // namespace

const Held* Peer::Core::proved(const base::Hash& hash) const {
  const auto found = held.find(hash);
  return found != held.end() && found->second.proved ? &found->second : nullptr;
}

/// One commit always fits for somebody who holds nothing here, and whoever has filled his part gives way to
/// himself: what waits may wait for ever, and others may have built on what comes now. What is refused or gave way
/// comes again with a later round.
bool Peer::Core::make_room(const Held& fresh) {
  const std::size_t room = tuning.held_bytes;
  if (planted(Planted::one_pool)) return shares.total() + fresh.bytes <= room;
  const std::size_t part = room / (fresh.account.proved ? author_part : unproved_part);
  if (shares.of(fresh.account) + fresh.bytes > part) (void)evict(fresh.account);
  const std::size_t after = shares.of(fresh.account) + fresh.bytes;
  if (after > part && after > fresh.bytes) return false;
  while (shares.total() + fresh.bytes > room) {
    const std::optional<Account> most = shares.greediest();
    if (!most) return true;
    const bool gives_way = fresh.account.proved && (!most->proved || shares.of(*most) > after);
    if (!gives_way || evict(*most) == 0) return false;
  }
  return true;
}

/// Half of what it holds in memory alone; the bytes freed.
std::size_t Peer::Core::evict(const Account& account) {
  const std::size_t before = shares.of(account);
  std::vector<base::Hash> gone;
  std::size_t bytes = 0;
  for (const auto& [hash, one] : held) {
    if (one.account != account || one.where != Where::waiting) continue;
    if (bytes > before / 2) break;
    bytes += one.bytes;
    gone.push_back(hash);
  }
  for (const base::Hash& hash : gone) forget(hash);
  return bytes;
}

/// What is staged stays until its author or another one speaks of it. So that no crowd of members can fill the room with
/// it, for the others' commits have to pass through.
bool Peer::Core::may_stage(const Held& one) const {
  if (planted(Planted::one_pool)) return true;
  return shares.of(one.account) <= tuning.held_bytes / staged_part &&
         staged_bytes + one.bytes <= tuning.held_bytes / all_staged_part;
}

Held& Peer::Core::hold(Held fresh) {
  held_dots.emplace(fresh.header.dot, fresh.hash);
  shares.take(fresh.account, fresh.bytes);
  const base::Hash hash = fresh.hash;
  return held[hash] = std::move(fresh);
}

void Peer::Core::forget_dot(const Held& one) {
  const auto [first, last] = held_dots.equal_range(one.header.dot);
  const auto found = std::find_if(first, last, [&one](const auto& entry) { return entry.second == one.hash; });
  if (found != last) held_dots.erase(found);
}

void Peer::Core::forget(const base::Hash& hash) {
  const auto found = held.find(hash);
  if (found == held.end()) return;
  forget_dot(found->second);
  shares.give_back(found->second.account, found->second.bytes);
  if (found->second.cannot_give_way) staged_bytes -= found->second.bytes;
  deferred.erase(hash);
  held.erase(found);
}

void Peer::Core::drop_staged(const ChainId& chain, std::uint64_t beyond) {
  std::vector<base::Hash> gone;
  if (beyond == std::numeric_limits<std::uint64_t>::max()) return;
  const Dot first{chain.member, chain.incarnation, beyond + 1};
  for (auto at = held_dots.lower_bound(first); at != held_dots.end() && chain_of(at->first) == chain; ++at) {
    const Held& one = held.at(at->second);
    const bool staged = one.where == Where::staged || one.where == Where::staged_persisting;
    if (staged && !one.durable) gone.push_back(at->second);
  }
  for (const base::Hash& hash : gone) {
    persist().drop.push_back(hash);
    forget(hash);
  }
}

/// A removed author says no more; what he shipped reached a member, so it stands (P14).
void Peer::Core::free_orphans() {
  for (auto& [hash, one] : held) {
    if (one.durable || !is_dead(one.header.dot.member)) continue;
    one.durable = true;
    to_advance.push_back(hash);
  }
}

/// What nobody will complete must not fill the space of what somebody can.
void Peer::Core::forget_waiting(LinkId from) {
  std::vector<base::Hash> gone;
  for (auto& [hash, one] : held) {
    one.from.erase(from);
    if (one.from.empty() && one.where == Where::waiting) gone.push_back(hash);
  }
  for (const base::Hash& hash : gone) forget(hash);
}

void Peer::Core::advance(Held& one) {
  if (one.where == Where::waiting)
    advance_waiting(one);
  else if (one.where == Where::staged && one.durable)
    advance_staged(one);
}

/// `seen` is missing for this durable commit. Its author had applied `seen`, so that is durable as
/// well; but only a signature proves that he says so.
void Peer::Core::need(Held& one, const base::Hash& seen) {
  if (waiters.size() > 2 * held.size() + 1024) {  // of some that were forgotten
    for (auto at = waiters.begin(); at != waiters.end();) at = held.count(at->second) ? std::next(at) : waiters.erase(at);
  }
  waiters.emplace(seen, one.hash);
  const auto found = held.find(seen);
  if (found == held.end()) {
    Link* from = one.from.empty() ? nullptr : link(*one.from.rbegin());
    if (from != nullptr) pull(*from);
    return;
  }
  Held& before = found->second;
  const bool by_another = before.header.dot.member != one.header.dot.member;
  const bool wants = !before.wanted && (one.wanted || by_another);
  if ((before.durable && !wants) || !check_signature(one).empty()) return;
  before.durable = true;
  before.wanted = before.wanted || wants;
  to_advance.push_back(seen);
}

/// To the disk as soon as all it had seen is here or on its way to the disk before it.
void Peer::Core::advance_waiting(Held& one) {
  std::size_t under_way = 0;
  for (const auto& [token, hashes] : persisting) under_way += hashes.size();
  for (const base::Hash& seen : history.lacking(one.header)) {
    const auto found = held.find(seen);
    if (found == held.end() || found->second.where != Where::persisting || under_way >= under_way_most) return need(one, seen);
  }
  std::string wrong = check_chain(one);
  if (wrong.empty()) wrong = prove(one);
  if (wrong.empty() && !one.possible) wrong = why_impossible(one.header);
  one.possible = wrong.empty();
  if (!wrong.empty()) {
    refuse(one, wrong);
    return forget(base::Hash(one.hash));
  }
  one.proved = true;
  note_admissions(one.header, one.hash, one.values);
  if (may_begin(one)) return persist_held(one, false);
  if (!may_stage(one)) return forget(base::Hash(one.hash));
  persist_held(one, true);
}

void Peer::Core::advance_staged(Held& one) {
  for (const base::Hash& seen : history.lacking(one.header)) return need(one, seen);
  std::string wrong;
  if (!one.proved) wrong = check_chain(one);
  if (wrong.empty() && !one.proved) wrong = check_signature(one);
  if (wrong.empty() && !one.possible) wrong = why_impossible(one.header);
  one.possible = wrong.empty();
  if (wrong.empty() && !one.visible && !has_values(one)) wrong = "its values are lost";
  if (!wrong.empty()) return drop_unsound(one, wrong);
  if (!may_begin(one)) return;
  persist().promote.push_back(one.hash);
  apply_held(one.hash);
}

/// What came from the disk and is not what was written there comes again from the others.
void Peer::Core::drop_unsound(const Held& one, const std::string& why) {
  alert(Alert::Grade::critical, "damaged", one.header.dot.member,
        fmt::format("The stored commit {} of {} is damaged: {}. It is asked for again.", to_text(one.header.dot),
                    host_of(one.header.dot.member), why));
  persist().drop.push_back(one.hash);
  forget(base::Hash(one.hash));
  for (Link* to : live_links()) pull(*to);
}

void Peer::Core::persist_held(Held& one, bool staged) {
  Persist& write = persist();
  write.flush = true;
  write.commits.push_back({one.envelope, staged});
  write.values.insert(one.values.begin(), one.values.end());
  one.token = write.token;
  one.where = staged ? Where::staged_persisting : Where::persisting;
  if (staged && !std::exchange(one.cannot_give_way, true)) staged_bytes += one.bytes;
  persisting[write.token].push_back(one.hash);
  if (!staged) arrived.push_back(one.hash);
}

void Peer::Core::flushed_held(Token token) {
  const auto entry = persisting.find(token);
  if (entry == persisting.end()) return;
  const std::vector<base::Hash> hashes = std::move(entry->second);
  persisting.erase(entry);
  for (const base::Hash& hash : hashes) {
    const auto found = held.find(hash);
    if (found == held.end() || found->second.token != token) continue;
    Held& one = found->second;
    for (const LinkId from : one.from) acks[from].insert(hash);
    if (one.where == Where::persisting && history.lacking(one.header).empty()) {
      apply_held(hash);
    } else {  // staged, or what it stands on could not be written: as if staged
      one.where = Where::staged;
      to_advance.push_back(hash);
    }
  }
}

void Peer::Core::failed_held(Token token, const Flushed& why) {
  const auto entry = persisting.find(token);
  if (entry == persisting.end()) return;
  const std::vector<base::Hash> hashes = std::move(entry->second);
  persisting.erase(entry);
  for (const base::Hash& hash : hashes) {
    const auto found = held.find(hash);
    if (found != held.end() && found->second.token == token) forget(hash);
  }
  alert(Alert::Grade::critical, "disk", self.member,
        fmt::format("Commits of other machines could not be written to this machine's disk: {}. "
                    "They are asked "
                    "for again.",
                    why.reason));
  check_soon();
}

/// They wait again if they must.
void Peer::Core::wake_waiters(const base::Hash& seen) {
  const auto first = waiters.lower_bound({seen, base::Hash{}});
  auto last = first;
  for (; last != waiters.end() && last->first == seen; ++last) to_advance.push_back(last->second);
  waiters.erase(first, last);
}

void Peer::Core::settle() {
  while (!arrived.empty() || !to_advance.empty()) {
    while (!arrived.empty()) {
      wake_waiters(arrived.front());
      arrived.pop_front();
    }
    if (std::exchange(deaths, false)) {
      leave_dead();
      free_orphans();
    }
    if (to_advance.empty()) continue;
    const auto found = held.find(to_advance.front());
    to_advance.pop_front();
    if (found != held.end()) advance(found->second);
  }
}

/// The author's own word: this one is durable, and so is all before it in its chain. False when some of that
/// is not here. `found` remembers what was found of the ones on the way: a vector may name every commit of a chain, and
/// a chain is walked once.
bool Peer::Core::know_durable(const base::Hash& tip, std::map<base::Hash, bool>& found) {
  std::vector<base::Hash> way;
  bool whole = true;
  for (base::Hash hash = tip; history.find(hash) == nullptr;) {
    const auto before = found.find(hash);
    const auto at = held.find(hash);
    whole = before != found.end() ? before->second : at != held.end();
    if (before != found.end() || !whole) break;
    way.push_back(hash);
    at->second.durable = true;
    to_advance.push_back(hash);
    if (at->second.header.dot.seq == 1) break;
    hash = at->second.header.prev;
  }
  for (const base::Hash& hash : way) found[hash] = whole;
  return whole;
}

bool Peer::Core::know_durable(const base::Hash& tip) {
  std::map<base::Hash, bool> found;
  return know_durable(tip, found);
}

/// Whoever has applied a commit proves that its author made it durable, and with it all before it. One of
/// our own that is not from here may be of the incarnation that we go on in, whatever it is called there: that
/// ends it (2.2). It is a word without a signature, so nobody ends many by it; the commit itself, which is asked for,
/// ends it in any case when it comes (watch_own_chain).
void Peer::Core::learn(const base::MemberId& told_by, const Vector& vector) {
  std::map<base::Hash, bool> found;
  for (const Tip& tip : vector) {
    (void)know_durable(tip.hash, found);
    if (tip.member != self.member) continue;
    const auto flies = [&tip](const Flight& flight) { return flight.hash == tip.hash; };
    const bool ours = history.find(tip.hash) != nullptr || std::any_of(flights.begin(), flights.end(), flies);
    if (ours || incarnation_ended || planted(Planted::fork_keeps_incarnation)) continue;
    if (others[house_of(told_by)].own_words.take(now.mono_ms)) end_incarnation();
  }
}

/// What is staged here under the same dot and is not what its author signed was damaged on this disk.
void Peer::Core::forget_unsound_twins(const Dot& dot) {
  std::vector<base::Hash> unproved;
  const auto [first, last] = held_dots.equal_range(dot);
  for (auto at = first; at != last; ++at) {
    const Held& one = held.at(at->second);
    if (one.where == Where::staged && !one.proved) unproved.push_back(one.hash);
  }
  for (const base::Hash& hash : unproved) {
    const Held& one = held.at(hash);
    const base::Hash& prev = one.header.prev;
    if (history.find(prev) == nullptr && proved(prev) == nullptr) continue;
    std::string wrong = check_chain(one);
    if (wrong.empty()) wrong = check_signature(one);
    if (!wrong.empty()) drop_unsound(one, wrong);
  }
}

/// A fork whose new branch keeps the name: all that is known of names is said anew.
void Peer::Core::rename_for(const Header& header) {
  const History before = std::exchange(history, history.renamed_for(header));
  for (auto& [id, one] : links) {
    one.has = history.renamed(one.has, before);
    one.sent = history.renamed(one.sent, before);
    one.said = history.renamed(one.said, before);
  }
  for (auto& [member, other] : others) other.stored = history.renamed(other.stored, before);
  builder.begin_again(changed);
}

void Peer::Core::alert_fork(const Record& record, const Record& rival) {
  const Dot& dot = record.info.header.dot;
  if (!forks_alerted.insert(dot).second) return;
  alert(Alert::Grade::critical, "fork", dot.member,
        fmt::format("Two different commits ({:.12} and {:.12}) were made as {} by {}: that machine "
                    "was copied, or set back while it ran. Both are kept as concurrent changes; see "
                    "which settings show what you want. If two machines run with its identity, let "
                    "one of them leave and join again.",
                    base::to_text(record.info.hash), base::to_text(rival.info.hash), to_text(dot), host_of(dot.member)));
}

const Record& Peer::Core::apply(Header header, const base::Hash& hash, const Values& values) {
  const Record* rival = history.rival(header);
  const base::Hash other = rival == nullptr ? base::Hash{} : rival->info.hash;
  if (history.renames(header, hash)) rename_for(header);
  const Record& record = history.add(std::move(header), hash);
  builder.apply(record, values, changed);
  note_admissions(record.info.header, hash, values);
  for (const Write& write : record.info.header.writes) {
    if (is_settings(write.reg)) continue;
    fleet_stale = true;
    const base::MemberId member{write.reg.id};
    if (is_identity(write.reg)) admissions.emplace(member, hash);
    if (write.reg.space == Space::member && write.kind == WriteKind::remove) deaths = true;
  }
  if (!other.is_nil()) alert_fork(record, *history.find(other));
  arrived.push_back(hash);
  check_tries = 0;
  check_soon();
  return record;
}

void Peer::Core::apply_held(const base::Hash& hash) {
  auto node = held.extract(hash);
  Held& one = node.mapped();
  const bool whole = has_values(one);
  forget_dot(one);
  shares.give_back(one.account, one.bytes);
  if (one.cannot_give_way) staged_bytes -= one.bytes;
  const Record& record = apply(std::move(one.header), hash, one.values);
  forget_unsound_twins(record.info.header.dot);
  ++counters.commits_received;
  if (whole) relay(record, one);  // else a value is lost here; who has it ships it
}

/// Who has a live link with the author gets it from him; who says that it has none, from us, at
/// once.
void Peer::Core::relay(const Record& record, const Held& one) {
  const Dot dot = record.info.dot;
  for (const LinkId id : one.from) {
    if (Link* from = link(id)) history.raise(from->has, record);
  }
  for (Link* to : live_links()) {
    if (to->member == dot.member || reach(*to, chain_of(dot)) >= dot.seq) continue;
    if (reach(*to, chain_of(dot)) != dot.seq - 1) continue;
    const std::optional<LinkState>& state = others[to->member].link_state;
    const bool direct = state && std::count(state->live.begin(), state->live.end(), dot.member) > 0;
    to->sent[chain_of(dot)] = dot.seq;
    if (direct) continue;
    Ship::Item item{one.envelope, {}, false};
    for (const Write& write : record.info.header.writes) {
      if (!write.value.is_nil()) item.values.push_back(one.values.at(write.value));
    }
    Ship ship;
    ship.items.push_back(std::move(item));
    send(to->id, std::move(ship));
  }
}

}  // namespace postern::cluster
