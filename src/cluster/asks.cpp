// Questions to other machines and their answers, carried over the links that there are. The machines at both ends sign and
// check; a machine between them only carries.
#include "base/limits.h"
#include "cluster/core.h"
#include "cluster/planted.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::cluster {
namespace {

using Verdict = Relay::Verdict;

/// Link states may disagree, so that machines carry in a circle: after so many it ends.
constexpr std::uint32_t most_hops = 8;
/// What a neighbour's envelopes are measured in.
constexpr std::size_t carried_unit_bytes = 64U << 10;

base::Error unreachable(const std::string& host, const char* why) {
  return base::fail(base::ErrorCode::unreachable, host, fmt::format("Could not reach {}: {}.", host, why));
}

}  // namespace

/// The link over which a shortest way leads to `to`, by what the machines say of their links; of several the one with the
/// neighbour of the least id. Word of others is not proved: a way that is none costs the asker its time, and no more.
Link* Peer::Core::way_to(const base::MemberId& to, const std::set<base::MemberId>& except) {
  if (except.count(to) == 0) {
    if (Link* direct = live_link(to)) return direct;
  }
  std::set<base::MemberId> seen = except;
  seen.insert(self.member);
  std::deque<std::pair<base::MemberId, Link*>> reached;
  for (Link* one : live_links()) {
    if (seen.insert(one->member).second) reached.emplace_back(one->member, one);
  }
  for (; !reached.empty(); reached.pop_front()) {
    const auto [member, over] = reached.front();
    const auto other = others.find(member);
    if (other == others.end() || !other->second.link_state) continue;
    for (const base::MemberId& next : other->second.link_state->live) {
      if (next == to) return over;
      if (fleet().member(next) != nullptr && seen.insert(next).second) reached.emplace_back(next, over);
    }
  }
  return nullptr;
}

/// Under which nonce it surely runs; 0: a machine between must ask it.
std::uint64_t Peer::Core::nonce_of(const base::MemberId& member) {
  return live_link(member) == nullptr ? 0 : others[member].nonce;
}

void Peer::Core::handle(const Ask& what) {
  const Member* to = fleet().member(what.to);
  if (to == nullptr || to->id == self.member)
    return told(what.id, unreachable(host_of(what.to), "it is not another machine of this cluster"));
  if (what.body.size() > base::limits::ask_bytes)
    return told(what.id, base::fail(base::ErrorCode::invalid,
                                    fmt::format("A question to another machine may have {} bytes; this one has {}.",
                                                base::limits::ask_bytes, what.body.size())));
  if (asking.size() >= asks_under_way)
    return told(what.id, base::fail(base::ErrorCode::busy,
                                    fmt::format("This machine asks {} questions of others already. Try again in a moment.",
                                                asking.size())));
  Asking one;
  one.id = what.id;
  one.envelope.from = self.member;
  one.envelope.to = what.to;
  one.body = what.body;
  one.deadline_mono_ms = now.mono_ms + ask_wait_ms;
  ask(std::move(one), nonce_of(what.to));
}

/// Under a number of its own, whatever was asked before. Under nonce 0, which no run has, it is heard by nobody and answered
/// by the nonce that is right: so a question that may have been heard is never asked anew.
void Peer::Core::ask(Asking one, std::uint64_t to_nonce) {
  Relay& envelope = one.envelope;
  envelope.number = ++asks_made;
  envelope.from_nonce = boot_nonce;
  envelope.to_nonce = to_nonce;
  envelope.body = to_nonce == 0 ? std::string() : one.body;
  sign_relay(envelope);
  one.about = base::hash_bytes(signed_bytes(self.cluster, envelope));
  one.retry_mono_ms = now.mono_ms + ask_retry_ms;
  if (!send_ask(one))
    return told(one.id, unreachable(host_of(envelope.to), "neither this machine nor one that it reaches has a link with it"));
  asking.emplace(envelope.number, std::move(one));
}

