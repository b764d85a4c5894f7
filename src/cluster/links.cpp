// Links: up, down, pings, and who has a live link with whom.
#include "cluster/core.h"
#include "cluster/planted.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::cluster {
namespace {

/// One alert per state and machine in this time, however a link flaps.
constexpr std::int64_t alert_pause_ms = 300'000;

}  // namespace

Link* Peer::Core::link(LinkId id) {
  const auto found = links.find(id);
  return found == links.end() ? nullptr : &found->second;
}

/// The newest, when both ends have dialed.
const Link* Peer::Core::live_link(const base::MemberId& member) const {
  const Link* newest = nullptr;
  for (const auto& [id, one] : links) {
    if (one.live && one.member == member) newest = &one;
  }
  return newest;
}
Link* Peer::Core::live_link(const base::MemberId& member) { return const_cast<Link*>(std::as_const(*this).live_link(member)); }

/// One a member, in the order of members.
std::vector<Link*> Peer::Core::live_links() {
  std::map<base::MemberId, Link*> newest;
  for (auto& [id, one] : links) {
    if (one.live) newest[one.member] = &one;
  }
  std::vector<Link*> found;
  found.reserve(newest.size());
  for (const auto& [member, one] : newest) found.push_back(one);
  return found;
}

void Peer::Core::handle(const LinkUp& what) {
  Link& made = links[what.link];
  made = Link{};
  made.id = what.link;
  made.member = what.member;
  made.heard_at = now.mono_ms;
  made.next_ping_at = now.mono_ms + tuning.ping_ms;
  Hello hello = make_hello();
  for (const ChainId& chain : history.chains_of(self.member)) made.said[chain] = history.length(chain);
  forget_stored(what.member);
  send(what.link, std::move(hello));
}

void Peer::Core::handle(const LinkDown& what) {
  const auto found = links.find(what.link);
  if (found == links.end()) return;
  const base::MemberId member = found->second.member;
  const bool was_live = found->second.live;
  links.erase(found);
  forget_waiting(what.link);
  if (was_live) link_gone(member);
}

void Peer::Core::close(LinkId id) {
  const auto found = links.find(id);
  if (found == links.end()) return;
  const base::MemberId member = found->second.member;
  const bool was_live = found->second.live;
  links.erase(found);
  forget_waiting(id);
  out.close.push_back(id);
  if (was_live) link_gone(member);
}

/// What it shipped last may have reached some and not others: compare with the rest, too.
void Peer::Core::link_gone(const base::MemberId& member) {
  Link* other = live_link(member);
  if (other != nullptr) {
    summarize(*other);
  } else {
    tell_link_state();
  }
  check_tries = 0;
  check_soon();
}

void Peer::Core::tell_link_state() {
  LinkState state{boot_nonce, ++link_state_version, self.member, {}, joining};
  for (const Link* to : live_links()) state.live.push_back(to->member);
  for (const Link* to : live_links()) send(to->id, state);
}

void Peer::Core::handle(const Joining& what) {
  joining = what.lines;
  tell_link_state();
}

/// Pings of a fleet are spread: each pair has its own moment within the last eighth of the
/// interval.
void Peer::Core::ping(Link& to) {
  ++to.ping_number;
  to.ping_open = true;
  to.ping_sent_at = now.mono_ms;
  const std::string seed =
      fmt::format("ping {} {} {} {}", base::to_text(self.member), base::to_text(to.member), boot_nonce, to.ping_number);
  const std::int64_t jitter = base::hash_bytes(seed).bytes[0] * tuning.ping_ms / 2048;
  to.next_ping_at = now.mono_ms + tuning.ping_ms - jitter;
  send(to.id, Ping{to.ping_number, false, now.wall_ms, history.digest(), builder.state().digest()});
}

void Peer::Core::ping_timers(Link& to) {
  if (!to.greeted || to.leaving) return;
  if (to.ping_open && now.mono_ms >= to.ping_sent_at + tuning.ping_deadline_ms) {
    to.ping_open = false;
    to.pings_missed = to.heard_at > to.ping_sent_at ? 0 : to.pings_missed + 1;
    if (to.pings_missed >= tuning.pings_missed) return close(to.id);
    if (to.pings_missed > 0) to.next_ping_at = now.mono_ms;
  }
  if (now.mono_ms >= to.next_ping_at) ping(to);
}

