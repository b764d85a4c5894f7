#include "transport/seats.h"

#include <algorithm>
#include <utility>

namespace postern::transport {

void Seats::enter(const std::string& guest, std::function<bool()> seated) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back({guest, std::move(seated)});
  }
  fill();
}

void Seats::leave(const std::string& guest) {
  {
    const std::scoped_lock lock(mutex_);
    put_back(guest);
  }
  fill();
}

void Seats::put_back(const std::string& guest) {
  ++free_;
  if (const auto at = seated_.find(guest); at != seated_.end() && --at->second == 0) seated_.erase(at);
}

void Seats::fill() {
  std::unique_lock lock(mutex_);
  while (free_ > 0) {
    const auto at = std::find_if(waiting_.begin(), waiting_.end(), [this](const Waiting& one) {
      const auto has = seated_.find(one.guest);
      return has == seated_.end() || has->second < most_of_one_;
    });
    if (at == waiting_.end()) return;
    const Waiting next = std::move(*at);
    waiting_.erase(at);
    --free_;
    ++seated_[next.guest];
    lock.unlock();
    const bool taken = next.seated();
    lock.lock();
    if (!taken) put_back(next.guest);
  }
}

}  // namespace postern::transport
