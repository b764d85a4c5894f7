#include "hands/allowed.h"

#include <algorithm>
#include <array>

namespace postern::hands {
namespace {

constexpr std::array<std::string_view, 47> main_names{"alias_database",
                                                      "alias_maps",
                                                      "biff",
                                                      "compatibility_level",
                                                      "daemon_directory",
                                                      "data_directory",
                                                      "default_database_type",
                                                      "default_destination_concurrency_limit",
                                                      "disable_vrfy_command",
                                                      "fast_flush_domains",
                                                      "generation_directory",
                                                      "inet_interfaces",
                                                      "inet_protocols",
                                                      "local_header_rewrite_clients",
                                                      "local_recipient_maps",
                                                      "local_transport",
                                                      "mail_owner",
                                                      "mailbox_size_limit",
                                                      "maillog_file",
                                                      "maillog_file_prefixes",
                                                      "master_service_disable",
                                                      "message_size_limit",
                                                      "mydestination",
                                                      "myhostname",
                                                      "mynetworks",
                                                      "myorigin",
                                                      "notify_classes",
                                                      "parent_domain_matches_subdomains",
                                                      "proxy_interfaces",
                                                      "queue_directory",
                                                      "relay_domains",
                                                      "relay_transport",
                                                      "service_throttle_time",
                                                      "smtp_bind_address",
                                                      "smtp_bind_address6",
                                                      "smtp_tls_security_level",
                                                      "smtpd_banner",
                                                      "smtpd_data_restrictions",
                                                      "smtpd_delay_reject",
                                                      "smtpd_discard_ehlo_keywords",
                                                      "smtpd_forbid_bare_newline",
                                                      "smtpd_recipient_restrictions",
                                                      "smtpd_relay_restrictions",
                                                      "transport_maps",
                                                      "virtual_alias_maps",
                                                      "virtual_mailbox_limit",
                                                      "virtual_mailbox_maps"};

constexpr std::array<std::string_view, 6> master_names{"message_size_limit",
                                                       "smtp_connection_cache_on_demand",
                                                       "smtp_connection_reuse_count_limit",
                                                       "smtpd_client_restrictions",
                                                       "smtpd_recipient_restrictions",
                                                       "smtpd_relay_restrictions"};

/// Takes a letter or word and the digits after it off; false when they are not there.
bool take_number(std::string_view& text, std::string_view before) {
  if (!text.starts_with(before)) return false;
  text.remove_prefix(before.size());
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(digits);
  return digits > 0;
}

}  // namespace

bool allowed_in_main(std::string_view name) {
  if (std::find(main_names.begin(), main_names.end(), name) != main_names.end()) return true;
  return take_number(name, "dc") && take_number(name, "m") &&
         name == "_destination_concurrency_limit";
}

bool allowed_in_master(std::string_view name) {
  return std::find(master_names.begin(), master_names.end(), name) != master_names.end();
}

}  // namespace postern::hands
