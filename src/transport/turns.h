#pragma once

#include "base/fair_queue.h"
#include "transport/loop.h"

#include <functional>
#include <mutex>

namespace postern::transport {

/// Whose handshake goes on next. A key exchange or a check of a signature costs a millisecond or so;
/// when many want one, those whose source has cost least lately go first, one at a time, so that
/// the loop's other thread is free for links and sessions. Any thread.
class Turns {
 public:
  /// `most`: that wait at once; a connection asks again only when its turn is over.
  explicit Turns(std::size_t most) : queue_(most, half_life_ms) {}

  /// Runs `work` on `strand` when it is its turn. `first`: before all who are not.
  void ask(const base::Source& source, bool first, const Strand& strand, std::function<void()> work);

 private:
  static constexpr std::int64_t half_life_ms = 10'000;
  struct Wish {
    Strand strand;
    std::function<void()> work;
  };
  void next();
  void run(const base::FairQueue<Wish>::Turn& turn);

  std::mutex mutex_;
  base::FairQueue<Wish> queue_;
  bool running_ = false;
};

}  // namespace postern::transport
