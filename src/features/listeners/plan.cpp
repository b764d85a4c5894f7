#include "base/printable.h"
#include "features/features.h"
#include "features/listeners/access.h"
#include "gateway/draft.h"
#include "features/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace postern::features {
namespace {

constexpr std::uint32_t default_size = 20U << 20;

struct Listener {
  const model::Node* settings = nullptr;
  std::string name;
  std::string key;  ///< the name in parameters, files and tables
  std::string address;
  std::uint16_t port = 25;
  std::uint32_t size = default_size;  ///< bytes
  bool is_public = true;
};

// Every 127.x.y.z answers on a host that has the loopback interface, though no list of addresses
// says so.
bool is_here(const gateway::Facts& facts, const std::string& address) {
  return address.starts_with("127.") ||
         std::find(facts.addresses.begin(), facts.addresses.end(), address) != facts.addresses.end();
}

/// The listener with its address, or why it is off.
std::string find_address(Listener& listener, std::string_view interface, const std::vector<Service>& interfaces,
                         const gateway::Facts& facts) {
  const auto found =
      std::find_if(interfaces.begin(), interfaces.end(), [&](const Service& each) { return each.interface_name == interface; });
  if (found == interfaces.end())
    return fmt::format(
        "this machine has no interface {}. Define it with interfaceconfig, or give the listener "
        "another interface.",
        interface);
  listener.address = found->address;
  if (is_here(facts, listener.address)) return {};
  return fmt::format("the address {} of interface {} is not on this host. Correct it with interfaceconfig.", listener.address,
                     interface);
}

Listener read(const model::Node& settings) {
  Listener listener;
  listener.settings = &settings;
  listener.name = settings.leaf("name");
  listener.key = plain_name(listener.name);
  listener.port = static_cast<std::uint16_t>(number(settings, "port", 25));
  listener.size = number(settings, "maximum-message-size", default_size);
  listener.is_public = settings.leaf("type") != "private";
  return listener;
}

/// Who has the listener's port already. A merge brings settings together that nobody checked; and Postfix's master
/// ends when it cannot open one port of all.
std::string whose(const Listener& listener, const std::vector<Listener>& before, const std::vector<Service>& interfaces) {
  for (const Listener& one : before)
    if (one.address == listener.address && one.port == listener.port) return one.name;
  for (const Service& one : interfaces) {
    if (one.address != listener.address) continue;
    if (one.ssh && one.ssh_port == listener.port) return "SSH";
    if (one.ccs && one.ccs_port == listener.port) return "CCS";
    if (one.https && one.https_port == listener.port) return "HTTPS";
  }
  return {};
}

std::vector<Listener> active(const gateway::Effective& effective, const gateway::Facts& facts, gateway::Draft& draft) {
  const std::vector<Service> interfaces = services(effective.tree("interfaces"));
  std::vector<Listener> all;
  for (const model::Node& each : effective.tree("listeners").entries("listener")) {
    Listener listener = read(each);
    std::string off = find_address(listener, each.leaf("interface"), interfaces, facts);
    const std::string taken = off.empty() ? whose(listener, all, interfaces) : std::string();
    if (!taken.empty())
      off = fmt::format("{} listens on {} already. Give one of them another port or interface.", taken,
                        address_and_port(listener.address, listener.port));
    using State = gateway::ListenerState::State;
    const bool suspended = facts.suspended.contains(listener.name);
    draft.listeners.push_back({listener.name, suspended ? State::suspended : off.empty() ? State::open : State::off});
    if (off.empty()) {
      all.push_back(std::move(listener));
    } else {
      draft.note("listeners", fmt::format("The listener {} is off: {}", listener.name, off));
    }
  }
  for (const std::string& name : facts.suspended)
    if (std::ranges::find(draft.listeners, name, &gateway::ListenerState::name) == draft.listeners.end())
      draft.note("listeners", fmt::format("{} is suspended, and there is no listener of that name: resumelistener takes it back.",
                                          base::printable_line(name, 64)));
  return all;
}

std::string cidr(std::string_view kind, const Listener& listener) {
  return fmt::format("check_client_access cidr:$generation_directory/{}_{}.cidr", kind, listener.key);
}

/// regexp_table(5) puts what a pattern matched where a result says "$1"; "$$" is a '$'.
std::string doubled_dollars(const std::string& text) {
  std::string out;
  for (const char c : text) out.append(c == '$' ? 2 : 1, c);
  return out;
}

/// Adds the listener's recipient tables; what smtpd_relay_restrictions says of them.
std::string recipient_checks(const Listener& listener, const gateway::Facts& facts, gateway::Draft& draft, std::string& sample) {
  RecipientAccess access = recipient_access(*listener.settings);
  const std::string table = "rat_" + listener.key;
  draft.tables[table] = std::move(access.domains);
  draft.tables[table + "_users"] = std::move(access.users);
  sample = access.sample;
  if (access.all_accepted)
    draft.note("listeners", fmt::format("The listener {} does not take mail for ALL: a public listener that does is an open "
                                        "relay. Name the domains in its RAT, or let senders relay through its HAT.",
                                        listener.name));
  if (access.user_everywhere && access.relay_domains.empty())
    draft.note("listeners",
               fmt::format("The listener {} takes mail for a user in every domain of its RAT, but that names no domain: add the "
                           "domains.",
                           listener.name));
  draft.tables["relay_domains"].merge(access.relay_domains);
  std::string checks = fmt::format("check_recipient_access {}, check_recipient_access {}",
                                   gateway::Draft::map_name(facts, table + "_users"), gateway::Draft::map_name(facts, table));
  if (!access.all.empty()) {
    draft.files[table + "_all.regexp"] = fmt::format("/^/ {}\n", doubled_dollars(access.all));
    checks += fmt::format(", check_recipient_access regexp:$generation_directory/{}_all.regexp", table);
  }
  return checks + ", reject_unauth_destination, reject";
}

void add_listener(const Listener& listener, const gateway::Facts& facts, gateway::Draft& draft) {
  HostAccess access = host_access(*listener.settings, listener.is_public);
  draft.files[fmt::format("hat_{}.cidr", listener.key)] = std::move(access.connect);
  draft.files[fmt::format("relay_{}.cidr", listener.key)] = std::move(access.relay);
  const std::string relay = cidr("relay", listener);
  const std::string probe = fmt::format("check_recipient_access regexp:$generation_directory/{}, check_recipient_access {}, ",
                                        gateway::probe_file, gateway::Draft::map_name(facts, "no_mailboxes"));
  std::string sample;
  gateway::MasterService service{"n", "y", "-", "-", "smtpd", {}};
  service.options.emplace_back("message_size_limit", fmt::format("{}", listener.size));
  service.options.emplace_back("smtpd_client_restrictions", cidr("hat", listener));
  if (listener.is_public) {
    service.options.emplace_back("smtpd_relay_restrictions",
                                 probe + relay + ", " + recipient_checks(listener, facts, draft, sample));
    // A second lock: whatever the first one lets through, only these domains or relaying senders
    // pass.
    service.options.emplace_back("smtpd_recipient_restrictions",
                                 fmt::format("{}, check_recipient_access {}, reject_unauth_destination", relay,
                                             gateway::Draft::map_name(facts, "relay_domains")));
  } else {
    service.options.emplace_back("smtpd_relay_restrictions", probe + relay + ", reject");
  }
  // Its files and tables stay, so that it comes back as it was.
  if (facts.suspended.contains(listener.name))
    return draft.note("listeners", fmt::format("The listener {} is suspended: resumelistener opens it again.", listener.name));
  std::string where = address_and_port(listener.address, listener.port);
  draft.services[{where, "inet"}] = std::move(service);
  draft.probes.push_back(
      {listener.name, listener.address, listener.port, "postern-probe@" + (sample.empty() ? facts.host_name : sample)});
  draft.listen.push_back(std::move(where));
}

}  // namespace

void plan_listeners(const gateway::Effective& effective, const gateway::Facts& facts, gateway::Draft& draft) {
  std::uint32_t size = default_size;
  std::set<std::string> addresses;
  for (const Listener& listener : active(effective, facts, draft)) {
    add_listener(listener, facts, draft);
    size = std::max(size, listener.size);
    addresses.insert(listener.address);
  }
  // What a listener lets in, the rest of Postfix must take.
  draft.parameters["message_size_limit"] = fmt::format("{}", size);
  // Postfix finds a mail domain whose MX is itself by these: inet_interfaces does not name them.
  draft.parameters["proxy_interfaces"] = fmt::format("{}", fmt::join(addresses, ", "));
}

}  // namespace postern::features
