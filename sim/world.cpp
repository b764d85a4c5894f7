#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sim/admins.h"
#include "sim/asks.h"
#include "sim/bugs.h"
#include "sim/faults.h"
#include "sim/found.h"
#include "sim/laws.h"
#include "sim/tuning.h"

namespace postern::sim {
namespace {

/// How long after the last fault everything must have settled (P4 promises 60 s + transfer; two links of
/// 5 s and a ping that misses its answers come before that).
constexpr Micros settle_time = 4 * minute;
constexpr Micros settle_slice = 5 * second;
constexpr std::size_t ship_bytes_low = 2'000;
constexpr std::size_t ship_bytes_high = 60'000;

}  // namespace

World::World(const Options& options, std::uint64_t seed)
    : options_(options), trace_(options.trace), birth_(seed * 8 + 1), process_(seed * 8 + 2), disk_(seed * 8 + 3) {
  if (const Bug* bug = find_bug(options.bug)) sabotage_ = bug->sabotage;
  found();
  network_ = std::make_unique<Network>(*this, size(), Random(seed * 8 + 4));
  admins_ = std::make_unique<Admins>(*this, Random(seed * 8 + 5));
  faults_ = std::make_unique<Faults>(*this, Random(seed * 8 + 6));
  asks_ = std::make_unique<Asks>(*this, Random(seed * 8 + 7));
}

World::~World() = default;

void World::found() {
  const std::size_t count = options_.machines != 0 ? options_.machines : static_cast<std::size_t>(birth_.between(2, 5));
  machines_ = found_cluster(count, birth_, ledger_);
  laws_ = std::make_unique<Laws>(*this);
}

Report World::run() {
  plant(options_.bug);  // not before: the founding is sound
  for (std::size_t i = 0; i < size(); ++i) start(i);
  network_->start();
  admins_->start();
  asks_->start();
  faults_->start();
  live(faults_->end());
  if (!is_broken()) {
    note(0, "heal");
    network_->behave();
    admins_->settle();
    asks_->settle();
    faults_->heal();
    const Micros deadline = now() + settle_time;
    live(now() + settle_slice);
    while (!is_broken() && !quiet() && now() < deadline) live(now() + settle_slice);
    if (!is_broken()) laws_->at_quiet_end(quiet());
    if (!is_broken()) asks_->at_quiet_end();
  }
  return {violation_, timeline_.done(), ledger_.all().size(), trace_.hash(), marks_};
}

void World::live(Micros until) {
  while (!is_broken() && timeline_.step(until)) {
  }
}

bool World::quiet() const {
  if (!admins_->idle()) return false;
  const Machine& first = *machines_.front();
  for (const auto& machine : machines_) {
    if (!machine->awake() || !machine->disk.idle()) return false;
    if (machine->peer->vector() != first.peer->vector()) return false;
  }
  return true;
}

void World::give(std::size_t index, cluster::Event event) {
  Machine& to = machine(index);
  if (!to.up()) return;
  if (stepping_) {
    timeline_.after(0, [this, index, life = to.life, event = std::move(event)] {
      if (machine(index).life == life) give(index, event);
    });
    return;
  }
  if (to.paused)
    to.inbox.push_back(std::move(event));
  else
    step(to, event);
}

void World::step(Machine& machine, const cluster::Event& event) {
  if (is_broken() || sabotage_event(sabotage_, event, machine.index)) return;
  const base::Instant instant = machine.clock.read(now());
  trace_.line(now(), machine.name, event_text(event), trace_.prints() ? event_details(event) : "");
  stepping_ = true;
  cluster::Effects effects = machine.peer->step(event, instant);
  sabotage_effects(sabotage_, effects, timeline_.done());
  laws_->after_step(machine, event, effects, instant);
  if (!is_broken()) perform(machine, effects);
  stepping_ = false;
}

void World::perform(Machine& machine, cluster::Effects& effects) {
  if (effects.persist && sabotage_ == Sabotage::lying_disk && effects.persist->flush)
    give(machine.index, cluster::Flushed{effects.persist->token, How::done, 0, ""});
  if (effects.persist) {
    machine.disk.queue(std::move(*effects.persist));
    pump_disk(machine);
  }
  for (const cluster::Send& send : effects.sends) {
    asks_->sent(machine.index, send.message);
    std::string bytes = cluster::encode(send.message);
    trace_.bytes(bytes);
    network_->send(send.link, machine.index, std::move(bytes));
  }
  for (const cluster::ShipCommits& round : effects.ships) ship(machine, round);
  for (const cluster::LinkId link : effects.close) network_->close(link, machine.index);
  for (const cluster::Answer& answer : effects.answers) admins_->answered(machine.index, answer);
  for (const cluster::Told& told : effects.told) asks_->told(machine.index, told);
  for (const cluster::Asked& asked : effects.asked) asks_->asked(machine.index, asked);
  for (const cluster::Alert& alert : effects.alerts)
    trace_.line(now(), machine.name, "  alert " + alert.about + ": " + alert.text);
  set_timer(machine, effects.wake_mono_ms);
}

void World::ship(Machine& machine, const cluster::ShipCommits& round) {
  const Image image = machine.disk.reading();
  const auto limit = static_cast<std::size_t>(disk_.between(ship_bytes_low, ship_bytes_high));
  cluster::Ship message;
  std::size_t size = 0;
  const auto flush = [&] {
    if (!message.items.empty()) network_->send(round.link, machine.index, cluster::encode(std::exchange(message, {})));
    size = 0;
  };
  for (const base::Hash& id : round.commits) {
    const Entry* entry = ledger_.find(id);
    const cluster::StoredCommit* stored = entry == nullptr ? nullptr : image.find(id);
    if (stored == nullptr) break;
    cluster::Ship::Item item{stored->envelope, {}, false};
    for (const cluster::Write& write : entry->header.writes)
      if (!write.value.is_nil()) {
        const auto value = image.values.find(write.value);
        item.values.push_back(value == image.values.end() ? std::string{} : value->second);
      }
    size += stored->envelope.header.size();
    message.items.push_back(std::move(item));
    if (size >= limit) flush();
  }
  flush();
}

void World::set_timer(Machine& machine, std::int64_t wake_mono_ms) {
  if (wake_mono_ms == 0 || wake_mono_ms == machine.wake_mono_ms) return;
  machine.wake_mono_ms = wake_mono_ms;
  timeline_.at(machine.clock.when_mono(wake_mono_ms), [this, &machine, life = machine.life, wake_mono_ms] {
    if (machine.life != life || machine.wake_mono_ms != wake_mono_ms) return;
    machine.wake_mono_ms = 0;
    give(machine.index, cluster::Tick{});
  });
}

void World::pump_disk(Machine& machine) {
  if (!machine.disk.start()) return;
  const auto same_life = [this, &machine, life = machine.life](Micros delay, auto act) {
    timeline_.after(delay, [&machine, life, act] {
      if (machine.life == life) act();
    });
  };
  same_life(disk_.between(50, 500), [this, &machine, same_life] {
    if (!machine.disk.written()) {
      pump_disk(machine);
      return;
    }
    const How how = std::exchange(machine.next_flush, How::done);
    const Micros extra = std::exchange(machine.next_sync_extra, 0);
    same_life(disk_.between(500, 8 * millisecond) + extra, [this, &machine, how] { end_sync(machine, how); });
  });
}

void World::end_sync(Machine& machine, How how) {
  if (how != How::done) mark(how == How::failed ? "flush failed" : "flush unknown");
  const std::vector<cluster::Token> tokens = machine.disk.synced(how);
  for (const cluster::Token token : tokens)
    give(machine.index, cluster::Flushed{token, how, how == How::done ? 0 : process_.next(),
                                         how == How::done ? "" : "simulated fault of the disk"});
  if (how == How::unknown) faults_->flush_in_doubt(machine.index);
  pump_disk(machine);
}

void World::kill(std::size_t index, Micros down_for) {
  if (!machine(index).up()) return;
  note(index, "killed");
  mark(machine(index).disk.idle() ? "kill" : "kill while writing");
  machine(index).disk.kill(disk_);
  end_process(index, false, down_for);
}

void World::power_cut(std::size_t index, Micros down_for) {
  if (!machine(index).up()) return;
  note(index, "loses power");
  mark(machine(index).disk.idle() ? "power cut" : "power cut while writing");
  machine(index).disk.power_loss(disk_, sabotage_ == Sabotage::forgetful_disk);
  machine(index).cold = true;
  end_process(index, true, down_for);
}

void World::end_process(std::size_t index, bool silent, Micros down_for) {
  drop_process(index, silent);
  timeline_.after(down_for, [this, index, life = machine(index).life] {
    if (machine(index).life == life) start(index);
  });
}

std::optional<Snapshot> World::snapshot(std::size_t index) const {
  const Machine& from = *machines_[index];
  if (!from.awake() || !from.disk.idle()) return std::nullopt;
  return Snapshot{from.disk, from.life, from.nonce, from.peer->incarnation()};
}

bool World::set_back(std::size_t index, Snapshot& to, bool memory) {
  Machine& victim = machine(index);
  memory = memory && to.incarnation && victim.life == to.life;
  note(index, memory ? "set back while it runs" : "gets an old image of its disk");
  mark(memory ? "set back" : "old image");
  laws_->set_back(victim, to.disk.reading(), memory ? to.incarnation : std::nullopt);
  if (victim.up()) drop_process(index, !memory);
  victim.disk = to.disk;
  victim.goes_on = memory;
  if (memory) victim.incarnation = *to.incarnation;
  start(index);
  to.life = victim.life;
  return memory;
}

void World::drop_process(std::size_t index, bool silent) {
  Machine& victim = machine(index);
  ++victim.life;
  laws_->process_died(victim);
  victim.peer.reset();
  victim.paused = false;
  victim.inbox.clear();
  victim.wake_mono_ms = 0;
  victim.next_flush = How::done;
  victim.next_sync_extra = 0;
  network_->process_died(index, silent);
  admins_->process_died(index);
}

cluster::ValueOf values_of(const Machine& machine) {
  return [&machine](const base::Hash& hash) {
    const auto& values = machine.disk.durable().values;
    const auto found = values.find(hash);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

void World::start(std::size_t index) {
  Machine& starting = machine(index);
  if (starting.up() || is_broken()) return;
  ++starting.life;
  if (std::exchange(starting.cold, false)) starting.clock.boot(now());
  starting.disk.open();
  if (!std::exchange(starting.goes_on, false)) {
    starting.nonce = process_.next();
    starting.incarnation = process_.next();
    asks_->started_anew(index);
  } else {
    asks_->went_on(index);
  }
  auto restored = cluster::Peer::restore(starting.self, tuning(), starting.disk.durable().commits, starting.nonce,
                                         starting.incarnation, starting.clock.read(now()), values_of(starting));
  if (!restored) {
    broken({"restore", "A sound log was refused: " + base::to_text(restored.error()), {}, now()});
    return;
  }
  starting.peer = std::move(*restored);
  for (const base::Hash& hash : starting.peer->missing_values()) {
    const auto& values = starting.disk.durable().values;
    const auto found = values.find(hash);
    if (found != values.end()) starting.peer->supply_value(hash, found->second);
  }
  note(index, "started");
  laws_->process_started(starting);
  give(index, cluster::Tick{});
}

void World::pause(std::size_t index, Micros duration) {
  if (!machine(index).awake()) return;
  note(index, "paused");
  machine(index).paused = true;
  timeline_.after(duration, [this, index, life = machine(index).life] {
    if (machine(index).life == life) resume(index);
  });
}

void World::resume(std::size_t index) {
  Machine& sleeper = machine(index);
  if (!sleeper.paused) return;
  note(index, "resumed");
  sleeper.paused = false;
  std::deque<cluster::Event> waiting = std::exchange(sleeper.inbox, {});
  for (cluster::Event& event : waiting)
    timeline_.after(0, [this, index, life = sleeper.life, event = std::move(event)] {
      if (machine(index).life == life) give(index, event);
    });
}

void World::note(std::size_t index, std::string_view what) { trace_.line(now(), machine(index).name, what); }

void World::broken(Violation violation) {
  if (violation_) return;
  trace_.line(now(), "law", violation.law + ": " + violation.text);
  violation_ = std::move(violation);
}

}  // namespace postern::sim
