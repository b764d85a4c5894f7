#include "cluster/peer.h"

#include "cluster/core.h"
#include "cluster/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::cluster {
namespace {

/// A step of the wall clock against the monotonic one that ends an incarnation (contract 2.2).
constexpr std::int64_t clock_jump_ms = 60'000;
constexpr std::size_t durables_kept = 8;

}  // namespace

Peer::Core::Core(Self who, Tuning how, std::uint64_t nonce, base::Incarnation fresh, base::Instant at)
    : self(std::move(who)),
      tuning(how),
      boot_nonce(nonce),
      incarnation(fresh),
      started_at(at.mono_ms),
      clock_offset_ms(at.wall_ms - at.mono_ms),
      now(at) {}

Effects Peer::Core::step(const Event& event, base::Instant at) {
  out = {};
  changed.clear();
  now = at;
  std::swap(out.alerts, alerts_later);
  watch_clock();
  std::visit([this](const auto& what) { handle(what); }, event);
  run_timers();
  settle();
  start_queued();
  settle();
  answer_due();
  send_acks();
  close_refused();
  out.changed.assign(changed.begin(), changed.end());
  if (out.persist) {
    ++counters.persists;
    if (out.persist->flush) {
      Persist again;
      again.promote = out.persist->promote;
      again.drop = out.persist->drop;
      unflushed[out.persist->token] = std::move(again);
    }
  }
  out.wake_mono_ms = next_wake();
  return std::move(out);
}

void Peer::Core::handle(const Flushed& what) {
  const auto found = unflushed.find(what.token);
  if (found == unflushed.end()) return;
  const Persist asked = std::move(found->second);
  unflushed.erase(found);
  if (what.how == Flushed::How::done) {
    flushed_held(what.token);
    finish_own(what.token);
    return;
  }
  Persist& again = persist();
  again.promote.insert(again.promote.end(), asked.promote.begin(), asked.promote.end());
  again.drop.insert(again.drop.end(), asked.drop.begin(), asked.drop.end());
  failed_held(what.token, what);
  fail_own(what);
}

void Peer::Core::handle(const Received& what) {
  counters.bytes_received += what.bytes;
  Link* from = link(what.link);
  if (from == nullptr) return;
  from->heard_at = now.mono_ms;
  receive(*from, what.message);
}

/// Before its Hello nothing of a link counts; of another settings version only pings do; of an
/// ended membership only whether it has what ended it.
void Peer::Core::receive(Link& from, const Message& message) {
  if (const auto* hello = std::get_if<Hello>(&message)) return on_hello(from, *hello);
  if (!from.greeted) return;
  from.answered = true;
  if (const auto* what = std::get_if<Ack>(&message)) return on_ack(from, *what);
  if (from.leaving) return;
  if (const auto* what = std::get_if<Ping>(&message)) return on_ping(from, *what);
  if (!from.live) return;
  if (const auto* what = std::get_if<Ship>(&message)) return on_ship(from, *what);
  if (const auto* what = std::get_if<Durable>(&message)) {
    note_durable(from, *what);
  } else if (const auto* dropped = std::get_if<Dropped>(&message)) {
    drop_staged({from.member, dropped->incarnation}, dropped->seq);
  } else if (const auto* asked = std::get_if<Pull>(&message)) {
    from.pulled = asked->vector;
    look_at_vectors(from);
  } else if (const auto* summary = std::get_if<Summary>(&message)) {
    from.summary = summary->vector;
    look_at_vectors(from);
  } else if (const auto* state = std::get_if<LinkState>(&message)) {
    on_link_state(from, *state);
  } else if (const auto* applied = std::get_if<Applied>(&message)) {
    on_applied(from, *applied);
  } else if (const auto* relay = std::get_if<Relay>(&message)) {
    on_relay(from, *relay);
  }
}

/// It may come before its commit; then the newest few are kept.
void Peer::Core::note_durable(Link& from, const Durable& what) {
  auto& said = durable[from.member];
  const std::pair<base::Incarnation, base::Hash> one{what.incarnation, what.hash};
  const auto same = [&one](const auto& other) { return other.first == one.first; };
  said.erase(std::remove_if(said.begin(), said.end(), same), said.end());
  said.push_back(one);
  if (said.size() > durables_kept) said.pop_front();
  (void)know_durable(what.hash);
  if (history.find(what.hash) == nullptr && held.count(what.hash) == 0) pull(from);
}

