#include "hands/lookup_file.h"

#include "base/dns.h"
#include "base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace postern::hands {
namespace {

constexpr std::size_t probe_name_digits = 32;

constexpr std::size_t shown = 200;       // bytes of a line that an error repeats
constexpr std::size_t line_most = 1024;  // an SMTP reply's text and more

bool take(std::string_view& text, std::string_view before) {
  if (!text.starts_with(before)) return false;
  text.remove_prefix(before.size());
  return true;
}

bool is_digits(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos && !is_digits(text.substr(slash + 1), 3)) return false;
  return base::is_ip_address(std::string(text.substr(0, slash)));
}

/// "REJECT" or "REJECT TEXT".
bool is_reject(std::string_view result) {
  return take(result, "REJECT") && (result.empty() || (result.size() > 1 && result[0] == ' '));
}

bool is_cidr_line(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || !is_network(line.substr(0, blank))) return false;
  const std::string_view result = line.substr(blank + 1);
  return result == "OK" || result == "DUNNO" || is_reject(result);
}

/// '$' would be replaced by what a pattern matched: only "$$", which stands for itself.
bool has_single_dollar(std::string_view text) {
  for (std::size_t i = text.find('$'); i != std::string_view::npos; i = text.find('$', i + 2))
    if (i + 1 >= text.size() || text[i + 1] != '$') return true;
  return false;
}

bool is_regexp_line(std::string_view line) {
  if (take(line, "/^/ ")) return is_reject(line) && !has_single_dollar(line);
  // The probe's line: a name that was drawn for this generation.
  if (!take(line, "/^") || line.size() < probe_name_digits ||
      line.substr(0, probe_name_digits).find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return false;
  line.remove_prefix(probe_name_digits);
  return take(line, "@postern-probe\\.invalid$/ REJECT generation ") && line.ends_with('.') &&
         is_digits(line.substr(0, line.size() - 1), 20);
}

bool is_sum_line(std::string_view line) {
  return !line.empty() && line.size() <= 200 && line.find(' ') == std::string_view::npos;
}

// This file has one line, always the same.
constexpr std::string_view door_line = "/^[0-9a-f]+@postern-probe\\.invalid$/ OK";

// These two, but for the gateway's name: "postmaster" gets a domain, and nobody writes to "double-bounce".
constexpr std::string_view command_before =
    "/^[[:space:]]*RCPT[[:space:]]+TO[[:space:]]*:[[:space:]]*<?[[:space:]]*(@[^:>]*:)?\"?";
constexpr std::string_view command_after = "[[:space:]]*>?([[:space:]].*)?$/ RCPT TO:<";

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string_view::npos;
}

bool is_postmaster_line(std::string_view line) {
  constexpr std::string_view end = ">$2";
  if (!take(line, "postmaster\"?") || !take(line, command_after) || !take(line, "postmaster@") || !line.ends_with(end))
    return false;
  line.remove_suffix(end.size());
  return is_plain_name(line);
}

bool is_double_bounce_line(std::string_view line) {
  if (!take(line, "double-bounce\"?(@")) return false;
  const std::string_view host = line.substr(0, line.find(')'));
  line.remove_prefix(host.size());
  std::string name(host);
  for (std::size_t at = 0; (at = name.find("\\.", at)) != std::string::npos; ++at) name.erase(at, 1);
  return take(line, ")?") && take(line, command_after) && line == "double-bounce@postern-probe.invalid>$3" && is_plain_name(name);
}

bool is_commands_line(std::string_view line) {
  return take(line, command_before) && (is_postmaster_line(line) || is_double_bounce_line(line));
}

bool is_good_line(std::string_view name, std::string_view line) {
  if (name == "commands.regexp") return is_commands_line(line);
  if (name == "door.regexp") return line == door_line;
  if (name.ends_with(".cidr")) return is_cidr_line(line);
  return name.ends_with(".regexp") ? is_regexp_line(line) : is_sum_line(line);
}

}  // namespace

base::Result<void> check_lookup_file(std::string_view name, std::string_view bytes) {
  const bool cidr = name.ends_with(".cidr");
  const bool regexp = name.ends_with(".regexp");
  if (!cidr && !regexp && name != "plan.sum")
    return base::fail(base::ErrorCode::denied, base::printable_line(name, shown), "A generation of a gateway has no such file.");
  const std::string where(name);
  if (!bytes.empty() && bytes.back() != '\n') return base::fail(base::ErrorCode::invalid, where, "Its last line has no end.");
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(line.size() + 1);
    const bool plain =
        line.size() <= line_most && std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (!plain || !is_good_line(name, line))
      return base::fail(base::ErrorCode::invalid, where,
                        fmt::format("'{}' is not a line as a gateway has it.", base::printable_line(line, shown)));
  }
  return {};
}

}  // namespace postern::hands
