#include <fmt/format.h>

#include "cli/commands.h"

namespace postern::cli {
namespace {

void print_fact(Session& session, std::string_view name, const std::string& value) {
  if (!value.empty()) session.line(fmt::format("{:<14} {}", std::string(name) + ":", value));
}

void print_status(Session& session, const Json& status) {
  const Json links = member_of(status, "links");
  const Json newest = member_of(status, "newest_commit");
  print_fact(session, "Machine",
             fmt::format("{} (Serial #: {})", text_of(status, "host"), text_of(status, "serial")));
  print_fact(session, "Version", text_of(status, "version"));
  const std::string cluster = text_of(status, "cluster");
  print_fact(session, "Cluster", cluster.empty() ? "none (standalone)"
                                                 : fmt::format("{}, group {}", cluster,
                                                               text_of(status, "group")));
  print_fact(session, "Links",
             fmt::format("{} of {} up", number_of(links, "up"), number_of(links, "of")));
  const Json queue = member_of(status, "queue");
  const auto seconds = number_of(status, "measured_ms_ago") / 1000;
  const std::string seen = seconds == 0 ? "" : fmt::format(", as seen {} s ago", seconds);
  print_fact(session, "Mail engine", (flag_of(status, "mta") ? "running" : "not running") + seen);
  print_fact(session, "Queue",
             queue.is_object() ? fmt::format("{} active, {} deferred, {} on hold{}", number_of(queue, "active"),
                                             number_of(queue, "deferred"), number_of(queue, "hold"), seen)
                               : "not counted");
  print_fact(session, "Data plane", text_of(status, "data_plane"));
  print_fact(session, "Generation", text_of(status, "generation"));
  print_fact(session, "Digest", text_of(status, "digest"));
  print_fact(session, "Mode digest", text_of(status, "mode_digest"));
  if (newest.is_object()) {
    print_fact(session, "Newest commit",
               fmt::format("{} {} by {} on {}", text_of(newest, "commit").substr(0, 12),
                           time_of(newest, "time"), text_of(newest, "user"), text_of(newest, "host")));
  }
  print_fact(session, "Sessions", std::to_string(number_of(status, "sessions")));
  print_fact(session, "Pending", flag_of(status, "pending") ? "yes: showchanges shows them" : "none");
  for (const auto& note : texts_of(status, "notes")) session.line("Note: " + note);
}

}  // namespace

int run_status(Session& session, Arguments& arguments) {
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const auto status = session.call("command.run", {{"command", "status"}});
  if (!status) return session.last_exit;
  if (!session.printed_json(*status)) print_status(session, *status);
  return exit_ok;
}

}  // namespace postern::cli