void Peer::Core::handle(const DataPlane& what) {
  covers = what.covers;
  problem = what.problem;
  tried = problem.empty() ? Vector{} : what.tried.empty() ? history.vector() : what.tried;
  for (Link* to : live_links()) send(to->id, Applied{self.member, covers, problem, tried});
}

void Peer::Core::watch_clock() {
  const std::int64_t offset = now.wall_ms - now.mono_ms;
  const std::int64_t jump = offset - clock_offset_ms;
  clock_offset_ms = offset;
  if (std::abs(jump) <= clock_jump_ms) return;
  alert(Alert::Grade::warning, "clock", self.member,
        fmt::format("The clock of this machine was set {} by {} s. Check its time service.", jump > 0 ? "forward" : "back",
                    std::abs(jump) / 1000));
  end_incarnation();
}

void Peer::Core::run_timers() {
  std::vector<LinkId> ids;
  for (const auto& [id, one] : links) ids.push_back(id);
  for (const LinkId id : ids) {
    Link* one = link(id);
    if (one == nullptr) continue;
    if (one->leaving && now.mono_ms >= one->leave_at) {
      close(id);
      continue;
    }
    if (one->round && now.mono_ms >= one->round_retry_at) {
      one->round.reset();
      one->sent.clear();
      ++one->round_tries;
      push(*one);
    }
    look_at_vectors(*one);
    ping_timers(*one);
  }
  if (!deferred.empty() && now.mono_ms >= deferred_at) try_deferred();
  if (check_at != 0 && now.mono_ms >= check_at) check_others();
  ask_timers();
  watch_members();
}

std::int64_t Peer::Core::next_wake() const {
  std::int64_t wake = 0;
  const auto at = [&wake](std::int64_t mono_ms) {
    if (mono_ms != 0 && (wake == 0 || mono_ms < wake)) wake = mono_ms;
  };
  if (!queue.empty() && !authored) at(started_at + tuning.start_wait_ms);
  for (const Due& due : dues) at(now.mono_ms < due.hurry_mono_ms ? due.hurry_mono_ms : due.deadline_mono_ms);
  for (const auto& [id, one] : links) {
    if (one.leaving) at(one.leave_at);
    if (one.round) at(one.round_retry_at);
    if (one.pulled || one.summary) at(one.vectors_again_at);
    if (!one.greeted || one.leaving) continue;
    at(one.next_ping_at);
    if (one.ping_open) at(one.ping_sent_at + tuning.ping_deadline_ms);
  }
  at(check_at);
  if (!deferred.empty()) at(deferred_at);
  at(ask_wake());
  for (const auto& [member, other] : others) {
    if (other.down_since != 0 && !other.down_alerted) {
      at(std::max(other.down_since + tuning.ping_ms, other.alert_allowed_at));
    }
  }
  return wake == 0 ? 0 : std::max(wake, now.mono_ms + 1);
}

Persist& Peer::Core::persist() {
  if (!out.persist) {
    out.persist.emplace();
    out.persist->token = ++last_token;
    out.persist->flush = false;
  }
  return *out.persist;
}

void Peer::Core::send(LinkId to, Message message) { out.sends.push_back({to, std::move(message)}); }

void Peer::Core::alert(Alert::Grade grade, const char* about, const base::MemberId& member, std::string text) {
  AlertPace& pace = alert_paces[{about, member}];
  if (!pace.pace.take(now.mono_ms)) {
    ++pace.left_out;
    return;
  }
  if (const auto left_out = std::exchange(pace.left_out, 0); left_out > 0)
    text += fmt::format(" ({} more like this were left out before it.)", left_out);
  out.alerts.push_back({grade, about, std::move(text)});
}

const Fleet& Peer::Core::fleet() {
  if (fleet_stale) fleet_value = read_fleet(self.cluster, builder.state());
  fleet_stale = false;
  return fleet_value;
}

std::string Peer::Core::host_of(const base::MemberId& member) {
  const Member* found = fleet().member(member);
  return found == nullptr || found->host_name.empty() ? base::to_text(member) : found->host_name;
}

/// Admitted once, and removed since.
bool Peer::Core::is_dead(const base::MemberId& member) const {
  const RegisterState* identity = builder.state().find(member_register(member, "identity"));
  return identity != nullptr && identity->shown() == nullptr;
}

}  // namespace postern::cluster
