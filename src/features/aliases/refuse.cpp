#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "features/features.h"
#include "features/words.h"

/// Aliases that cleanup(8) gives up on: it takes the recipient and then answers the message with 451, for ever.
namespace postern::features {
namespace {

// virtual(5)'s limits: virtual_alias_recursion_limit and virtual_alias_expansion_limit.
constexpr std::size_t most_steps = 1000;
constexpr std::size_t most_recipients = 1000;
constexpr std::size_t told_most = 10;
constexpr std::string_view anybody = " ";  ///< a user who has no alias of his own; in no address

/// Follows every alias to its ends, each address once.
class Walk {
 public:
  explicit Walk(const model::Tree& settings) {
    for (const model::Node& alias : settings.entries("alias"))
      if (const model::Node* targets = alias.child("target"); targets != nullptr)
        aliases_.emplace(lower(alias.leaf("address")), &targets->values);
  }

  std::vector<model::Objection> objections() {
    for (const auto& [address, targets] : aliases_) {
      wrong_.clear();
      (void)follow(address.starts_with('@') ? std::string(anybody) + address : address);
      if (!wrong_.empty() && out_.size() < told_most) out_.push_back({fmt::format("alias['{}']", address), {}, wrong_});
    }
    return std::move(out_);
  }

 private:
  struct Step {
    std::string address;
    std::size_t own_ends = 0;  ///< of those up to here: they stand for themselves, too
  };
  struct Found {
    std::size_t place = 0;  ///< from 1, on the way now; 0: not on it
    std::size_t recipients = 0;
    std::size_t steps = 0;  ///< to its farthest end
  };

  /// What the address stands for, or null: itself first, then everyone in its domain.
  [[nodiscard]] const std::vector<std::string>* targets_of(const std::string& address) const {
    if (const auto own = aliases_.find(address); own != aliases_.end()) return own->second;
    const auto domain = aliases_.find(address.substr(address.find('@')));
    return domain == aliases_.end() ? nullptr : domain->second;
  }

  void object(std::string text) {
    if (wrong_.empty()) wrong_ = std::move(text);
  }

  Found follow(const std::string& address) {
    const std::vector<std::string>* targets = targets_of(address);
    if (targets == nullptr) return {0, 1, 0};
    const auto [at, fresh] = known_.try_emplace(address);
    if (!fresh) {
      if (at->second.place != 0 && comes_back_for_ever(at->second.place))
        object(fmt::format("{} comes back to itself by way of {}: its mail would be refused. Take one of them out.",
                           shown(address), shown(way_.back().address)));
      return at->second;
    }
    if (way_.size() >= most_steps) {
      too_long(way_.front().address);
      return {};
    }
    std::vector<std::string> nexts;
    for (const std::string& target : *targets) nexts.push_back(next(address, lower(target)));
    const bool is_own_end = std::ranges::find(nexts, address) != nexts.end();
    way_.push_back({address, own_ends_before(way_.size()) + (is_own_end ? 1 : 0)});
    at->second.place = way_.size();
    Found found;
    for (const std::string& one : nexts) {
      const Found there = one == address ? Found{0, 1, 0} : follow(one);
      found.recipients = std::min(found.recipients + there.recipients, most_recipients + 1);
      found.steps = std::max(found.steps, there.steps + 1);
    }
    way_.pop_back();
    if (found.recipients > most_recipients)
      object(fmt::format("{} stands for more than {} recipients, and Postfix refuses such mail. Name a mailing list instead.",
                         shown(address), most_recipients));
    if (found.steps > most_steps) too_long(address);
    return known_[address] = found;
  }

  void too_long(const std::string& address) {
    object(fmt::format("{} leads over more than {} aliases, and Postfix refuses such mail. Name the last of them at once.",
                       shown(address), most_steps));
  }

  /// Of the first `steps` on the way.
  [[nodiscard]] std::size_t own_ends_before(std::size_t steps) const { return steps == 0 ? 0 : way_[steps - 1].own_ends; }

  /// cleanup(8) looks an address that stands for itself, too, up once only: what passes by it has an end.
  [[nodiscard]] bool comes_back_for_ever(std::size_t place) const {
    return own_ends_before(way_.size()) == own_ends_before(place - 1);
  }

  /// "@domain" as a target keeps the user.
  static std::string next(const std::string& address, std::string target) {
    return target.starts_with('@') ? address.substr(0, address.find('@')) + target : target;
  }
  static std::string shown(const std::string& address) {
    return address.starts_with(anybody) ? address.substr(anybody.size()) : address;
  }

  std::map<std::string, const std::vector<std::string>*> aliases_;
  std::unordered_map<std::string, Found> known_;
  std::vector<Step> way_;  ///< to where the walk is now
  std::string wrong_;
  std::vector<model::Objection> out_;
};

}  // namespace

std::vector<model::Objection> refuse_aliases(const model::Tree& settings) { return Walk(settings).objections(); }

}  // namespace postern::features
