#pragma once

#include <cstdint>
#include <string>

namespace postern::base {

/// How many lie in a mail engine's queue.
struct QueueCounts {
  std::uint64_t active = 0;  ///< being delivered, or about to be
  std::uint64_t deferred = 0;
  std::uint64_t hold = 0;
};

/// What a queue holds for one domain. Recipients, but for `messages`.
struct QueuedMail : QueueCounts {
  std::uint64_t messages = 0;
  std::int64_t oldest_s = 0;  ///< Unix time of the oldest message's arrival; 0: there is none
  std::string reason;         ///< why the newest deferred one was deferred, as the other side or Postfix put it; printable
  bool whole = true;          ///< false: the queue is longer than there was time for; the figures are of its beginning
};

}  // namespace postern::base
