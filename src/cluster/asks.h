#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "cluster/event.h"

/// What a machine remembers of questions between machines (asks.cpp): its own that are under way, and of others' which
/// it has heard.
namespace postern::cluster {

constexpr std::int64_t ask_wait_ms = 3'000;     ///< P1 of a question: how long its asker waits, both ways together
constexpr std::int64_t ask_retry_ms = 1'000;    ///< then the same envelope goes another way, if there is one
constexpr std::int64_t serve_most_ms = 60'000;  ///< a question that this machine has not answered by then is given up
constexpr std::size_t asks_under_way = 64;      ///< own ones
constexpr std::size_t asks_of_a_member = 32;    ///< of one other machine, served at once

/// Numbers that were taken once, of one run of one asker: the newest 1,024 one by one; older ones all count as taken.
class SeenNumbers {
 public:
  /// False when `number` was taken before, is too old to tell, or is 0.
  bool take(std::uint64_t number) {
    if (number == 0) return false;
    if (number > newest_) {
      const std::uint64_t ahead = number - newest_;
      if (ahead >= window) seen_.reset();
      for (std::uint64_t i = 1; ahead < window && i <= ahead; ++i) seen_.reset((newest_ + i) % window);
      newest_ = number;
    } else if (newest_ - number >= window || seen_.test(number % window)) {
      return false;
    }
    seen_.set(number % window);
    return true;
  }

 private:
  static constexpr std::size_t window = 1024;
  std::uint64_t newest_ = 0;
  std::bitset<window> seen_;
};

/// Another machine as one that asks. Boot nonces have no order, so an envelope that a relay kept back may come from a run that
/// is over: several runs are remembered beside each other, and one that gave way never asks again.
class Asker {
 public:
  /// Whether this question was not heard before. About 3 KiB at most.
  bool take(std::uint64_t nonce, std::uint64_t number) {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (runs_[i].nonce != nonce) continue;
      Run run = runs_[i];
      const bool fresh = run.numbers.take(number);
      runs_.erase(runs_.begin() + static_cast<std::ptrdiff_t>(i));
      runs_.push_front(run);
      return fresh;
    }
    for (const std::uint64_t over : over_) {
      if (over == nonce) return false;
    }
    runs_.push_front({nonce, {}});
    if (runs_.size() > runs_kept) {
      over_.push_back(runs_.back().nonce);
      runs_.pop_back();
    }
    if (over_.size() > over_kept) over_.pop_front();
    return runs_.front().numbers.take(number);
  }
  std::size_t under_way = 0;

 private:
  static constexpr std::size_t runs_kept = 8;
  static constexpr std::size_t over_kept = 256;
  struct Run {
    std::uint64_t nonce = 0;
    SeenNumbers numbers;
  };
  std::deque<Run> runs_;  ///< the one that asked last comes first
  std::deque<std::uint64_t> over_;
};

/// An own question under way, by its number.
struct Asking {
  AskId id = 0;
  std::string body;
  Relay envelope;
  base::Hash about;  ///< of the envelope: the answer names it
  std::int64_t deadline_mono_ms = 0;
  std::int64_t retry_mono_ms = 0;
  std::set<base::MemberId> tried;  ///< the neighbours that it was given to
};

/// Another machine's question that is being answered here.
struct Serving {
  Relay answer;  ///< all but verdict, body and signature
  LinkId came = 0;
  std::int64_t until_mono_ms = 0;
};

}  // namespace postern::cluster
