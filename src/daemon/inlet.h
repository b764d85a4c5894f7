#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include <boost/asio/io_context.hpp>

namespace postern::daemon {

/// What links bring, or users ask, on its way to the thread that owns the machine: they take turns, so that one
/// that floods costs the others a slice of time a turn, whatever it sends. A turn takes at least one thing; what it
/// ran over is taken off its next turns (deficit round robin: Shreedhar and Varghese, 1995). Between two turns that
/// thread does everything else that waits for it. How much may lie here is bounded by whoever puts: a link by
/// transport::Limits::untaken_bytes, a desk's line puts one thing at a time.
class Inlet {
 public:
  static constexpr std::chrono::nanoseconds slice = std::chrono::microseconds(500);

  /// `truth` must outlive this, and this everything that it still runs.
  explicit Inlet(boost::asio::io_context& truth) : truth_(truth) {}

  /// From any thread. `what` runs on the thread of `truth`; what is from one in its order. Who shares a name
  /// shares its turns.
  void put(const std::string& from, std::function<void()> what);

 private:
  struct Queue {
    std::deque<std::function<void()>> waiting;
    std::chrono::nanoseconds left{0};  // of its turn; below zero: it ran over
  };
  void turn();

  boost::asio::io_context& truth_;
  std::mutex mutex_;
  std::map<std::string, Queue> queues_;  // none is empty
  std::deque<std::string> turns_;        // each once
};

}  // namespace postern::daemon