void Peer::Core::on_ping(Link& from, const Ping& what) {
  if (!what.answer) {
    send(from.id, Ping{what.number, true, now.wall_ms, history.digest(), builder.state().digest()});
  } else if (what.number == from.ping_number && from.ping_open) {
    from.ping_open = false;
    from.pings_missed = 0;
    from.round_trip_ms = now.mono_ms - from.ping_sent_at;
  }
  watch_skew(from, what.wall_ms);
  if (!from.live) return;
  ask_for_lost(from);
  from.digest = what.vector_digest;
  if (what.vector_digest != history.digest()) {
    if (!from.round) summarize(from);
    return;
  }
  from.has = history.known();
  from.sent.clear();
  Other& other = others[from.member];
  other.stored = from.has;
  if (what.state_digest == builder.state().digest() || other.state_alerted == what.state_digest) return;
  other.state_alerted = what.state_digest;
  alert(Alert::Grade::critical, "state-differs", from.member,
        fmt::format("{} holds the same commits as this machine but has other settings. This is a "
                    "bug of Postern or "
                    "of a disk: please report it with the output of `postern status` of both.",
                    host_of(from.member)));
}

void Peer::Core::forward(const base::MemberId& origin, const Link& from, const Message& message) {
  for (const Link* to : live_links()) {
    if (to->id == from.id || to->member == origin) continue;
    const std::optional<LinkState>& state = others[to->member].link_state;
    if (state && std::count(state->live.begin(), state->live.end(), origin) > 0) continue;
    send(to->id, message);
  }
}

/// A machine's own word over its own link counts. What others tell of it is shown as told, while there is no such
/// link, and decides nothing.
void Peer::Core::on_link_state(Link& from, const LinkState& state) {
  if (state.member == self.member) return;
  const bool direct = state.member == from.member;
  if (!direct &&
      (fleet().member(state.member) == nullptr || live_link(state.member) != nullptr || !from.hearsay.take(now.mono_ms)))
    return;
  Other& other = others[state.member];
  if (other.nonce != 0 && state.boot_nonce != other.nonce && !direct) return;
  const bool compares = other.link_state && (!direct || !other.state_told_by);
  if (compares && other.link_state->boot_nonce == state.boot_nonce && other.link_state->version >= state.version) {
    return;
  }
  const bool lost = other.link_state && std::any_of(other.link_state->live.begin(), other.link_state->live.end(),
                                                    [&state](const base::MemberId& was) {
                                                      return std::count(state.live.begin(), state.live.end(), was) == 0;
                                                    });
  other.link_state = state;
  other.state_told_by = direct ? std::nullopt : std::optional(from.member);
  forward(state.member, from, state);
  if (!lost) return;
  check_tries = 0;
  check_soon();
}

void Peer::Core::on_applied(Link& from, const Applied& applied) {
  if (applied.member == self.member) return;
  const bool direct = applied.member == from.member || planted(Planted::third_party_word);
  if (!direct &&
      (fleet().member(applied.member) == nullptr || live_link(applied.member) != nullptr || !from.hearsay.take(now.mono_ms)))
    return;
  Other& other = others[applied.member];
  const bool known = other.covers == applied.covers && other.problem == applied.problem && other.tried == applied.tried;
  if (known && direct == !other.covers_told_by) return;
  other.covers = applied.covers;
  other.problem = applied.problem;
  other.tried = applied.tried;
  other.covers_told_by = direct ? std::nullopt : std::optional(from.member);
  if (direct) merge_stored(applied.member, applied.covers);
  forward(applied.member, from, applied);
}

/// A machine without a link for a whole ping's interval is reported, once; its return as well.
void Peer::Core::watch_members() {
  for (const Member& member : fleet().members) {
    if (member.id == self.member) continue;
    Other& other = others[member.id];
    const bool linked = std::any_of(links.begin(), links.end(), [&member](const auto& entry) {
      return entry.second.member == member.id && entry.second.greeted && !entry.second.leaving;
    });
    if (linked) {
      if (other.down_alerted)
        alert(Alert::Grade::info, "link-up", member.id, fmt::format("{} is connected again.", member.host_name));
      other.down_alerted = false;
      other.down_since = 0;
    } else if (other.down_since == 0) {
      other.down_since = std::max<std::int64_t>(now.mono_ms, 1);
    } else if (!other.down_alerted && now.mono_ms >= std::max(other.down_since + tuning.ping_ms, other.alert_allowed_at)) {
      other.down_alerted = true;
      other.alert_allowed_at = now.mono_ms + alert_pause_ms;
      alert(Alert::Grade::warning, "link-down", member.id,
            fmt::format("{} has not been reached for {} s. Commits reach it when it is back.", member.host_name,
                        (now.mono_ms - other.down_since) / 1000));
    }
  }
  for (auto& [id, other] : others) {
    if (other.down_since != 0 && fleet().member(id) == nullptr) other.down_since = 0;
  }
}

}  // namespace postern::cluster
