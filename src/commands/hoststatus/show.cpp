#include <fmt/format.h>

#include "commands/shows.h"

namespace postern::commands {
namespace {

using protocol::flag_of;
using protocol::Json;
using protocol::member_of;
using protocol::number_of;
using protocol::text_of;

void add_queue(std::vector<std::string>& lines, const Json& queue) {
  const std::string problem = text_of(queue, "problem");
  if (!problem.empty()) {
    lines.push_back("Queue:         not known: " + problem);
    return;
  }
  if (!flag_of(queue, "whole")) lines.emplace_back("The queue is too long to be listed whole: these are the figures of a part of it.");
  add_fact(lines, "Messages", std::to_string(number_of(queue, "messages")));
  add_fact(lines, "Recipients", fmt::format("{} active, {} deferred, {} on hold", number_of(queue, "active"),
                                            number_of(queue, "deferred"), number_of(queue, "hold")));
  if (member_of(queue, "oldest_ms").is_int64()) add_fact(lines, "Oldest since", protocol::time_of(queue, "oldest_ms"));
  add_fact(lines, "Deferred for", text_of(queue, "reason"));
}

std::string addresses_of(const Json& host) {
  std::string out;
  for (const auto& address : protocol::texts_of(host, "addresses")) out += (out.empty() ? "" : ", ") + address;
  return out.empty() ? "no address" : out;
}

}  // namespace

std::vector<std::string> show_hoststatus(const Json& answer) {
  std::vector<std::string> lines{fmt::format("Mail for {}, as of {}", text_of(answer, "host"), protocol::time_of(answer, "as_of_ms"))};
  add_queue(lines, member_of(answer, "queue"));
  const std::string route = text_of(answer, "route");
  add_fact(lines, "Route", route.empty() ? "by its MX records" : route);
  const std::string problem = text_of(answer, "mx_problem");
  add_fact(lines, "MX records", problem);
  for (const auto& host : protocol::items_of(answer, "mx")) {
    const bool is_mx = member_of(host, "preference").is_number();
    add_fact(lines, is_mx ? "MX record" : "Its own host",
             fmt::format("{}{} ({})", is_mx ? fmt::format("{} ", number_of(host, "preference")) : "", text_of(host, "host"),
                         addresses_of(host)));
  }
  return lines;
}

}  // namespace postern::commands
