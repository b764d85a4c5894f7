// The first message of a link: who it is, whether settings may flow, and what each lacks.
#include "cluster/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::cluster {
namespace {

constexpr std::uint32_t protocol = 1;
constexpr std::size_t nonces_kept = 64;

}  // namespace

Hello Peer::Core::make_hello() const {
  Hello hello;
  hello.protocol = protocol;
  hello.cluster = self.cluster;
  hello.member = self.member;
  hello.boot_nonce = boot_nonce;
  hello.settings_version = self.settings_version;
  hello.package_version = self.package_version;
  hello.wall_ms = now.wall_ms;
  hello.vector = history.vector();
  for (const Tip& tip : hello.vector) {
    if (tip.member != self.member) continue;
    hello.durable.push_back(tip);
    hello.durable.back().branch = {};
  }
  std::sort(hello.durable.begin(), hello.durable.end());
  hello.applied = covers;
  return hello;
}

/// Empty, or why this link must end.
std::string Peer::Core::why_refuse(const Link& from, const Hello& hello) const {
  if (hello.protocol != protocol) return "it speaks another version of the protocol";
  if (hello.cluster != self.cluster) return "it belongs to another cluster";
  if (hello.member != from.member) return "it is not the machine whose key it used";
  if (hello.member == self.member) return "it uses the identity of this machine";
  return {};
}

/// One machine, one running process: a nonce that was superseded must not come back (2.2).
bool Peer::Core::accept_nonce(Link& from, std::uint64_t nonce) {
  Other& other = others[from.member];
  if (other.superseded.count(nonce) != 0) {
    alert(Alert::Grade::critical, "clone", from.member,
          fmt::format("Two machines use the identity of {}: it was copied while it ran. The older "
                      "one's link is "
                      "refused; let it leave and join again.",
                      host_of(from.member)));
    return false;
  }
  if (other.nonce != 0 && other.nonce != nonce) {
    if (other.superseded.size() >= nonces_kept) other.superseded.clear();
    other.superseded.insert(other.nonce);
    std::vector<LinkId> stale;
    for (const auto& [id, one] : links) {
      if (one.member == from.member && id != from.id && one.greeted) stale.push_back(id);
    }
    for (const LinkId id : stale) close(id);
    other.link_state.reset();
  }
  other.nonce = nonce;
  return true;
}

/// Once a link: the same Hello again, late, would drop what was staged since.
void Peer::Core::on_hello(Link& from, const Hello& hello) {
  if (from.greeted) return;
  const std::string wrong = why_refuse(from, hello);
  if (!wrong.empty()) {
    alert(Alert::Grade::critical, "link-refused", from.member,
          fmt::format("A link from {} was refused: {}.", host_of(from.member), wrong));
    return close(from.id);
  }
  if (!accept_nonce(from, hello.boot_nonce)) return close(from.id);
  from.greeted = true;
  from.package_version = hello.package_version;
  watch_skew(from, hello.wall_ms);
  if (is_dead(from.member)) {
    from.has = history.understood(hello.vector);
    return leave(from);
  }
  from.version_differs = hello.settings_version != self.settings_version;
  if (from.version_differs) return;
  go_live(from, hello);
}

/// What its author does not name durable will never be. Where all that he names is here, what is staged beside
/// that is of a branch that was lost before it was durable (2.2).
void Peer::Core::drop_unsaid(const base::MemberId& author, const Vector& said_durable) {
  Known said;  // sorted, so the greatest seq of an incarnation comes last
  std::set<ChainId> unclear;
  std::map<base::Hash, bool> found;
  for (const Tip& tip : said_durable) {
    const ChainId chain{tip.member, tip.incarnation};  // as in its headers
    if (tip.member != author) continue;
    if (!know_durable(tip.hash, found)) unclear.insert(chain);
    said[chain] = tip.seq;
  }
  std::set<ChainId> staged;
  for (const auto& [dot, hash] : held_dots) {
    if (dot.member == author) staged.insert(chain_of(dot));
  }
  for (const ChainId& chain : staged) drop_staged(chain, unclear.count(chain) != 0 ? known_seq(said, chain) : 0);
}

void Peer::Core::go_live(Link& from, const Hello& hello) {
  const bool first = live_link(from.member) == nullptr;
  from.live = true;
  Other& other = others[from.member];
  other.stored.clear();  // it may have come back with less
  replace_known(from, hello.vector);
  other.covers = hello.applied;
  other.problem.clear();
  other.tried.clear();
  other.covers_told_by.reset();
  if (std::exchange(other.state_told_by, std::nullopt)) other.link_state.reset();
  drop_unsaid(from.member, hello.durable);
  push(from);
  values_lost = !builder.missing_values().empty();
  lost_again_at = 0;
  ask_for_lost(from);
  if (!problem.empty()) send(from.id, Applied{self.member, covers, problem, tried});
  if (first) {
    tell_link_state();
  } else {
    LinkState state{boot_nonce, link_state_version, self.member, {}, joining};
    for (const Link* to : live_links()) state.live.push_back(to->member);
    send(from.id, std::move(state));
  }
  tell_neighbours_states(from);
  check_tries = 0;
  check_soon();
}

/// Its membership ended. It gets what ended it, with all that it needs to read that, and nothing
/// more.
void Peer::Core::leave(Link& to) {
  to.live = false;
  to.leaving = true;
  to.leave_at = now.mono_ms + tuning.answer_wait_ms;
  push(to);
  leave_done(to);
}

void Peer::Core::leave_done(Link& to) {
  if (!to.leaving) return;
  const RegisterState* life = builder.state().find(member_register(to.member, "life"));
  if (life == nullptr || life->heads.empty()) return;
  const Dot dot = life->heads.front().dot;
  if (known_seq(to.has, chain_of(dot)) >= dot.seq) close(to.id);
}

void Peer::Core::leave_dead() {
  std::vector<LinkId> dead;
  for (const auto& [id, one] : links) {
    if (one.live && is_dead(one.member)) dead.push_back(id);
  }
  for (const LinkId id : dead) {
    Link* to = link(id);
    if (to != nullptr) leave(*to);
  }
  if (!dead.empty()) tell_link_state();
  forget_askers();
}

void Peer::Core::watch_skew(Link& from, std::int64_t wall_ms) {
  const std::int64_t far = std::int64_t{1} << 60;  // whatever it says, the difference is a number
  from.clock_ahead_ms = std::clamp(wall_ms, -far, far) - std::clamp(now.wall_ms, -far, far);
  Other& other = others[from.member];
  const bool off = std::abs(from.clock_ahead_ms) > tuning.skew_alert_ms;
  if (off && !other.clock_alerted) {
    alert(Alert::Grade::warning, "clock", from.member,
          fmt::format("The clock of {} is {} s {} this machine's. Check the time service of both.", host_of(from.member),
                      std::abs(from.clock_ahead_ms) / 1000, from.clock_ahead_ms > 0 ? "ahead of" : "behind"));
  }
  other.clock_alerted = off;
}

}  // namespace postern::cluster
