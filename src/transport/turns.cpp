#include "transport/turns.h"

#include <chrono>
#include <utility>

namespace postern::transport {

namespace {
using Clock = std::chrono::steady_clock;
}  // namespace

void Turns::ask(const base::Source& source, bool first, const Strand& strand, std::function<void()> work) {
  {
    const std::scoped_lock lock(mutex_);
    // What has to go is a connection that loses its place by its patience: it is not lost sight of.
    queue_.push(source, {strand, std::move(work)}, first);
    if (std::exchange(running_, true)) return;
  }
  next();
}

void Turns::next() {
  std::optional<base::FairQueue<Wish>::Turn> turn;
  {
    const std::scoped_lock lock(mutex_);
    turn = queue_.pop(now_ms());
    running_ = turn.has_value();
  }
  if (!turn) return;
  const auto strand = turn->item.strand;
  strand.post([this, turn = std::move(*turn)] { run(turn); });
}

void Turns::run(const base::FairQueue<Wish>::Turn& turn) {
  const auto began = Clock::now();
  turn.item.work();
  const std::chrono::duration<double, std::micro> took = Clock::now() - began;
  {
    const std::scoped_lock lock(mutex_);
    queue_.charge(turn.source, took.count(), now_ms());
  }
  next();
}

}  // namespace postern::transport
