#include "transport/seats.h"

#include <utility>

namespace postern::transport {

void Seats::enter(std::function<bool()> seated) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(seated));
  }
  fill();
}

void Seats::leave() {
  {
    const std::scoped_lock lock(mutex_);
    ++free_;
  }
  fill();
}

void Seats::fill() {
  std::unique_lock lock(mutex_);
  while (free_ > 0 && !waiting_.empty()) {
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    --free_;
    lock.unlock();
    const bool taken = next();
    lock.lock();
    if (!taken) ++free_;
  }
}

}  // namespace postern::transport
