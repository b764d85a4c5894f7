#include "features/listeners/access.h"

#include "features/words.h"

#include <fmt/format.h>

#include <vector>

namespace postern::features {
namespace {

std::string reject(const model::Node& row) {
  const std::string_view text = row.leaf("text");
  return text.empty() ? "REJECT" : fmt::format("REJECT {}", text);
}

std::vector<std::string> networks(const model::Node& group) {
  std::vector<std::string> out;
  const model::Node* senders = group.child("sender");
  if (senders == nullptr) return out;
  for (const std::string& sender : senders->values) {
    if (sender == "ALL") {
      out.insert(out.end(), {"0.0.0.0/0", "::/0"});
    } else if (std::optional<std::string> one = network(sender)) {
      out.push_back(*one);
    }
  }
  return out;
}

void add_row(RecipientAccess& access, const std::string& address, const std::string& action, bool accept) {
  const std::size_t at = address.find('@');
  if (at != std::string::npos) {
    access.users[address] = action;
    const std::string domain = address.substr(at + 1);
    if (accept && !domain.empty()) access.relay_domains[domain] = "OK";
    return;
  }
  access.domains[address] = action;
  // "user@" is taken only at domains that the table names: one local part must not open the relay.
  if (accept || access.user_everywhere) access.relay_domains[address] = "OK";
  if (accept && access.sample.empty()) access.sample = address.starts_with('.') ? "postern-probe" + address : address;
}

bool accepts_user_everywhere(const model::Node& listener) {
  for (const model::Node& row : listener.entries("rat"))
    if (row.leaf("address").ends_with('@') && row.leaf("action") == "accept") return true;
  return false;
}

}  // namespace

HostAccess host_access(const model::Node& listener, bool is_public) {
  HostAccess access;
  for (const model::Node& group : listener.entries("hat")) {
    const std::string_view action = group.leaf("action");
    const std::string connect = action == "reject" ? reject(group) : "OK";
    for (const std::string& one : networks(group)) {
      access.connect += fmt::format("{} {}\n", one, connect);
      access.relay += fmt::format("{} {}\n", one, action == "relay" ? "OK" : "DUNNO");
    }
  }
  if (is_public) return access;
  for (const char* rest : {"0.0.0.0/0", "::/0"}) access.connect += fmt::format("{} REJECT\n", rest);
  return access;
}

RecipientAccess recipient_access(const model::Node& listener) {
  RecipientAccess access;
  access.user_everywhere = accepts_user_everywhere(listener);
  for (const model::Node& row : listener.entries("rat")) {
    const std::string_view address = row.leaf("address");
    const bool accept = row.leaf("action") == "accept";
    const std::string action = accept ? "OK" : reject(row);
    if (address != "ALL") {
      add_row(access, lower(address), action, accept);
    } else if (accept) {
      access.all_accepted = true;
    } else {
      access.all = action;
    }
  }
  return access;
}

}  // namespace postern::features
