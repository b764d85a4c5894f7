#include "hands/values.h"

#include "base/printable.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace postern::hands {
namespace {

constexpr std::size_t shown = 200;  // bytes of a value that an error repeats

/// How a value is judged.
enum class Form : unsigned char {
  text,        ///< exactly the text
  below_mta,   ///< the instance's folder and the text
  daemons,     ///< the folder of Postfix's daemons
  mail_owner,  ///< the user
  table,       ///< "lmdb:MTA/tables/" and the text
  routes,      ///< tables of the routes of domains
  rest,        ///< tables of the route of all others, always asked for the same keys
  number,      ///< 1 to 2147483647
  host_name,
  address_v4,
  address_v6,
  addresses,     ///< none, or some with ", " between them
  clients,       ///< a list of restrictions that ask of the client only
  restrictions,  ///< a list of restrictions
};

struct Row {
  std::string_view name;
  Form form = Form::text;
  std::string_view text;
};

constexpr std::array main_rows{
    Row{"alias_database", Form::text, ""},
    Row{"alias_maps", Form::text, ""},
    Row{"biff", Form::text, "no"},
    Row{"compatibility_level", Form::text, "3.6"},
    Row{"daemon_directory", Form::daemons, ""},
    Row{"data_directory", Form::below_mta, "/data"},
    Row{"default_database_type", Form::text, "lmdb"},
    Row{"default_destination_concurrency_limit", Form::number, ""},
    Row{"disable_vrfy_command", Form::text, "yes"},
    Row{"fast_flush_domains", Form::text, ""},
    Row{"generation_directory", Form::text, "$config_directory"},
    Row{"inet_interfaces", Form::text, "loopback-only"},
    Row{"inet_protocols", Form::text, "all"},
    Row{"local_header_rewrite_clients", Form::text, ""},
    Row{"local_recipient_maps", Form::text, ""},
    Row{"local_transport", Form::text, "error:5.1.1 no mailboxes here"},
    Row{"mail_owner", Form::mail_owner, ""},
    Row{"mailbox_size_limit", Form::text, "0"},
    Row{"maillog_file", Form::below_mta, "/log/mail.log"},
    Row{"maillog_file_prefixes", Form::below_mta, "/log"},
    Row{"master_service_disable", Form::text, ""},
    Row{"message_size_limit", Form::number, ""},
    Row{"mydestination", Form::text, ""},
    Row{"myhostname", Form::host_name, ""},
    Row{"mynetworks", Form::text, ""},
    Row{"myorigin", Form::text, "$myhostname"},
    Row{"notify_classes", Form::text, ""},
    Row{"parent_domain_matches_subdomains", Form::text, ""},
    Row{"proxy_interfaces", Form::addresses, ""},
    Row{"queue_directory", Form::below_mta, "/queue"},
    Row{"relay_domains", Form::text, ""},
    Row{"relay_transport", Form::text, "smtp"},
    Row{"sender_dependent_default_transport_maps", Form::rest, ""},
    Row{"service_throttle_time", Form::text, "1s"},
    Row{"smtp_bind_address", Form::address_v4, ""},
    Row{"smtp_bind_address6", Form::address_v6, ""},
    Row{"smtp_tls_security_level", Form::text, "may"},
    Row{"smtpd_banner", Form::text, "$myhostname ESMTP"},
    Row{"smtpd_command_filter", Form::text, "regexp:$generation_directory/commands.regexp"},
    Row{"smtpd_data_restrictions", Form::text, "reject_unauth_pipelining"},
    Row{"smtpd_delay_reject", Form::text, "${{$service_name} == {smtpd} ? {yes} : {no}}"},
    Row{"smtpd_discard_ehlo_keywords", Form::text, "etrn, silent-discard"},
    Row{"smtpd_forbid_bare_newline", Form::text, "normalize"},
    Row{"smtpd_recipient_restrictions", Form::text, ""},
    Row{"smtpd_reject_unlisted_recipient", Form::text, "no"},
    Row{"smtpd_relay_restrictions", Form::text, "reject"},
    Row{"transport_maps", Form::routes, ""},
    Row{"virtual_alias_domains", Form::text, ""},
    Row{"virtual_alias_maps", Form::table, "virtual_alias"},
    Row{"virtual_mailbox_limit", Form::text, "0"},
    Row{"virtual_mailbox_maps", Form::text, ""},
};
constexpr std::string_view clone_limit = "_destination_concurrency_limit";

constexpr std::array smtp_options{Row{"smtp_connection_cache_on_demand", Form::text, "no"},
                                  Row{"smtp_connection_reuse_count_limit", Form::number, ""}};
constexpr std::array door_options{
    Row{"smtpd_relay_restrictions", Form::text, "check_recipient_access regexp:$generation_directory/door.regexp, reject"}};
constexpr std::array smtpd_options{
    Row{"message_size_limit", Form::number, ""}, Row{"smtpd_client_restrictions", Form::clients, ""},
    Row{"smtpd_recipient_restrictions", Form::restrictions, ""}, Row{"smtpd_relay_restrictions", Form::restrictions, ""}};

/// A service as the gateway plans it: all columns but unprivileged, which is always "-". The
/// programs neither deliver to files or commands nor change their user by what a table says.
struct Planned {
  std::string_view name, type, private_, chroot, wakeup, max_processes, command;
};
constexpr std::array services{
    Planned{"pickup", "unix", "n", "y", "60", "1", "pickup"},
    Planned{"cleanup", "unix", "n", "y", "-", "0", "cleanup"},
    Planned{"qmgr", "unix", "n", "n", "300", "1", "qmgr"},
    Planned{"tlsmgr", "unix", "-", "y", "1000?", "1", "tlsmgr"},
    Planned{"rewrite", "unix", "-", "y", "-", "-", "trivial-rewrite"},
    Planned{"bounce", "unix", "-", "y", "-", "0", "bounce"},
    Planned{"defer", "unix", "-", "y", "-", "0", "bounce"},
    Planned{"trace", "unix", "-", "y", "-", "0", "bounce"},
    Planned{"verify", "unix", "-", "y", "-", "1", "verify"},
    Planned{"flush", "unix", "n", "y", "1000?", "0", "flush"},
    Planned{"proxymap", "unix", "-", "n", "-", "-", "proxymap"},
    Planned{"proxywrite", "unix", "-", "n", "-", "1", "proxymap"},
    Planned{"showq", "unix", "n", "y", "-", "-", "showq"},
    Planned{"error", "unix", "-", "y", "-", "-", "error"},
    Planned{"retry", "unix", "-", "y", "-", "-", "error"},
    Planned{"discard", "unix", "-", "y", "-", "-", "discard"},
    Planned{"anvil", "unix", "-", "y", "-", "1", "anvil"},
    Planned{"scache", "unix", "-", "y", "-", "1", "scache"},
    Planned{"postlog", "unix-dgram", "n", "n", "-", "1", "postlogd"},
};

base::Error denied(std::string where, std::string text) {
  return base::fail(base::ErrorCode::denied, std::move(where), std::move(text));
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 10 && text[0] != '0' && std::all_of(text.begin(), text.end(), is_digit) &&
         (text.size() < 10 || text <= "2147483647");
}

/// "dcNmM": a clone of smtp for destinations with limits of their own.
bool is_clone(std::string_view name) {
  if (!name.starts_with("dc")) return false;
  name.remove_prefix(2);
  const std::size_t middle = name.find('m');
  return middle != std::string_view::npos && is_number(name.substr(0, middle)) && is_number(name.substr(middle + 1));
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.find("..") == std::string_view::npos &&
         (is_letter(text[0]) || is_digit(text[0]) || text[0] == '_') && std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_address(int family, std::string_view text) {
  in6_addr ignored{};
  return ::inet_pton(family, std::string(text).c_str(), &ignored) == 1;
}

/// Calls `each` with the items between ", "; false as soon as one is refused.
template <class Each>
bool all_items(std::string_view list, Each each) {
  while (true) {
    const std::size_t end = list.find(", ");
    if (!each(list.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    list.remove_prefix(end + 2);
  }
}

bool are_addresses(std::string_view list) {
  return list.empty() ||
         all_items(list, [](std::string_view item) { return is_address(AF_INET, item) || is_address(AF_INET6, item); });
}

/// "ADDRESS:PORT" or "[ADDRESS]:PORT".
bool is_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view port = text.substr(colon + 1);
  std::string_view address = text.substr(0, colon);
  if (!is_number(port) || port.size() > 5 || (port.size() == 5 && port > "65535")) return false;
  if (!address.starts_with('[')) return is_address(AF_INET, address);
  if (!address.ends_with(']')) return false;
  return is_address(AF_INET6, address.substr(1, address.size() - 2));
}

bool take(std::string_view& text, std::string_view before) {
  if (!text.starts_with(before)) return false;
  text.remove_prefix(before.size());
  return true;
}

/// A table of this instance's, or a lookup file of this very generation: there is no other
/// "TYPE:PATH".
bool is_map(std::string_view map, std::string_view type, const Places& places, const FileNames& files) {
  if (type == "lmdb") return take(map, "lmdb:") && take(map, places.mta) && take(map, "/tables/") && is_plain_name(map);
  return take(map, type) && take(map, ":$generation_directory/") && is_plain_name(map) &&
         map.ends_with("." + std::string(type)) && files.contains(map);
}

bool is_restriction(std::string_view item, bool client_only, const Places& places, const FileNames& files) {
  if (take(item, "check_client_access ")) return is_map(item, "cidr", places, files);
  if (client_only) return false;
  if (take(item, "check_recipient_access ")) return is_map(item, "regexp", places, files) || is_map(item, "lmdb", places, files);
  return item == "reject_unauth_destination" || item == "reject";
}

bool is_restrictions(std::string_view list, bool client_only, const Places& places, const FileNames& files) {
  return all_items(list, [&](std::string_view item) { return is_restriction(item, client_only, places, files); });
}

/// Where hosts share: the table's answer and one of 60 numbers lead to a row of the second table.
std::string in_turn(const std::string& mta, std::string_view table) {
  std::string turns = "0";
  for (int turn = 1; turn < 60; ++turn) turns += fmt::format(", {}", turn);
  return fmt::format("unionmap:{{lmdb:{0}/tables/{1}, randmap:{{{2}}}}}, lmdb:{0}/tables/transport_turns", mta, table, turns);
}

std::string routes(const std::string& mta) {
  return fmt::format("pipemap:{{{}}}, lmdb:{}/tables/transport", in_turn(mta, "transport_shared"), mta);
}

std::string rest(const std::string& mta) {
  return fmt::format("pipemap:{{static:shared, {}}}, pipemap:{{static:all, lmdb:{}/tables/transport_rest}}",
                     in_turn(mta, "transport_rest"), mta);
}

/// Null when the value is as the row says; else what it may be.
std::optional<std::string> wanted(const Row& row, const std::string& value, const Places& places, const FileNames& files) {
  const auto exactly = [&](std::string text) -> std::optional<std::string> {
    if (value == text) return std::nullopt;
    return text.empty() ? "empty" : text;
  };
  const auto good = [](bool is, const char* what) -> std::optional<std::string> {
    if (is) return std::nullopt;
    return what;
  };
  switch (row.form) {
    case Form::text: return exactly(std::string(row.text));
    case Form::below_mta: return exactly(places.mta + std::string(row.text));
    case Form::daemons: return exactly(places.daemons);
    case Form::mail_owner: return exactly(places.mail_owner);
    case Form::table: return exactly("lmdb:" + places.mta + "/tables/" + std::string(row.text));
    case Form::routes: return exactly(routes(places.mta));
    case Form::rest: return exactly(rest(places.mta));
    case Form::number: return good(is_number(value), "a number from 1 to 2147483647");
    case Form::host_name: return good(is_host_name(value), "a host name");
    case Form::address_v4: return good(is_address(AF_INET, value), "an IPv4 address");
    case Form::address_v6: return good(is_address(AF_INET6, value), "an IPv6 address");
    case Form::addresses: return good(are_addresses(value), "IP addresses with ', ' between them");
    case Form::clients:
      return good(is_restrictions(value, true, places, files), "check_client_access with cidr files of this generation");
    case Form::restrictions:
      return good(is_restrictions(value, false, places, files),
                  "reject, reject_unauth_destination, or a check with lmdb tables of this instance "
                  "and cidr and regexp files of this generation");
  }
  return "known";
}

template <class Rows>
base::Result<void> judge(const Rows& rows, const Parameter& parameter, const std::string& where, const Places& places,
                         const FileNames& files) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& each) { return each.name == parameter.name; });
  if (row == rows.end()) return denied(where, fmt::format("{} is not a gateway's to set.", parameter.name));
  const auto other = wanted(*row, parameter.value, places, files);
  if (!other) return {};
  return denied(where,
                fmt::format("{} must be {}, not '{}'.", parameter.name, *other, base::printable_line(parameter.value, shown)));
}

