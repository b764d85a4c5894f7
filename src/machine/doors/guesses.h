#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/fair_queue.h"
#include "base/source.h"

/// What guessing a passphrase costs the guesser. Pure: the time is told, in ms of one clock.
namespace postern::machine {

/// Each check counts as wrong until it has turned out right. Of one account, the addresses of one network have a number
/// of wrong checks an hour; each address and each network must wait longer after each, and what it tries meanwhile waits
/// behind; the account itself only slows everybody, by a second at most, so that nobody can lock it. Addresses from which
/// the account has logged in before have checks of their own, which strangers of their network cannot use up, and do not
/// wait for the network or the account. Names that are no accounts are treated the same. Keys never come here.
class Guesses {
 public:
  static constexpr std::int64_t hour_ms = 3'600'000;
  static constexpr std::size_t strangers_an_hour = 60;  ///< wrong checks of one account from one network
  static constexpr std::size_t known_an_hour = 40;      ///< from its addresses that logged in before
  static constexpr std::int64_t address_most_ms = 8'000;
  static constexpr std::int64_t network_most_ms = 1'000;
  static constexpr std::int64_t account_most_ms = 1'000;
  static constexpr std::int64_t longest_wait_ms = 15'000;  ///< whose turn comes later is refused

  struct Leave {
    std::string refused;  ///< empty: it may be checked after wait_ms. Else why not, for the person
    std::int64_t wait_ms = 0;
  };
  /// A passphrase for `account` has come from there. When it is not refused, `right` must follow if it was right.
  Leave ask(const std::string& account, const base::Source& from, std::int64_t now_ms);
  void right(const std::string& account, const base::Source& from, std::int64_t now_ms);
  /// `account` has logged in from there, by whatever means.
  void remember(const std::string& account, const base::Source& from);

 private:
  static constexpr std::size_t names = 4'096;  ///< of each kind that are kept apart
  static constexpr std::size_t remembered = 1'024;
  static constexpr std::size_t remembered_of_one = 64;  ///< of one account: it has its own forgotten, not others'
  static constexpr std::int64_t half_life_ms = 300'000;

  struct Spent {
    std::deque<std::int64_t> strangers, known;
    [[nodiscard]] std::size_t size() const { return strangers.size() + known.size(); }
  };
  using Pair = std::pair<std::string, std::string>;

  [[nodiscard]] bool is_known(const std::string& account, const base::Source& from) const;
  std::deque<std::int64_t>& spent(const std::string& account, const base::Source& from, bool known, std::int64_t now_ms);
  void forget(std::int64_t now_ms);
  std::int64_t next(const std::string& place) const;

  base::Usage addresses_{half_life_ms, names}, networks_{half_life_ms, names}, accounts_{half_life_ms, names};
  std::map<Pair, Spent> spent_;               ///< by account and network
  std::map<std::string, std::int64_t> next_;  ///< by address or network: not before
  std::vector<Pair> remembered_;              ///< account and address, latest last
};

}  // namespace postern::machine
