#include "sim/network.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sim/world.h"

namespace postern::sim {
namespace {

constexpr Micros dial_low = 300 * millisecond;
constexpr Micros dial_high = 1'500 * millisecond;
/// How long the others take to miss a machine that lost power and says nothing.
constexpr Micros keepalive_low = 1 * second;
constexpr Micros keepalive_high = 40 * second;

}  // namespace

Network::Network(World& world, std::size_t machines, Random random)
    : world_(world), machines_(machines), random_(random), paths_(machines * machines) {
  for (std::size_t a = 0; a < machines; ++a)
    for (std::size_t b = a + 1; b < machines; ++b) draw_delays(a, b);
}

void Network::draw_delays(std::size_t a, std::size_t b) {
  Path drawn{false, 100, 2 * millisecond};
  const std::uint64_t kind = random_.below(10);
  if (kind < 3 && world_.options().may(Fault::wan)) drawn = {false, 20 * millisecond, 80 * millisecond};
  if (kind == 9 && world_.options().may(Fault::far)) drawn = {false, 4 * second, 5 * second};
  path(a, b) = path(b, a) = drawn;
}

void Network::start() {
  for (std::size_t a = 0; a < machines_; ++a)
    for (std::size_t b = a + 1; b < machines_; ++b) dial(a, b);
}

void Network::dial_later(std::size_t a, std::size_t b) {
  world_.timeline().after(random_.between(dial_low, dial_high), [this, a, b] { dial(a, b); });
}

bool Network::reachable(std::size_t a, std::size_t b) const {
  return world_.machine(a).awake() && world_.machine(b).awake() && !is_cut(a, b) && !is_cut(b, a);
}

bool Network::both_have_link(std::size_t a, std::size_t b) const {
  bool has_a = false;
  bool has_b = false;
  for (const std::size_t i : living_) {
    const Link& link = *links_[i];
    for (std::size_t end = 0; end < 2; ++end) {
      if (!link.open[end] || link.machine[1 - end] + link.machine[end] != a + b) continue;
      if (link.machine[end] == a && link.machine[1 - end] == b) has_a = true;
      if (link.machine[end] == b && link.machine[1 - end] == a) has_b = true;
    }
  }
  return has_a && has_b;
}

void Network::dial(std::size_t a, std::size_t b) {
  if (!both_have_link(a, b) && reachable(a, b)) {
    const Path& way = path(a, b);
    const Micros handshake = 2 * random_.between(way.delay_low, way.delay_high);
    const unsigned links = world_.options().may(Fault::twin) && random_.chance(100) ? 2 : 1;
    for (unsigned i = 0; i < links; ++i)
      world_.timeline().after(handshake + i * random_.between(0, 2 * millisecond), [this, a, b] {
        if (reachable(a, b)) establish(a, b);
      });
    world_.timeline().after(handshake + dial_high, [this, a, b] { dial(a, b); });
    return;
  }
  dial_later(a, b);
}

void Network::establish(std::size_t a, std::size_t b) {
  const std::size_t index = links_.size();
  links_.push_back(std::make_unique<Link>());
  living_.push_back(index);
  Link& link = *links_.back();
  link.machine = {a, b};
  for (std::size_t end = 0; end < 2; ++end) link.id[end] = 2 * (index + 1) + end;
  const std::size_t first = random_.chance(500) ? 0 : 1;
  for (const std::size_t end : {first, 1 - first}) {
    if (!link.open[end]) continue;
    const base::MemberId other = world_.machine(link.machine[1 - end]).self.member;
    world_.give(link.machine[end], cluster::LinkUp{link.id[end], other});
  }
}

void Network::send(cluster::LinkId id, std::size_t from, std::string bytes) {
  const std::size_t end = end_of(id);
  Link& link = link_of(id);
  POSTERN_ASSERT(link.machine[end] == from);
  if (!link.open[end]) return;
  bytes_ += bytes.size();
  put(static_cast<std::size_t>(id / 2 - 1), 1 - end, std::move(bytes));
}

void Network::close(cluster::LinkId id, std::size_t from) {
  const std::size_t end = end_of(id);
  Link& link = link_of(id);
  POSTERN_ASSERT(link.machine[end] == from);
  if (!link.open[end]) return;
  const std::size_t index = static_cast<std::size_t>(id / 2 - 1);
  put(index, 1 - end, std::nullopt);
  learn_end(index, end);
}

void Network::put(std::size_t index, std::size_t to_end, std::optional<std::string> bytes) {
  Link& link = *links_[index];
  Lane& lane = link.lane[to_end];
  const Path& way = path(link.machine[1 - to_end], link.machine[to_end]);
  lane.last_due = std::max(lane.last_due, world_.timeline().now() + random_.between(way.delay_low, way.delay_high));
  ++lane.flying;
  deepest_ = std::max(deepest_, lane.flying + lane.held.size());
  world_.timeline().at(lane.last_due, [this, index, to_end, epoch = lane.epoch, bytes = std::move(bytes)]() mutable {
    Lane& there = links_[index]->lane[to_end];
    if (there.epoch != epoch) return;
    --there.flying;
    arrive(index, to_end, std::move(bytes));
  });
}

void Network::arrive(std::size_t index, std::size_t to_end, std::optional<std::string> bytes) {
  Link& link = *links_[index];
  Lane& lane = link.lane[to_end];
  if (is_cut(link.machine[1 - to_end], link.machine[to_end]) || !lane.held.empty())
    lane.held.push_back(std::move(bytes));
  else
    deliver(index, to_end, std::move(bytes));
}

void Network::deliver(std::size_t index, std::size_t to_end, std::optional<std::string> bytes) {
  Link& link = *links_[index];
  if (!link.open[to_end]) return;
  if (!bytes) {
    learn_end(index, to_end);
    return;
  }
  const auto message = cluster::decode(*bytes);
  POSTERN_ASSERT(message.has_value());
  if (!behaves_) disturb(index, to_end, *bytes);
  if (!link.open[to_end]) return;
  world_.give(link.machine[to_end], cluster::Received{link.id[to_end], *message, bytes->size()});
}

void Network::drain(std::size_t index, std::size_t to_end) {
  Link& link = *links_[index];
  if (is_cut(link.machine[1 - to_end], link.machine[to_end])) return;
  std::deque<std::optional<std::string>> waiting = std::exchange(link.lane[to_end].held, {});
  for (std::optional<std::string>& bytes : waiting) deliver(index, to_end, std::move(bytes));
}

void Network::learn_end(std::size_t index, std::size_t end) {
  Link& link = *links_[index];
  if (!link.open[end]) return;
  link.open[end] = false;
  lose_lane(link.lane[end]);
  if (!link.open[1 - end]) living_.erase(std::find(living_.begin(), living_.end(), index));
  world_.give(link.machine[end], cluster::LinkDown{link.id[end]});
}

void Network::lose_lane(Lane& lane) {
  ++lane.epoch;
  lane.flying = 0;
  lane.held.clear();
  lane.recent.clear();
}

void Network::process_died(std::size_t machine, bool silent) {
  const std::vector<std::size_t> before = living_;
  for (const std::size_t index : before) {
    Link& link = *links_[index];
    for (std::size_t end = 0; end < 2; ++end) {
      if (link.machine[end] != machine || !link.open[end]) continue;
      link.open[end] = false;
      lose_lane(link.lane[end]);
      const std::size_t other = 1 - end;
      if (!link.open[other]) {
        living_.erase(std::find(living_.begin(), living_.end(), index));
      } else if (silent) {
        world_.timeline().after(random_.between(keepalive_low, keepalive_high),
                                [this, index, other] { learn_end(index, other); });
      } else {
        if (random_.chance(300)) lose_lane(link.lane[other]);
        put(index, other, std::nullopt);
      }
    }
  }
}

void Network::reset(std::size_t a, std::size_t b) {
  const std::vector<std::size_t> before = living_;
  for (const std::size_t index : before) {
    Link& link = *links_[index];
    if ((link.machine[0] != a || link.machine[1] != b) && (link.machine[0] != b || link.machine[1] != a)) continue;
    for (std::size_t end = 0; end < 2; ++end) {
      lose_lane(link.lane[end]);
      world_.timeline().after(random_.between(0, 100 * millisecond), [this, index, end] { learn_end(index, end); });
    }
  }
}

void Network::set_cut(std::size_t from, std::size_t to, bool cut) {
  path(from, to).cut = cut;
  if (cut) return;
  for (const std::size_t index : living_) {
    const Link& link = *links_[index];
    for (std::size_t end = 0; end < 2; ++end)
      if (link.machine[1 - end] == from && link.machine[end] == to && !link.lane[end].held.empty())
        world_.timeline().after(random_.between(0, second), [this, index, end] { drain(index, end); });
  }
}

void Network::heal_all() {
  for (std::size_t a = 0; a < machines_; ++a)
    for (std::size_t b = 0; b < machines_; ++b)
      if (a != b && is_cut(a, b)) set_cut(a, b, false);
}

Micros Network::slowest() const {
  Micros most = 0;
  for (const Path& one : paths_) most = std::max(most, one.delay_high);
  return most;
}

std::size_t Network::in_flight() const {
  std::size_t count = 0;
  for (const std::size_t index : living_)
    for (const Lane& lane : links_[index]->lane) count += lane.flying + lane.held.size();
  return count;
}

}  // namespace postern::sim
