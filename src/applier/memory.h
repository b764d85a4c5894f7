#pragma once

#include "applier/privileged.h"
#include "base/result.h"

#include <chrono>
#include <optional>
#include <string>

/// What Postfix's queue manager remembers beyond a change of rows: where the recipient goes that it
/// asked for last, for 30 s. Another recipient displaces it (docs/decisions/0008).
namespace postern::applier {

/// One thread.
class Memory {
 public:
  /// `log`: Postfix's mail.log. `privileged` must outlive this.
  Memory(std::string log, Privileged& privileged) : log_(std::move(log)), privileged_(privileged) {}

  /// Rows were changed now: from here on the queue manager may remember what was.
  void changed();
  /// Nothing old is remembered any more: nothing has changed, a message went through the queue
  /// manager since, or the time of its memory is over. Error io: it was not seen to. Blocks for some
  /// 3 s at most.
  base::Result<void> displace();
  [[nodiscard]] bool may_be_old() const { return until_.has_value(); }

 private:
  base::Result<std::string> hand_in();
  [[nodiscard]] base::Result<void> wait_until_removed(int log, const std::string& queue_id) const;

  std::string log_;
  Privileged& privileged_;
  std::optional<std::chrono::steady_clock::time_point> until_;
};

}  // namespace postern::applier
