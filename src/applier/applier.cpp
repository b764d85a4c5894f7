#include "applier/applier.h"

#include "applier/engine.h"
#include "applier/lister.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace postern::applier {

struct Applier::State {
  using Clock = std::chrono::steady_clock;

  State(const Options& options, std::unique_ptr<Privileged> privileged)
      : engine(options, std::move(privileged)),
        timing(options),
        due(Clock::now() + options.look_every),
        thread([this] { run(); }) {}

  void run();
  void apply(std::unique_lock<std::mutex>& lock);
  void look(std::unique_lock<std::mutex>& lock);
  void plan_next_look(const Outcome& outcome, bool looked);
  void tell(const Outcome& outcome);
  void measure(std::unique_lock<std::mutex>& lock);
  void list(std::unique_lock<std::mutex>& lock);

  Engine engine;  ///< the thread's own, as are the next ones
  const Options timing;
  Clock::time_point due;                           ///< of the next look
  std::optional<std::chrono::milliseconds> pause;  ///< while something is broken or not proved
  std::string told;                                ///< the trouble that was told last
  Clock::time_point looked_out_of_turn;            ///< because a measure had found Postfix down
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::optional<gateway::Plan> waiting;
  std::vector<Done> waiting_done;
  std::vector<std::function<void(Measured)>> measures;
  struct Wanted {
    std::string domain;
    Clock::time_point asked;
    Lister::Done done;
  };
  std::vector<Wanted> lists;
  Done watcher;
  bool forget = false;
  bool stop = false;
  Lister lister;
  Counters counters;
  std::thread thread;
};

namespace {

std::string trouble_of(const Outcome& outcome) {
  return outcome.result ? outcome.not_proved : base::to_text(outcome.result.error());
}

}  // namespace

void Applier::State::run() {
  std::unique_lock lock(mutex);
  bool asked = false;
  while (true) {
    changed.wait_until(lock, due, [this] { return stop || waiting || !measures.empty() || !lists.empty(); });
    if (stop) return;
    const bool late = Clock::now() >= due;
    // In turn: who asks for measures and lists without end, another machine perhaps, holds up neither an apply nor a look.
    asked = (!measures.empty() || !lists.empty()) && !(asked && (waiting || late));
    if (asked) {
      measure(lock);
      list(lock);
    } else if (waiting) {
      apply(lock);
    } else if (late) {
      look(lock);
    }
    counters = engine.counters();
  }
}

void Applier::State::apply(std::unique_lock<std::mutex>& lock) {
  gateway::Plan plan = *std::exchange(waiting, std::nullopt);
  const std::vector<Done> done = std::exchange(waiting_done, {});
  const bool afresh = std::exchange(forget, false);
  lock.unlock();
  if (afresh) engine.forget();
  const Outcome outcome = engine.apply(std::move(plan));
  told = trouble_of(outcome);
  plan_next_look(outcome, false);
  lock.lock();
  counters = engine.counters();
  lock.unlock();
  for (const Done& each : done)
    if (each) each(outcome);
  lock.lock();
}

void Applier::State::measure(std::unique_lock<std::mutex>& lock) {
  const auto asked = std::exchange(measures, {});
  if (asked.empty()) return;
  lock.unlock();
  const Measured measured = engine.measure();
  // Who asked has seen that it is down: that is not left to the next look in its turn.
  const bool is_due_soon = pause || due <= Clock::now() + timing.retry_first;
  if (!measured.running && !is_due_soon && Clock::now() >= looked_out_of_turn + timing.retry_first)
    due = looked_out_of_turn = Clock::now();
  for (const auto& each : asked) each(measured);
  lock.lock();
}

void Applier::State::list(std::unique_lock<std::mutex>& lock) {
  auto wanted = std::exchange(lists, {});
  if (wanted.empty()) return;
  lock.unlock();
  for (auto& each : wanted)
    lister.read([this] { return engine.listing(); }, {std::move(each.domain), each.asked, std::move(each.done)});
  lock.lock();
}

void Applier::State::look(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  const auto outcome = engine.look([this](const Outcome& found) { tell(found); });
  if (outcome) tell(*outcome);
  plan_next_look(outcome ? *outcome : Outcome{}, true);
  lock.lock();
}

/// Applies that change nothing about the trouble do not put the next look off.
void Applier::State::plan_next_look(const Outcome& outcome, bool looked) {
  const bool good = trouble_of(outcome).empty();
  if (good && (looked || pause)) {
    pause.reset();
    due = Clock::now() + timing.look_every;
  } else if (!good && (looked || !pause)) {
    pause = pause ? std::min(*pause * 2, timing.retry_most) : timing.retry_first;
    due = Clock::now() + *pause;
  }
}

void Applier::State::tell(const Outcome& outcome) {
  std::string trouble = trouble_of(outcome);
  if (trouble == told) return;
  told = std::move(trouble);
  Done to;
  {
    const std::lock_guard lock(mutex);
    to = watcher;
  }
  if (to) to(outcome);
}

Applier::Applier(const Options& options, std::unique_ptr<Privileged> privileged)
    : state_(std::make_unique<State>(options, std::move(privileged))) {}

Applier::~Applier() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

void Applier::apply(gateway::Plan plan, Done done) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->waiting = std::move(plan);
    state_->waiting_done.push_back(std::move(done));
  }
  state_->changed.notify_all();
}

void Applier::watch(Done told) {
  const std::lock_guard lock(state_->mutex);
  state_->watcher = std::move(told);
}

void Applier::measure(std::function<void(Measured)> done) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->measures.push_back(std::move(done));
  }
  state_->changed.notify_all();
}

void Applier::list(std::string domain, std::function<void(base::Result<base::QueuedMail>)> done) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->lists.push_back({std::move(domain), State::Clock::now(), std::move(done)});
  }
  state_->changed.notify_all();
}

void Applier::forget() {
  const std::lock_guard lock(state_->mutex);
  state_->forget = true;
}

Counters Applier::counters() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counters;
}

}  // namespace postern::applier
