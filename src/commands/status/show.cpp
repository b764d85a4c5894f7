#include <fmt/format.h>

#include "commands/shows.h"

namespace postern::commands {
namespace {

using protocol::flag_of;
using protocol::Json;
using protocol::member_of;
using protocol::number_of;
using protocol::text_of;

std::string cluster_of(const Json& status) {
  const std::string cluster = text_of(status, "cluster");
  return cluster.empty() ? "none (standalone)" : fmt::format("{}, group {}", cluster, text_of(status, "group"));
}

void add_mail(std::vector<std::string>& lines, const Json& status) {
  const Json queue = member_of(status, "queue");
  const auto seconds = number_of(status, "measured_ms_ago") / 1000;
  const std::string seen = seconds == 0 ? "" : fmt::format(", as seen {} s ago", seconds);
  add_fact(lines, "Mail engine", (flag_of(status, "mta") ? "running" : "not running") + seen);
  add_fact(lines, "Queue", queue.is_object() ? queue_text(queue) + seen : "not counted");
  add_fact(lines, "Data plane", text_of(status, "data_plane"));
  add_fact(lines, "Generation", text_of(status, "generation"));
}

}  // namespace

std::vector<std::string> show_status(const Json& status) {
  std::vector<std::string> lines;
  const Json links = member_of(status, "links");
  const Json newest = member_of(status, "newest_commit");
  add_fact(lines, "Machine", fmt::format("{} (Serial #: {})", text_of(status, "host"), text_of(status, "serial")));
  add_fact(lines, "Version", text_of(status, "version"));
  add_fact(lines, "Cluster", cluster_of(status));
  add_fact(lines, "Links", fmt::format("{} of {} up", number_of(links, "up"), number_of(links, "of")));
  add_mail(lines, status);
  add_fact(lines, "Digest", text_of(status, "digest"));
  add_fact(lines, "Mode digest", text_of(status, "mode_digest"));
  if (newest.is_object())
    add_fact(lines, "Newest commit",
             fmt::format("{} {} by {} on {}", text_of(newest, "commit").substr(0, 12), protocol::time_of(newest, "time"),
                         text_of(newest, "user"), text_of(newest, "host")));
  add_fact(lines, "Sessions", std::to_string(number_of(status, "sessions")));
  add_fact(lines, "Pending", flag_of(status, "pending") ? "yes: showchanges shows them" : "none");
  for (const auto& note : protocol::texts_of(status, "notes")) lines.push_back("Note: " + note);
  return lines;
}

}  // namespace postern::commands