/// A way that was not tried yet before one that was. False when there is none at all.
bool Peer::Core::send_ask(Asking& one) {
  Link* over = way_to(one.envelope.to, one.tried);
  if (over == nullptr) over = way_to(one.envelope.to, {});
  if (over == nullptr) return false;
  one.tried.insert(over->member);
  send(over->id, one.envelope);
  return true;
}

void Peer::Core::sign_relay(Relay& what) const { what.signature = base::sign(self.key, signed_bytes(self.cluster, what)); }

/// Is it from a member, and signed by it?
bool Peer::Core::is_true(const Relay& what) {
  const auto key = keys.find(what.from);
  return key != keys.end() && fleet().member(what.from) != nullptr &&
         base::verify(key->second, signed_bytes(self.cluster, what), what.signature);
}

void Peer::Core::on_relay(Link& from, const Relay& what) {
  if (what.to != self.member) return carry(from, what);
  if (what.reply) return on_told(from, what);
  on_asked(from, what);
}

/// For the other two. What is not true goes no further, so that the next machine need not look at it.
void Peer::Core::carry(Link& from, Relay what) {
  if (what.from == self.member || what.hops >= most_hops) return;
  ++what.hops;
  for (std::size_t taken = 0; taken == 0 || taken < what.body.size(); taken += carried_unit_bytes) {
    if (!from.carried.take(now.mono_ms)) return;
  }
  if (fleet().member(what.to) == nullptr || !is_true(what)) return;
  const Link* over = way_to(what.to, {what.from, from.member});
  if (over == nullptr || planted(Planted::carries_nothing)) return;
  ++counters.carried;
  send(over->id, std::move(what));
}

/// Another machine's question. What it cannot prove, or has asked before, gets no answer.
void Peer::Core::on_asked(Link& from, const Relay& what) {
  if (what.from == self.member || !is_true(what)) return;
  Relay answer;
  answer.from = self.member;
  answer.to = what.from;
  answer.number = what.number;
  answer.reply = true;
  answer.from_nonce = boot_nonce;
  answer.to_nonce = what.from_nonce;
  answer.about = base::hash_bytes(signed_bytes(self.cluster, what));
  if (what.to_nonce != boot_nonce) return send_answer(std::move(answer), Verdict::again, {}, from.id);
  Asker& asker = askers[what.from];
  if (!asker.take(what.from_nonce, what.number) && !planted(Planted::asked_again)) return;
  if (asker.under_way >= asks_of_a_member) return send_answer(std::move(answer), Verdict::busy, {}, from.id);
  ++asker.under_way;
  ++counters.asked;
  const AskId id = ++asks_taken;
  serving.emplace(id, Serving{std::move(answer), from.id, now.mono_ms + serve_most_ms});
  out.asked.push_back({id, what.from, what.body});
}

/// To a neighbour at once; else back over the link on which the question came: that way is known to be one.
void Peer::Core::send_answer(Relay answer, Verdict verdict, std::string body, LinkId came) {
  answer.verdict = static_cast<std::uint32_t>(verdict);
  answer.body = std::move(body);
  const Link* over = live_link(answer.to);
  if (over == nullptr) over = link(came);
  if (over == nullptr || !over->live) over = way_to(answer.to, {});
  if (over == nullptr || fleet().member(answer.to) == nullptr) return;
  sign_relay(answer);
  send(over->id, std::move(answer));
}

void Peer::Core::handle(const Reply& what) {
  const auto found = serving.find(what.id);
  if (found == serving.end()) return;
  Serving one = std::move(found->second);
  drop_serving(found);
  const bool fits = what.body.size() <= base::limits::ask_answer_bytes;
  send_answer(std::move(one.answer), fits ? Verdict::done : Verdict::too_long, fits ? what.body : std::string(), one.came);
}

