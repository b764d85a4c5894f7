#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "features/features.h"
#include "features/words.h"

/// Rows of a host access table that are never asked, because a group before them takes the same senders.
namespace postern::features {
namespace {

constexpr std::size_t told_most = 10;

/// Networks of sender groups in the order in which they are asked, and who had each first.
class Asked {
 public:
  struct Row {
    std::string sender;
    std::string group;
  };
  /// The row of another group that takes all of `sender` already; else `sender` is this group's from now on.
  std::optional<Row> take(const std::string& sender, const std::string& group) {
    if (sender == "ALL") {
      all_.try_emplace(sender, Row{sender, group});
      return std::nullopt;
    }
    const auto own = network(sender);
    if (!own) return std::nullopt;
    const bool v6 = own->find(':') != std::string::npos;
    const std::size_t slash = own->find('/');
    const unsigned bits = slash == std::string::npos ? (v6 ? 128 : 32) : static_cast<unsigned>(std::stoul(own->substr(slash + 1)));
    const std::string address = own->substr(0, slash);
    std::optional<Row> before;
    if (const auto all = all_.find("ALL"); all != all_.end()) before = all->second;
    for (const unsigned length : lengths_[v6]) {
      if (before || length > bits) break;
      const auto found = rows_.find(*network(fmt::format("{}/{}", address, length)));
      if (found != rows_.end()) before = found->second;
    }
    lengths_[v6].insert(bits);
    rows_.try_emplace(*network(fmt::format("{}/{}", address, bits)), Row{sender, group});
    if (before && before->group == group) before.reset();
    return before;
  }

 private:
  std::map<std::string, Row> rows_;  ///< by network, with its length
  std::map<std::string, Row> all_;
  std::set<unsigned> lengths_[2];    ///< those that occur, of IPv4 and IPv6
};

void warn_of(const model::Node& listener, std::vector<std::string>& out) {
  Asked asked;
  std::size_t more = 0;
  const std::size_t begun = out.size();
  for (const model::Node& group : listener.entries("hat")) {
    const model::Node* senders = group.child("sender");
    if (senders == nullptr) continue;
    const std::string name(group.leaf("name"));
    for (const std::string& sender : senders->values) {
      const auto before = asked.take(sender, name);
      if (!before) continue;
      if (out.size() - begun >= told_most)
        ++more;
      else
        out.push_back(fmt::format("{} of sender group {} at listener {} is never asked: {} of {} stands before it.", sender, name,
                                  listener.leaf("name"), before->sender, before->group));
    }
  }
  if (more > 0) out.push_back(fmt::format("{} more senders at listener {} are never asked.", more, listener.leaf("name")));
}

}  // namespace

std::vector<std::string> warn_listeners(const model::Tree& settings) {
  std::vector<std::string> out;
  for (const model::Node& listener : settings.entries("listener")) warn_of(listener, out);
  return out;
}

}  // namespace postern::features
