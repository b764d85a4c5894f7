#include "machine/doors/guesses.h"

#include <algorithm>
#include <cmath>

namespace postern::machine {

namespace {

constexpr auto busy = "This machine checks too many passphrases from your network: use a key, or try again later.";
constexpr auto used_up =
    "Too many wrong passphrases for this name have come from your network within an hour: use a key, or another network.";

/// Nothing for the first `free` wrong ones, then `first_ms`, doubling each `step`.
std::int64_t delay(double wrong, double free, double first_ms, double step, std::int64_t most_ms) {
  if (wrong < free) return 0;
  const double ms = first_ms * std::exp2(std::min((wrong - free) / step, 30.0));
  return std::min(most_ms, static_cast<std::int64_t>(ms));
}

}  // namespace

bool Guesses::is_known(const std::string& account, const base::Source& from) const {
  return std::find(remembered_.begin(), remembered_.end(), Pair{account, from.address}) != remembered_.end();
}

void Guesses::remember(const std::string& account, const base::Source& from) {
  const Pair pair{account, from.address};
  std::erase(remembered_, pair);
  remembered_.push_back(pair);
  const auto is_own = [&](const Pair& one) { return one.first == account; };
  if (static_cast<std::size_t>(std::ranges::count_if(remembered_, is_own)) > remembered_of_one)
    remembered_.erase(std::ranges::find_if(remembered_, is_own));
  if (remembered_.size() > remembered) remembered_.erase(remembered_.begin());
}

std::int64_t Guesses::next(const std::string& place) const {
  const auto found = next_.find(place);
  return found == next_.end() ? 0 : found->second;
}

/// Those that count still: wrong checks of the last hour.
std::deque<std::int64_t>& Guesses::spent(const std::string& account, const base::Source& from, bool known, std::int64_t now_ms) {
  auto& both = spent_[{account, from.network}];
  auto& list = known ? both.known : both.strangers;
  while (!list.empty() && list.front() <= now_ms - hour_ms) list.pop_front();
  return list;
}

/// Bounds memory. Those with the most wrong checks are kept: whoever would have his own forgotten must make as many
/// for thousands of other names first.
void Guesses::forget(std::int64_t now_ms) {
  if (next_.size() > names) std::erase_if(next_, [&](const auto& entry) { return entry.second <= now_ms; });
  if (spent_.size() <= names) return;
  std::vector<std::size_t> sizes;
  sizes.reserve(spent_.size());
  for (const auto& [pair, both] : spent_) sizes.push_back(both.size());
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  std::size_t surplus = spent_.size() / 2;
  std::erase_if(spent_, [&, most = *middle](const auto& entry) {
    if (surplus == 0 || entry.second.size() > most) return false;
    --surplus;
    return true;
  });
}

Guesses::Leave Guesses::ask(const std::string& account, const base::Source& from, std::int64_t now_ms) {
  forget(now_ms);
  const bool known = is_known(account, from);
  auto& wrong = spent(account, from, known, now_ms);
  if (wrong.size() >= (known ? known_an_hour : strangers_an_hour)) return {used_up, 0};
  auto at = std::max(now_ms, next(from.address));
  if (!known) {
    at = std::max(at, next(from.network));
    at = std::max(at, now_ms + delay(accounts_.of(account, now_ms), 10, 50, 5, account_most_ms));
  }
  if (at - now_ms > longest_wait_ms) return {busy, 0};
  wrong.push_back(now_ms);
  addresses_.add(from.address, 1, now_ms);
  accounts_.add(account, 1, now_ms);
  next_[from.address] = at + delay(addresses_.of(from.address, now_ms), 3, 250, 1, address_most_ms);
  if (!known) {
    networks_.add(from.network, 1, now_ms);
    next_[from.network] = at + delay(networks_.of(from.network, now_ms), 10, 50, 4, network_most_ms);
  }
  return {{}, at - now_ms};
}

void Guesses::right(const std::string& account, const base::Source& from, std::int64_t now_ms) {
  const bool known = is_known(account, from);
  auto& wrong = spent(account, from, known, now_ms);
  if (!wrong.empty()) wrong.pop_back();
  addresses_.add(from.address, -1, now_ms);
  accounts_.add(account, -1, now_ms);
  if (!known) networks_.add(from.network, -1, now_ms);
  remember(account, from);
}

}  // namespace postern::machine
