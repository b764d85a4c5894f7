#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/fair_queue.h"
#include "machine/doors/guesses.h"
#include "machine/world/world.h"

namespace postern::machine {

/// Checks of passphrases, which cost 50 ms and 64 MiB each: as many as Guesses lets, one after another, in turn by
/// source. On the truth's thread; must outlive what the World still has of it.
class Checks {
 public:
  explicit Checks(World& world) : world_(world) {}

  struct Outcome {
    bool right = false;
    std::string refused;  ///< not empty: it was not checked, and why, for the person
  };
  using Done = std::function<void(const Outcome&)>;
  /// Whether `passphrase` is that of `account`, whose hash is `hash_text`; what no account has must have the hash of
  /// nobody's. The time that it takes tells nothing about the account.
  void check(const std::string& account, const base::Source& from, std::string hash_text, std::string passphrase, Done done);
  /// `account` has logged in from there by a key.
  void logged_in(const std::string& account, const base::Source& from) { guesses_.remember(account, from); }

 private:
  static constexpr std::size_t waiting = 64;
  static constexpr std::int64_t half_life_ms = 60'000;
  struct Check {
    std::string account, hash_text, passphrase;
    Done done;
  };
  void queue(const base::Source& from, Check check);
  void next();

  World& world_;
  Guesses guesses_;
  base::FairQueue<Check> queue_{waiting, half_life_ms};
  bool running_ = false;
};

}  // namespace postern::machine
