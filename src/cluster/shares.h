#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "base/ids.h"

/// Room that all members share: each may use what others leave, and when it is full the one who uses most
/// gives way. So nobody can take it from the others.
namespace postern::cluster {

/// Who answers for something held: its author once his signature was seen, till then the member that sent it.
struct Account {
  base::MemberId member;
  bool proved = false;
  friend auto operator<=>(const Account&, const Account&) = default;
};

class Shares {
 public:
  void take(const Account& who, std::size_t bytes) {
    used_[who] += bytes;
    total_ += bytes;
  }
  void give_back(const Account& who, std::size_t bytes) {
    const auto found = used_.find(who);
    if (found == used_.end()) return;
    const std::size_t returned = std::min(bytes, found->second);
    total_ -= returned;
    found->second -= returned;
    if (found->second == 0) used_.erase(found);
  }
  [[nodiscard]] std::size_t total() const { return total_; }
  [[nodiscard]] std::size_t of(const Account& who) const {
    const auto found = used_.find(who);
    return found == used_.end() ? 0 : found->second;
  }
  /// Whoever uses most, of those of whom that was not proved if there are any.
  [[nodiscard]] std::optional<Account> greediest() const {
    std::optional<Account> most;
    for (const auto& [who, bytes] : used_) {
      if (!most || (who.proved == most->proved ? bytes > of(*most) : !who.proved)) most = who;
    }
    return most;
  }

 private:
  std::map<Account, std::size_t> used_;
  std::size_t total_ = 0;
};

/// So many at once, and one more every so often.
class Pace {
 public:
  Pace(std::int64_t burst, std::int64_t refill_ms) : left_(burst), burst_(burst), refill_ms_(refill_ms) {}

  /// True, and one less is left; or false. `mono_ms` never goes back.
  bool take(std::int64_t mono_ms) {
    const std::int64_t refills = std::max<std::int64_t>(0, mono_ms - since_) / refill_ms_;
    left_ = std::min(burst_, left_ + std::min(refills, burst_));
    since_ = left_ == burst_ ? mono_ms : since_ + refills * refill_ms_;
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  /// When one more may be taken.
  [[nodiscard]] std::int64_t next() const { return since_ + refill_ms_; }

 private:
  std::int64_t left_;
  std::int64_t burst_;
  std::int64_t refill_ms_;
  std::int64_t since_ = 0;
};

}  // namespace postern::cluster