std::map<AskId, Serving>::iterator Peer::Core::drop_serving(std::map<AskId, Serving>::iterator at) {
  const auto asker = askers.find(at->second.answer.to);
  if (asker != askers.end() && asker->second.under_way > 0) --asker->second.under_way;
  return serving.erase(at);
}

/// An answer counts when the machine that was asked signed it, about this very question.
void Peer::Core::on_told(const Link& from, const Relay& what) {
  const auto found = asking.find(what.number);
  if (found == asking.end()) return;
  const Asking& open = found->second;
  const bool fits = what.from == open.envelope.to && what.to_nonce == boot_nonce && what.about == open.about;
  if ((!fits || !is_true(what)) && !planted(Planted::any_answer)) return;
  const auto verdict = static_cast<Verdict>(what.verdict);
  if (verdict != Verdict::again && what.from_nonce != open.envelope.to_nonce) return;
  Asking one = std::move(found->second);
  asking.erase(found);
  const std::string host = host_of(one.envelope.to);
  switch (verdict) {
    case Verdict::done: return told(one.id, what.body);
    case Verdict::busy:
      return told(one.id, base::fail(base::ErrorCode::busy, host,
                                     fmt::format("{} answers {} questions of this machine already. Try again in a moment.", host,
                                                 asks_of_a_member)));
    case Verdict::again:
      if ((one.envelope.to_nonce != 0 && !planted(Planted::asked_anew)) || what.from_nonce == 0)
        return told(one.id, unreachable(host, "it was started again meanwhile"));
      one.tried.erase(from.member);  // that way is known to be one
      return ask(std::move(one), what.from_nonce);
    case Verdict::too_long:
      return told(one.id,
                  base::fail(base::ErrorCode::unsupported, host,
                             fmt::format("The answer of {} is longer than {} bytes.", host, base::limits::ask_answer_bytes)));
  }
  told(one.id,
       base::fail(base::ErrorCode::unsupported, host, fmt::format("{} answers in a way that this version does not know.", host)));
}

void Peer::Core::told(AskId id, base::Result<std::string> answer) { out.told.push_back({id, std::move(answer)}); }

void Peer::Core::ask_timers() {
  for (auto at = asking.begin(); at != asking.end();) {
    Asking& one = at->second;
    if (now.mono_ms >= one.deadline_mono_ms) {
      told(one.id, unreachable(host_of(one.envelope.to), "it did not answer in 3 s"));
      at = asking.erase(at);
      continue;
    }
    if (now.mono_ms >= one.retry_mono_ms) {
      one.retry_mono_ms = now.mono_ms + ask_retry_ms;
      (void)send_ask(one);
    }
    ++at;
  }
  for (auto at = serving.begin(); at != serving.end();) {
    at = now.mono_ms >= at->second.until_mono_ms ? drop_serving(at) : std::next(at);
  }
}

std::int64_t Peer::Core::ask_wake() const {
  std::int64_t wake = 0;
  const auto at = [&wake](std::int64_t mono_ms) { wake = wake == 0 ? mono_ms : std::min(wake, mono_ms); };
  for (const auto& [number, one] : asking) at(std::min(one.retry_mono_ms, one.deadline_mono_ms));
  for (const auto& [id, one] : serving) at(one.until_mono_ms);
  return wake;
}

/// What a neighbour says of its own links, for one who has come: from then on it hears of changes by itself. Only while the link
/// with it is there: what is older might chase what is newer round the fleet.
void Peer::Core::tell_neighbours_states(const Link& to) {
  for (const Link* one : live_links()) {
    const Other& other = others[one->member];
    if (one->member != to.member && other.link_state && !other.state_told_by) send(to.id, *other.link_state);
  }
}

/// Whoever is no member any more is not remembered as an asker.
void Peer::Core::forget_askers() {
  for (auto at = askers.begin(); at != askers.end();) at = is_dead(at->first) ? askers.erase(at) : std::next(at);
}

}  // namespace postern::cluster
