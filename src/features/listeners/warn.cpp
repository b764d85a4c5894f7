#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "features/features.h"
#include "features/listeners/access.h"
#include "features/words.h"

/// Rows of a host access table that are never asked, because a group before them takes the same senders, and a user in
/// every domain of a recipient access table that names none.
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
  /// The row of another group that takes all of `sender` already.
  std::optional<Row> take(const std::string& sender, const std::string& group) {
    const auto before = sender == "ALL" ? all_ : take_network(sender, group);
    if (sender == "ALL" && !all_) all_ = Row{sender, group};
    return before && before->group != group ? before : std::nullopt;
  }

 private:
  std::optional<Row> take_network(const std::string& sender, const std::string& group) {
    const auto own = network(sender);
    if (!own) return std::nullopt;
    if (all_) return all_;
    const bool v6 = own->find(':') != std::string::npos;
    const std::size_t slash = own->find('/');
    const std::string address = own->substr(0, slash);
    const auto bits = static_cast<unsigned>(slash == std::string::npos ? (v6 ? 128 : 32) : std::stoul(own->substr(slash + 1)));
    const auto of_length = [&address](unsigned length) { return *network(fmt::format("{}/{}", address, length)); };
    std::optional<Row> before;
    for (const unsigned length : lengths_[v6]) {
      if (before || length > bits) break;
      if (const auto found = rows_.find(of_length(length)); found != rows_.end()) before = found->second;
    }
    lengths_[v6].insert(bits);
    rows_.try_emplace(of_length(bits), Row{sender, group});
    return before;
  }

  std::map<std::string, Row> rows_;  ///< by network, with its length
  std::optional<Row> all_;
  std::set<unsigned> lengths_[2];  ///< those that occur, of IPv4 and IPv6
};

void warn_of_hosts(const model::Node& listener, std::vector<std::string>& out) {
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

void warn_of_recipients(const model::Node& listener, std::vector<std::string>& out) {
  const RecipientAccess access = recipient_access(listener);
  if (access.all_accepted)
    out.push_back(
        fmt::format("ALL in the RAT of listener {} takes no mail: a public listener that takes it for all is an open relay. Name "
                    "the domains, or let senders relay through the HAT.",
                    listener.leaf("name")));
  if (!access.user_everywhere || !access.relay_domains.empty()) return;
  for (const auto& [address, action] : access.users)
    if (address.ends_with('@'))
      out.push_back(
          fmt::format("{} in the RAT of listener {} takes no mail: it stands for that user in each domain of this table, "
                      "which names none. Add the domains.",
                      address, listener.leaf("name")));
}

}  // namespace

std::vector<std::string> warn_listeners(const model::Tree& settings) {
  std::vector<std::string> out;
  for (const model::Node& listener : settings.entries("listener")) {
    warn_of_hosts(listener, out);
    warn_of_recipients(listener, out);
  }
  return out;
}

}  // namespace postern::features
