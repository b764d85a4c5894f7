#include "sim/faults.h"

#include "sim/admins.h"
#include "sim/machine.h"
#include "sim/world.h"

#include <utility>

namespace postern::sim {
namespace {

constexpr Micros shortest_life = 40 * second;
constexpr Micros longest_life = 150 * second;
constexpr Micros fault_low = 500 * millisecond;
constexpr Micros fault_high = 9 * second;
constexpr Micros cut_high = 45 * second;
constexpr Micros down_short = 3 * second;
constexpr Micros down_long = 40 * second;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms = 1'440 * minute_ms;
/// Between asking for a flush and its end, as World's disk has it.
constexpr Micros sync_window = 9 * millisecond;
constexpr Micros slow_sync = 3 * second;

}  // namespace

Faults::Faults(World& world, Random random)
    : world_(world), random_(random), hostile_(world, Random(random.next())), end_(random_.between(shortest_life, longest_life)) {
  if (!world_.options().may(Fault::offset)) return;
  for (std::size_t i = 0; i < world_.size(); ++i)
    if (random_.chance(600)) {
      const std::int64_t offset_ms = random_.between(-5 * minute_ms, 5 * minute_ms);
      world_.machine(i).clock = MachineClock(offset_ms, random_.between(-200, 200));
    }
}

void Faults::start() {
  world_.timeline().after(random_.between(fault_low, fault_high), [this] { next(); });
}

void Faults::next() {
  if (over_) return;
  strike();
  if (world_.options().may(Fault::hostile) && random_.chance(200)) hostile_.strike();
  start();
}

std::size_t Faults::some_machine() { return static_cast<std::size_t>(random_.below(world_.size())); }

Micros Faults::down_time() { return random_.between(10 * millisecond, random_.chance(300) ? down_long : down_short); }

void Faults::strike() {
  const auto kind = static_cast<Fault>(random_.below(fault_count));
  if (!world_.options().may(kind)) return;
  const std::size_t machine = some_machine();
  switch (kind) {
    case Fault::cut: return cut_islands();
    case Fault::one_way: return cut_one_way();
    case Fault::reset: return reset_links_of(machine);
    case Fault::kill: return world_.kill(machine, down_time());
    case Fault::power: return world_.power_cut(machine, down_time());
    case Fault::pause: return world_.pause(machine, down_time());
    case Fault::jump: return jump_clock();
    case Fault::hostile: return hostile_.strike();
    case Fault::burst: return world_.admins().burst();
    case Fault::set_back: return save_machine(machine, true);
    case Fault::old_image: return save_machine(machine, false);
    case Fault::slow_disk: world_.machine(machine).next_sync_extra = random_.between(0, slow_sync); return;
    case Fault::flush_failed: world_.machine(machine).next_flush = How::failed; return;
    case Fault::flush_unknown: world_.machine(machine).next_flush = How::unknown; return;
    default: return;  // these work elsewhere: at deliveries, at the world's birth, at the desks
  }
}

void Faults::cut_islands() {
  std::vector<bool> left(world_.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = random_.chance(500);
  const Micros back = random_.between(100 * millisecond, cut_high);
  const bool resets = random_.chance(500);
  for (std::size_t a = 0; a < left.size(); ++a)
    for (std::size_t b = 0; b < left.size(); ++b) {
      if (left[a] == left[b]) continue;
      world_.network().set_cut(a, b, true);
      if (resets) world_.network().reset(a, b);
      world_.timeline().after(back, [this, a, b] { world_.network().set_cut(a, b, false); });
    }
  world_.note(0, "islands");
  if (world_.options().may(Fault::burst) && random_.chance(500)) world_.admins().divided(back);
}

void Faults::cut_one_way() {
  const std::size_t a = some_machine();
  const std::size_t b = some_machine();
  if (a == b) return;
  world_.note(a, "is not heard by " + world_.machine(b).name);
  world_.network().set_cut(a, b, true);
  world_.timeline().after(random_.between(100 * millisecond, cut_high), [this, a, b] { world_.network().set_cut(a, b, false); });
}

void Faults::jump_clock() {
  const std::size_t machine = some_machine();
  MachineClock& clock = world_.machine(machine).clock;
  world_.note(machine, "clock jumps");
  switch (random_.below(5)) {
    case 0: clock.jump(365 * day_ms); break;
    case 1: clock.jump(-30 * day_ms); break;
    case 2: clock.set_right(); break;
    default: clock.jump(random_.between(-20 * minute_ms, 20 * minute_ms)); break;
  }
}

/// It lives on for a while, and is then set back to this moment; sometimes twice.
void Faults::save_machine(std::size_t machine, bool memory) {
  auto saved = world_.snapshot(machine);
  if (!saved) return;
  auto snapshot = std::make_shared<Snapshot>(std::move(*saved));
  world_.note(machine, "is saved");
  if (random_.chance(300)) isolate(machine);
  world_.admins().busy(machine);
  const Micros later = random_.between(100 * millisecond, random_.chance(300) ? cut_high : down_short);
  world_.timeline().after(later, [this, machine, snapshot, memory] { bring_back(machine, snapshot, memory); });
}

void Faults::bring_back(std::size_t machine, const std::shared_ptr<Snapshot>& to, bool memory) {
  if (over_) return;
  if (random_.chance(500)) isolate(machine);
  if (!world_.set_back(machine, *to, memory)) memory = false;
  world_.admins().busy(machine);
  if (!random_.chance(300)) return;
  const Micros later = random_.between(100 * millisecond, down_short);
  world_.timeline().after(later, [this, machine, to, memory] { bring_back(machine, to, memory); });
}

void Faults::isolate(std::size_t machine) {
  const Micros back = random_.between(100 * millisecond, down_long);
  for (std::size_t other = 0; other < world_.size(); ++other) {
    if (other == machine || random_.chance(200)) continue;
    for (const auto& [from, to] : {std::pair(machine, other), std::pair(other, machine)}) {
      world_.network().set_cut(from, to, true);
      world_.timeline().after(back, [this, from = from, to = to] { world_.network().set_cut(from, to, false); });
    }
  }
}

void Faults::reset_links_of(std::size_t machine) {
  for (std::size_t other = 0; other < world_.size(); ++other)
    if (other != machine && random_.chance(600)) world_.network().reset(machine, other);
}

void Faults::commit_under_way(std::size_t machine) {
  if (over_ || !world_.options().may(Fault::aim) || !random_.chance(300)) return;
  const Micros moment = random_.between(0, sync_window);
  const Options& options = world_.options();
  Machine& author = world_.machine(machine);
  switch (random_.below(8)) {
    case 0:
      if (options.may(Fault::kill))
        world_.timeline().after(moment, [this, machine, down = down_time()] { world_.kill(machine, down); });
      break;
    case 1:
    case 2:
      if (options.may(Fault::power))
        world_.timeline().after(moment, [this, machine, down = down_time()] { world_.power_cut(machine, down); });
      break;
    case 3:
      if (options.may(Fault::flush_failed)) author.next_flush = How::failed;
      break;
    case 4:
      if (options.may(Fault::flush_unknown)) author.next_flush = How::unknown;
      break;
    case 5:
      if (options.may(Fault::reset)) world_.timeline().after(moment, [this, machine] { reset_links_of(machine); });
      break;
    case 6:
      if (!options.may(Fault::slow_disk)) break;
      author.next_sync_extra = random_.between(0, slow_sync);
      // Time enough for links to end and come again while the flush is under way.
      if (options.may(Fault::reset))
        world_.timeline().after(random_.between(0, 300 * millisecond), [this, machine] { reset_links_of(machine); });
      break;
    default:
      if (options.may(Fault::pause))
        world_.timeline().after(moment, [this, machine, down = down_time()] { world_.pause(machine, down); });
      break;
  }
}

void Faults::flush_in_doubt(std::size_t machine) {
  if (over_ || !world_.options().may(Fault::aim) || !random_.chance(700)) return;
  const Micros moment = random_.between(0, millisecond);
  const bool power = random_.chance(500);
  if (!world_.options().may(power ? Fault::power : Fault::kill)) return;
  world_.timeline().after(moment, [this, machine, power, down = down_time()] {
    power ? world_.power_cut(machine, down) : world_.kill(machine, down);
  });
}

void Faults::question_under_way(std::size_t machine) {
  if (over_ || !world_.options().may(Fault::hostile) || !random_.chance(50)) return;
  hostile_.answer_for((machine + 1 + static_cast<std::size_t>(random_.below(world_.size() - 1))) % world_.size(), machine);
}

void Faults::receipt_under_way(std::size_t machine) {
  if (over_ || !world_.options().may(Fault::aim) || !random_.chance(60)) return;
  Machine& receiver = world_.machine(machine);
  const Micros moment = random_.between(0, sync_window);
  switch (random_.below(4)) {
    case 0:
      if (world_.options().may(Fault::flush_failed)) receiver.next_flush = How::failed;
      break;
    case 1:
      if (world_.options().may(Fault::slow_disk)) receiver.next_sync_extra = random_.between(0, slow_sync);
      break;
    case 2:
      if (world_.options().may(Fault::power))
        world_.timeline().after(moment, [this, machine, down = down_time()] { world_.power_cut(machine, down); });
      break;
    default: reset_links_of(machine); break;
  }
}

void Faults::heal() {
  over_ = true;
  world_.network().heal_all();
  for (std::size_t i = 0; i < world_.size(); ++i) {
    world_.machine(i).next_flush = How::done;
    world_.machine(i).next_sync_extra = 0;
    world_.resume(i);
    world_.start(i);
  }
}

}  // namespace postern::sim
