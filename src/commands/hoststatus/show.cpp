#include <fmt/format.h>

#include "base/words.h"
#include "commands/shows.h"

namespace postern::commands {
namespace {

using protocol::Json;
using protocol::member_of;
using protocol::number_of;
using protocol::text_of;

bool is_mx(const Json& host) { return member_of(host, "preference").is_number(); }

void add_queue(std::vector<std::string>& lines, const Json& queue) {
  const std::string problem = text_of(queue, "problem");
  if (!problem.empty()) return add_fact(lines, "Queue", "not known: " + problem);
  if (!protocol::flag_of(queue, "whole"))
    lines.emplace_back("The queue is too long to be listed whole: these are the figures of a part of it.");
  add_fact(lines, "Messages", std::to_string(number_of(queue, "messages")));
  add_fact(lines, "Recipients", queue_text(queue));
  if (member_of(queue, "oldest_ms").is_int64()) add_fact(lines, "Oldest since", protocol::time_of(queue, "oldest_ms"));
  add_fact(lines, "Deferred for", text_of(queue, "reason"));
}

/// What is known of a host's addresses, and why not all is.
std::string addresses_text(const Json& host) {
  const auto addresses = protocol::texts_of(host, "addresses");
  std::string problem = text_of(host, "address_problem");
  if (problem.ends_with('.')) problem.pop_back();
  if (problem.empty()) return addresses.empty() ? "no address" : base::join(addresses, ", ");
  if (addresses.empty()) return "its addresses could not be looked up: " + problem;
  return fmt::format("{}; not all could be looked up: {}", base::join(addresses, ", "), problem);
}

/// "10 mx1.example.com (192.0.2.1)"
std::string host_text(const Json& host) {
  const std::string text = fmt::format("{} ({})", text_of(host, "host"), addresses_text(host));
  return is_mx(host) ? fmt::format("{} {}", number_of(host, "preference"), text) : text;
}

}  // namespace

std::vector<std::string> show_hoststatus(const Json& answer) {
  std::vector<std::string> lines{
      fmt::format("Mail for {}, as of {}", text_of(answer, "host"), protocol::time_of(answer, "as_of_ms"))};
  add_queue(lines, member_of(answer, "queue"));
  const std::string route = text_of(answer, "route");
  add_fact(lines, "Route", route.empty() ? "by its MX records" : route);
  add_fact(lines, "MX records", text_of(answer, "mx_problem"));
  for (const auto& host : protocol::items_of(answer, "mx"))
    add_fact(lines, is_mx(host) ? "MX record" : "Its own host", host_text(host));
  if (protocol::flag_of(answer, "mx_cut")) lines.emplace_back("It has more MX records than are shown.");
  return lines;
}

}  // namespace postern::commands