bool is_limit(std::string_view text) { return text == "-" || is_number(text); }

bool is_listener(const Service& service) {
  return service.type == "inet" && is_endpoint(service.name) && service.private_ == "n" && service.chroot == "y" &&
         service.wakeup == "-" && service.max_processes == "-" && service.command == "smtpd";
}

/// Where the applier hands in its own messages: in queue/private, not on a network.
bool is_door(const Service& service) {
  return service.name == "door" && service.type == "unix" && service.private_ == "-" && service.chroot == "y" &&
         service.wakeup == "-" && service.max_processes == "-" && service.command == "smtpd";
}

bool is_client(const Service& service) {
  return service.type == "unix" && (service.name == "smtp" || is_clone(service.name)) && service.private_ == "-" &&
         service.chroot == "y" && service.wakeup == "-" && is_limit(service.max_processes) && service.command == "smtp";
}

bool is_planned(const Service& service) {
  return std::any_of(services.begin(), services.end(), [&](const Planned& each) {
    return each.name == service.name && each.type == service.type && each.private_ == service.private_ &&
           each.chroot == service.chroot && each.wakeup == service.wakeup && each.max_processes == service.max_processes &&
           each.command == service.command;
  });
}

}  // namespace

bool is_plain_name(std::string_view text) {
  return !text.empty() && text.size() <= 200 && text[0] != '.' && text[0] != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; });
}

