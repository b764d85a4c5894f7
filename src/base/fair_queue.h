#pragma once

#include "base/source.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace postern::base {

/// What each name has used lately: half of it is forgotten after each half-life. Bounded in memory, so that many names
/// cost no more than some forgetting.
class Usage {
 public:
  Usage(std::int64_t half_life_ms, std::size_t names) : half_life_ms_(half_life_ms), names_(names) {}

  [[nodiscard]] double of(const std::string& name, std::int64_t now_ms) const {
    const auto found = used_.find(name);
    return found == used_.end() ? 0 : faded(found->second, now_ms);
  }

  void add(const std::string& name, double amount, std::int64_t now_ms) {
    if (used_.size() >= names_ && !used_.contains(name)) forget(now_ms);
    auto& used = used_[name];
    used = {faded(used, now_ms) + amount, now_ms};
  }

  void clear(const std::string& name) { used_.erase(name); }
  [[nodiscard]] std::size_t size() const { return used_.size(); }

 private:
  struct Used {
    double amount = 0;
    std::int64_t at_ms = 0;
  };

  [[nodiscard]] double faded(const Used& used, std::int64_t now_ms) const {
    return used.amount * std::exp2(-static_cast<double>(now_ms - used.at_ms) / static_cast<double>(half_life_ms_));
  }

  /// The half that used least.
  void forget(std::int64_t now_ms) {
    std::vector<double> amounts;
    amounts.reserve(used_.size());
    for (const auto& [name, used] : used_) amounts.push_back(faded(used, now_ms));
    const auto middle = amounts.begin() + static_cast<std::ptrdiff_t>(amounts.size() / 2);
    std::nth_element(amounts.begin(), middle, amounts.end());
    std::erase_if(used_, [&, most = *middle](const auto& entry) { return faded(entry.second, now_ms) <= most; });
  }

  std::int64_t half_life_ms_;
  std::size_t names_;
  std::map<std::string, Used> used_;
};

/// Work that waits for its turn. Whoever has used least lately is served first, by network and then by address, so that
/// a newcomer waits for nobody who keeps us busy. Bounded: when full, the newest of the fullest network and address
/// goes. Times come in from outside, on one clock in ms.
template <class Item>
class FairQueue {
 public:
  struct Turn {
    Source source;
    Item item;
  };

  FairQueue(std::size_t most, std::int64_t half_life_ms, std::size_t names = 4096)
      : most_(most), networks_(half_life_ms, names), addresses_(half_life_ms, names) {}

  /// `first`: before everybody who is not, and never the one that goes. Returns what had to go, perhaps this very item.
  std::optional<Turn> push(Source source, Item item, bool first = false) {
    waiting_.push_back({{std::move(source), std::move(item)}, first});
    if (waiting_.size() <= most_) return std::nullopt;
    return take(fullest());
  }

  std::optional<Turn> pop(std::int64_t now_ms) {
    if (waiting_.empty()) return std::nullopt;
    std::size_t best = 0;
    std::optional<Rank> least;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const auto& source = waiting_[i].turn.source;
      const Rank rank{!waiting_[i].first, networks_.of(source.network, now_ms), addresses_.of(source.address, now_ms)};
      if (least && !(rank < *least)) continue;
      least = rank;
      best = i;
    }
    return take(best);
  }

  /// What a turn of that source has cost, in any unit.
  void charge(const Source& source, double cost, std::int64_t now_ms) {
    networks_.add(source.network, cost, now_ms);
    addresses_.add(source.address, cost, now_ms);
  }

  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  using Rank = std::tuple<bool, double, double>;
  struct Waiting {
    Turn turn;
    bool first = false;
  };

  [[nodiscard]] std::size_t fullest() const {
    std::map<std::string, std::size_t> networks;
    std::map<std::string, std::size_t> addresses;
    for (const auto& one : waiting_) {
      if (one.first) continue;
      ++networks[one.turn.source.network];
      ++addresses[one.turn.source.address];
    }
    std::size_t found = waiting_.size() - 1;
    std::pair<std::size_t, std::size_t> most;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      if (waiting_[i].first) continue;
      const auto& source = waiting_[i].turn.source;
      const std::pair load{networks[source.network], addresses[source.address]};
      if (load < most) continue;
      most = load;
      found = i;
    }
    return found;
  }

  Turn take(std::size_t index) {
    Turn turn = std::move(waiting_[index].turn);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(index));
    return turn;
  }

  std::size_t most_;
  Usage networks_;
  Usage addresses_;
  std::vector<Waiting> waiting_;  ///< oldest first
};

}  // namespace postern::base
