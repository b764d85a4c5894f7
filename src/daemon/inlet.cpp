#include "daemon/inlet.h"

#include <boost/asio/post.hpp>

#include <utility>

namespace postern::daemon {

void Inlet::put(const std::string& from, std::function<void()> what) {
  const std::scoped_lock lock(mutex_);
  Queue& queue = queues_[from];
  queue.waiting.push_back(std::move(what));
  if (queue.waiting.size() > 1) return;
  turns_.push_back(from);
  if (turns_.size() == 1) boost::asio::post(truth_, [this] { turn(); });
}

void Inlet::turn() {
  std::unique_lock lock(mutex_);
  Queue& queue = queues_.at(turns_.front());  // only this thread takes queues away
  queue.left += slice;
  while (queue.left.count() > 0 && !queue.waiting.empty()) {
    const auto what = std::exchange(queue.waiting.front(), nullptr);
    lock.unlock();
    const auto began = std::chrono::steady_clock::now();
    what();
    const auto took = std::chrono::steady_clock::now() - began;
    lock.lock();
    queue.waiting.pop_front();  // only now: while it runs, it has its turn
    queue.left -= took;
  }
  auto from = std::move(turns_.front());
  turns_.pop_front();
  if (queue.waiting.empty())
    queues_.erase(from);
  else
    turns_.push_back(std::move(from));
  if (!turns_.empty()) boost::asio::post(truth_, [this] { turn(); });
}

}  // namespace postern::daemon
