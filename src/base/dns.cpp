#include "base/dns.h"

#include "base/limits.h"
#include "base/printable.h"

#include <arpa/inet.h>

#include <algorithm>

namespace postern::base {
namespace {

constexpr std::size_t label_most = 63;
constexpr std::size_t shown_bytes = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_plain(char c) { return is_digit(c) || is_letter(c) || c == '-' || c == '_'; }

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= label_most && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), is_plain);
}

bool are_labels(std::string_view name) {
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    if (!is_label(name.substr(0, dot))) return false;
    name.remove_prefix(dot + 1);
  }
  return is_label(name);
}

bool ends_in_a_number(std::string_view name) {
  const auto last = name.substr(name.rfind('.') + 1);
  return std::all_of(last.begin(), last.end(), is_digit);
}

Error not_a_name(const std::string& name, const std::string& why) {
  return fail(ErrorCode::usage, "\"" + printable_line(name, shown_bytes) + "\" " + why);
}

}  // namespace

bool is_ip_address(const std::string& text) {
  if (text.find('\0') != std::string::npos) return false;  // inet_pton would stop there
  in6_addr room{};
  return inet_pton(AF_INET, text.c_str(), &room) == 1 || inet_pton(AF_INET6, text.c_str(), &room) == 1;
}

Result<void> check_dns_name(const std::string& name) {
  if (name.empty() || name.size() > limits::host_name_bytes)
    return fail(ErrorCode::usage, "A host name or domain has 1 to " + std::to_string(limits::host_name_bytes) +
                                      " bytes; this one has " + std::to_string(name.size()) + ".");
  if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return not_a_name(name,
                      "has letters that DNS does not have. Enter the form of the name that has xn-- in it, such as "
                      "xn--bcher-kva.example for bücher.example.");
  if (!are_labels(name))
    return not_a_name(name,
                      "is no host name or domain. Enter labels of 1 to 63 letters, digits, hyphens or underscores with one "
                      "dot between them, such as www.example.com.");
  if (ends_in_a_number(name))
    return not_a_name(name, "is no host name or domain, since it ends in a number. Enter a name such as www.example.com.");
  return {};
}

}  // namespace postern::base
