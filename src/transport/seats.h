#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace postern::transport {

/// Lets so many be under way at once; who comes later waits, the oldest first. On any thread.
class Seats {
 public:
  explicit Seats(std::size_t most) : free_(most) {}
  Seats(const Seats&) = delete;
  Seats& operator=(const Seats&) = delete;

  /// Takes a seat: `seated` is called at once or when others have left. False when nobody is there any more, who then has none.
  void enter(std::function<bool()> seated);
  void leave();

 private:
  void fill();

  std::mutex mutex_;
  std::size_t free_;
  std::deque<std::function<bool()>> waiting_;
};

}  // namespace postern::transport
