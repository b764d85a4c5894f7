#include "sim/admins.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/laws.h"
#include "sim/world.h"

namespace postern::sim {
namespace {

constexpr Micros edit_low = 500 * millisecond;
constexpr Micros edit_high = 7 * second;
constexpr Micros think_high = 4 * second;
constexpr Micros think_long = 60 * second;  ///< some leave a candidate open for a while
constexpr Micros retry_low = 200 * millisecond;
constexpr Micros retry_high = 8 * second;
constexpr unsigned most_tries = 6;

}  // namespace

Admins::Admins(World& world, Random random) : world_(world), random_(random) {}

void Admins::start() {
  world_.timeline().after(random_.between(edit_low, edit_high), [this] { next_edit(); });
}

void Admins::next_edit() {
  if (settling_) return;
  const auto machine = static_cast<std::size_t>(random_.below(world_.size()));
  if (world_.machine(machine).awake()) {
    if (random_.chance(50)) feud();
    if (random_.chance(30)) end_of_groups();
    const bool lingers = random_.chance(150);
    Items items = draw_items(machine);
    edit(machine, std::move(items), random_.between(0, lingers ? think_long : think_high));
  }
  start();
}

void Admins::divided(Micros back) {
  const std::vector<std::size_t> there = awake();
  if (there.empty() || settling_) return;
  const cluster::Register reg = draw_settings(there.front()).front().reg;
  for (const std::size_t machine : there) {
    const Micros think = random_.between(0, second);
    edit(machine, {item(reg, draw_value())}, think);
  }
  for (const std::size_t machine : there) {
    const Micros think = back + random_.between(0, think_high);
    world_.timeline().after(2 * second, [this, machine, reg, think] {
      if (!settling_ && world_.machine(machine).awake()) edit(machine, {item(reg, draw_value())}, think);
    });
  }
}

std::string Admins::new_key() { return fmt::format("k{}", ++keys_drawn_); }

void Admins::edit(std::size_t machine, Items items, Micros think) {
  if (items.empty()) return;
  take_bases(machine, items);
  Request request;
  request.key = new_key();
  request.commit.request_key = request.key;
  request.commit.author = base::UserId{};
  request.commit.author_name = fmt::format("admin{}", machine);
  request.commit.items = std::move(items);
  request.commit.wait = random_.chance(800);
  const std::string key = request.key;
  requests_.emplace(key, std::move(request));
  ++thinking_;
  world_.timeline().after(think, [this, key, machine] {
    --thinking_;
    hand_in(key, machine);
  });
}

std::vector<std::size_t> Admins::awake() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < world_.size(); ++i)
    if (world_.machine(i).awake()) out.push_back(i);
  return out;
}

void Admins::burst() {
  const std::vector<std::size_t> there = awake();
  if (there.empty() || settling_) return;
  if (random_.chance(300)) return feud();
  if (random_.chance(200)) return end_of_groups();
  const Items wanted = draw_settings(there.front());
  for (const std::size_t machine : there) {
    Items items;
    for (const auto& one : wanted)
      if (items.empty() || random_.chance(700)) items.push_back(item(one.reg, draw_value()));
    edit(machine, std::move(items), random_.between(0, 30 * millisecond));
  }
  // Two more begin when the first commits show, and may commit when the losers have arrived.
  for (int i = 0; i < 2; ++i) {
    const std::size_t late = random_.pick(there);
    world_.timeline().after(random_.between(10 * millisecond, 80 * millisecond), [this, late, wanted] {
      if (settling_ || !world_.machine(late).awake()) return;
      const Micros think = random_.between(0, 400 * millisecond);
      edit(late, {item(wanted.front().reg, draw_value())}, think);
    });
  }
}

void Admins::busy(std::size_t machine) {
  if (settling_ || !world_.machine(machine).awake()) return;
  for (std::uint64_t left = 1 + random_.below(3); left > 0; --left) {
    Items items = draw_items(machine);
    edit(machine, std::move(items), random_.between(0, 300 * millisecond));
  }
}

void Admins::hand_in(const std::string& key, std::size_t machine) {
  Request& request = requests_.at(key);
  if (request.settled) return;
  request.machine = machine;
  if (!world_.machine(machine).awake()) {
    retry(request);
    return;
  }
  if (++request.tries > 1) world_.mark(request.tried_on.count(machine) == 0 ? "retry elsewhere" : "retry here");
  request.waiting = true;
  request.waiting_since = world_.now();
  request.tried_on.insert(machine);
  world_.give(machine, request.commit);
}

void Admins::retry(Request& request) {
  request.waiting = false;
  if (request.tries >= most_tries || (random_.chance(200) && !settling_)) {
    request.settled = true;
    return;
  }
  std::size_t where = request.machine;
  if (world_.options().may(Fault::elsewhere) && random_.chance(250))
    where = static_cast<std::size_t>(random_.below(world_.size()));
  ++thinking_;
  world_.timeline().after(random_.between(retry_low, retry_high), [this, key = request.key, where] {
    --thinking_;
    hand_in(key, where);
  });
}

void Admins::answered(std::size_t machine, const cluster::Answer& answer) {
  const auto found = requests_.find(answer.request_key);
  if (found == requests_.end()) return;
  Request& request = found->second;
  if (request.machine == machine) request.waiting = false;
  using What = cluster::Answer::What;
  switch (answer.what) {
    case What::committed:
      world_.mark(answer.missing.empty() ? "answer committed everywhere" : "answer committed on some");
      request.committed = true;
      request.committed_as = answer.commit;
      if (request.settled || !random_.chance(100))
        request.settled = true;
      else
        retry(request);  // the answer never reached the terminal
      break;
    case What::conflict:
      world_.mark("answer conflict");
      if (!request.settled && random_.chance(600)) keep_mine(request, answer);
      request.settled = true;
      break;
    case What::refused:
    case What::in_doubt:
      world_.mark(answer.what == What::refused ? "answer refused" : "answer in doubt");
      if (!request.settled) retry(request);
      break;
  }
}

void Admins::keep_mine(const Request& request, const cluster::Answer& answer) {
  cluster::LocalCommit again = request.commit;
  for (auto& one : again.items)
    for (const cluster::Conflict& conflict : answer.conflicts)
      if (conflict.reg == one.reg) {
        one.base = conflict.heads;
        std::sort(one.base.begin(), one.base.end());
      }
  world_.mark("keep mine");
  Request rebased;
  rebased.key = again.request_key = new_key();
  rebased.commit = std::move(again);
  const std::string key = rebased.key;
  requests_.emplace(key, std::move(rebased));
  ++thinking_;
  world_.timeline().after(random_.between(0, think_high), [this, key, machine = request.machine] {
    --thinking_;
    hand_in(key, machine);
  });
}

void Admins::process_died(std::size_t machine) {
  for (auto& [key, request] : requests_)
    if (request.waiting && request.machine == machine) retry(request);
}

void Admins::settle() { settling_ = true; }

bool Admins::idle() const {
  return thinking_ == 0 && std::none_of(requests_.begin(), requests_.end(), [](const auto& one) { return one.second.waiting; });
}

}  // namespace postern::sim
