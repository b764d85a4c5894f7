#include "applier/applier.h"

#include "applier/engine.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace postern::applier {

struct Applier::State {
  State(Setup setup, std::unique_ptr<Privileged> privileged)
      : engine(std::move(setup), std::move(privileged)), thread([this] { run(); }) {}

  void run();

  Engine engine;  ///< the thread's own
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::optional<gateway::Plan> waiting;
  std::vector<Done> waiting_done;
  bool forget = false;
  bool stop = false;
  Counters counters;
  std::thread thread;
};

void Applier::State::run() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return stop || waiting; });
    if (stop) return;
    gateway::Plan plan = *std::exchange(waiting, std::nullopt);
    const std::vector<Done> done = std::exchange(waiting_done, {});
    const bool afresh = std::exchange(forget, false);
    lock.unlock();
    if (afresh) engine.forget();
    const Outcome outcome = engine.apply(std::move(plan));
    lock.lock();
    counters = engine.counters();
    lock.unlock();
    for (const Done& each : done)
      if (each) each(outcome);
    lock.lock();
  }
}

Applier::Applier(Setup setup, std::unique_ptr<Privileged> privileged)
    : state_(std::make_unique<State>(std::move(setup), std::move(privileged))) {}

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

void Applier::forget() {
  const std::lock_guard lock(state_->mutex);
  state_->forget = true;
}

Counters Applier::counters() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counters;
}

}  // namespace postern::applier