base::Result<void> check_parameter(const Parameter& parameter, const Places& places) {
  std::string_view name = parameter.name;
  if (name.ends_with(clone_limit)) {
    name.remove_suffix(clone_limit.size());
    if (is_clone(name) && is_number(parameter.value)) return {};
  }
  return judge(main_rows, parameter, "main.cf", places, {});
}

const std::set<std::string_view>& parameters_that_must_be_set() {
  static const std::set<std::string_view> names{
      "queue_directory", "data_directory", "daemon_directory",      "generation_directory",
      "mail_owner",      "maillog_file",   "maillog_file_prefixes",
  };
  return names;
}

base::Result<void> check_service(const Service& service, const Places& places, const FileNames& files) {
  const std::string where = fmt::format("master.cf: {}/{}", service.name, service.type);
  const bool listener = is_listener(service);
  const bool client = is_client(service);
  const bool door = is_door(service);
  if (service.unprivileged != "-" || (!listener && !client && !door && !is_planned(service)))
    return denied(where, fmt::format("'{} {} {} {} {} {} {} {}' is not a service as a gateway has "
                                     "it.",
                                     service.name, service.type, service.private_, service.unprivileged, service.chroot,
                                     service.wakeup, service.max_processes, service.command));
  for (const Parameter& option : service.options) {
    base::Result<void> good = denied(where, "This service has no options.");
    if (listener) good = judge(smtpd_options, option, where, places, files);
    if (door) good = judge(door_options, option, where, places, files);
    if (client) good = judge(smtp_options, option, where, places, files);
    if (!good) return good;
  }
  return {};
}

}  // namespace postern::hands
