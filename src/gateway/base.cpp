#include "base/words.h"
#include "gateway/draft.h"

#include <fmt/format.h>

namespace postern::gateway {
namespace {

using base::lower;

constexpr std::string_view no_mailboxes = "5.1.1 This gateway has no mailboxes";
constexpr std::string_view door_file = "door.regexp";
constexpr std::string_view commands_file = "commands.regexp";

void add_places(const Facts& facts, Draft& draft) {
  auto& set = draft.parameters;
  const std::string& dir = facts.instance_dir;
  // Ours, for master.cf: postern-hands lets no option there speak of config_directory.
  set["generation_directory"] = "$config_directory";
  set["queue_directory"] = dir + "/queue";
  set["data_directory"] = dir + "/data";
  set["daemon_directory"] = facts.postfix_dir;
  set["mail_owner"] = facts.mail_owner;
  set["maillog_file"] = dir + "/log/mail.log";
  set["maillog_file_prefixes"] = dir + "/log";
}

void add_network(const Facts& facts, Draft& draft) {
  auto& set = draft.parameters;
  // Listeners name their address in master.cf. Postfix refuses to start when inet_interfaces names
  // an address that no interface carries, as any 127.x other than 127.0.0.1; so it must not.
  set["inet_interfaces"] = "loopback-only";
  set["inet_protocols"] = "all";
  set["mynetworks"] = "";
  if (facts.bind_address.empty()) return;
  const bool v6 = facts.bind_address.find(':') != std::string::npos;
  set[v6 ? "smtp_bind_address6" : "smtp_bind_address"] = facts.bind_address;
}

// A gateway has no mailboxes: what is addressed to its own name bounces unless a route says
// otherwise.
void add_classes(const Facts& facts, Draft& draft) {
  auto& set = draft.parameters;
  set["myhostname"] = facts.host_name;
  set["myorigin"] = "$myhostname";
  set["mydestination"] = "";
  set["local_transport"] = "error:5.1.1 no mailboxes here";
  set["local_recipient_maps"] = "";
  set["alias_maps"] = "";
  set["alias_database"] = "";
  // The default, $virtual_alias_maps, would take a domain for a mailbox domain because a row has its name.
  set["virtual_alias_domains"] = "";
  set["virtual_alias_maps"] = Draft::map_name(facts, "virtual_alias");
  set["virtual_mailbox_maps"] = "";
  set["relay_transport"] = "smtp";
  set["notify_classes"] = "";
  set["default_database_type"] = "lmdb";
  // "example.com" must not stand for "a.example.com": the settings say ".example.com" for that.
  set["parent_domain_matches_subdomains"] = "";
  // Mail that passes through is not ours to rewrite.
  set["local_header_rewrite_clients"] = "";
  // Each smtpd keeps the class of an address for its whole life. With no domain in a class of its
  // own, nothing that it keeps can go out of date: access tables, read for every recipient, decide.
  set["relay_domains"] = "";
  set["smtpd_reject_unlisted_recipient"] = "no";
  draft.tables["relay_domains"];
  draft.tables["virtual_alias"];
  draft.tables["no_mailboxes"][lower(facts.host_name)] = fmt::format("550 {}", no_mailboxes);
}

// unionmap puts the set's name, where there is one, and a random turn together: "SET,17". Else only "17" is left, which
// no row has.
std::string in_turn(const Facts& facts, std::string_view sets) {
  std::string all = "0";
  for (unsigned turn = 1; turn < turns; ++turn) all += fmt::format(", {}", turn);
  return fmt::format("unionmap:{{{}, randmap:{{{}}}}}, {}", Draft::map_name(facts, sets), all,
                     Draft::map_name(facts, turns_table));
}

// trivial-rewrite(8) keeps what it found for "*" for 30 s, so that the table of routes has no row of
// that name. The route for the rest is the default transport, which it asks for each time: by the
// sender's address, which "static" turns into the one key there is.
void add_routes(const Facts& facts, Draft& draft) {
  auto& set = draft.parameters;
  const std::string rest = Draft::map_name(facts, rest_table);
  set["transport_maps"] = fmt::format("pipemap:{{{}}}, {}", in_turn(facts, shared_table), Draft::map_name(facts, "transport"));
  set["sender_dependent_default_transport_maps"] = fmt::format("pipemap:{{static:{}, {}}}, pipemap:{{static:{}, {}}}",
                                                               rest_shared_key, in_turn(facts, rest_table), rest_key, rest);
  for (const std::string_view table : {rest_table, shared_table, turns_table}) draft.tables[std::string(table)];
  auto& rows = draft.tables["transport"];
  rows[lower(facts.host_name)] = fmt::format("error:{}", no_mailboxes);
  rows[std::string(probe_domain)] = "discard:the applier asked for it";
}

// Where the applier hands in a message that displaces what the queue manager remembers: a socket
// that only root and Postfix reach. What is for that domain is dropped; nobody else may send there.
void add_door(Draft& draft) {
  draft.files[std::string(door_file)] = "/^[0-9a-f]+@postern-probe\\.invalid$/ OK\n";
  draft.tables["no_mailboxes"][std::string(probe_domain)] = "550 5.1.1 There is no such domain";
  MasterService door{"-", "y", "-", "-", "smtpd", {}};
  door.options.emplace_back("smtpd_relay_restrictions",
                            fmt::format("check_recipient_access regexp:$generation_directory/{}, reject", door_file));
  draft.services[{std::string(door_service), "unix"}] = std::move(door);
}

std::string in_regexp(const std::string& host_name) {
  std::string out;
  for (const char c : host_name) out += c == '.' ? "\\." : std::string(1, c);
  return out;
}

// smtpd(8) takes "RCPT TO:<postmaster>" and the sender of its own notices from everybody and asks no table. With the domain
// that cleanup would give it, the first is asked for like any other: what would bounce is refused. Nobody writes to the other.
void add_commands(const Facts& facts, Draft& draft) {
  draft.parameters["smtpd_command_filter"] = fmt::format("regexp:$generation_directory/{}", commands_file);
  constexpr std::string_view line =
      "/^[[:space:]]*RCPT[[:space:]]+TO[[:space:]]*:[[:space:]]*<?[[:space:]]*(@[^:>]*:)?\"?{}\"?"
      "{}[[:space:]]*>?([[:space:]].*)?$/ RCPT TO:<{}>{}\n";
  const std::string name = lower(facts.host_name);
  draft.files[std::string(commands_file)] = fmt::format(line, "postmaster", "", "postmaster@" + name, "$2") +
                                            fmt::format(line, "double-bounce", fmt::format("(@{})?", in_regexp(name)),
                                                        fmt::format("double-bounce@{}", probe_domain), "$3");
}

void add_session(Draft& draft) {
  auto& set = draft.parameters;
  set["smtpd_banner"] = "$myhostname ESMTP";
  // A refused sender group hears so at once, as its greeting; but an smtpd that is started by hand
  // to see whether its files are good (it has no service of master.cf's) must greet with 220
  // whomever the listener refuses.
  set["smtpd_delay_reject"] = "${{$service_name} == {smtpd} ? {yes} : {no}}";
  set["smtpd_relay_restrictions"] = "reject";
  set["smtpd_recipient_restrictions"] = "";
  set["smtpd_data_restrictions"] = "reject_unauth_pipelining";
  set["smtpd_forbid_bare_newline"] = "normalize";  // CVE-2023-51764
  set["smtpd_discard_ehlo_keywords"] = "etrn, silent-discard";
  set["fast_flush_domains"] = "";
  set["disable_vrfy_command"] = "yes";
  set["biff"] = "no";
  set["smtp_tls_security_level"] = "may";
  set["mailbox_size_limit"] = "0";
  set["virtual_mailbox_limit"] = "0";
  // A daemon that dies at start holds its service back this long, also after the way back.
  set["service_throttle_time"] = "1s";
  set["master_service_disable"] = "";
}

void add_service(Draft& draft, std::string name, std::string private_, std::string chroot, std::string wakeup,
                 std::string max_processes, std::string command) {
  const std::string type = name == "postlog" ? "unix-dgram" : "unix";
  draft.services[{std::move(name), type}] = {std::move(private_),      std::move(chroot),  std::move(wakeup),
                                             std::move(max_processes), std::move(command), {}};
}

// As Debian's master.cf, without what delivers to mailboxes.
void add_services(Draft& draft) {
  add_service(draft, "pickup", "n", "y", "60", "1", "pickup");
  add_service(draft, "cleanup", "n", "y", "-", "0", "cleanup");
  add_service(draft, "qmgr", "n", "n", "300", "1", "qmgr");
  add_service(draft, "tlsmgr", "-", "y", "1000?", "1", "tlsmgr");
  add_service(draft, "rewrite", "-", "y", "-", "-", "trivial-rewrite");
  for (const char* name : {"bounce", "defer", "trace"}) add_service(draft, name, "-", "y", "-", "0", "bounce");
  add_service(draft, "verify", "-", "y", "-", "1", "verify");
  add_service(draft, "flush", "n", "y", "1000?", "0", "flush");
  add_service(draft, "proxymap", "-", "n", "-", "-", "proxymap");
  add_service(draft, "proxywrite", "-", "n", "-", "1", "proxymap");
  add_service(draft, "smtp", "-", "y", "-", "-", "smtp");
  add_service(draft, "showq", "n", "y", "-", "-", "showq");
  add_service(draft, "error", "-", "y", "-", "-", "error");
  add_service(draft, "retry", "-", "y", "-", "-", "error");
  add_service(draft, "discard", "-", "y", "-", "-", "discard");
  add_service(draft, "anvil", "-", "y", "-", "1", "anvil");
  add_service(draft, "scache", "-", "y", "-", "1", "scache");
  add_service(draft, "postlog", "n", "n", "-", "1", "postlogd");
}

}  // namespace

void add_base(const Facts& facts, Draft& draft) {
  draft.parameters["compatibility_level"] = "3.6";
  add_places(facts, draft);
  add_network(facts, draft);
  add_classes(facts, draft);
  add_session(draft);
  add_services(draft);
  add_routes(facts, draft);
  add_door(draft);
  add_commands(facts, draft);
}

}  // namespace postern::gateway
