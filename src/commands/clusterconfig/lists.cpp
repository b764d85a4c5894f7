#include <fmt/format.h>

#include "commands/clusterconfig/operations.h"
#include "features/lines.h"
#include "line/summary.h"
#include "cli/line/words.h"

namespace postern::cli {
namespace {

void print_machine(Session& session, const Json& machine, bool detail) {
  session.line(fmt::format("    Machine {} (Serial #: {})", text_of(machine, "host"), text_of(machine, "serial")));
  if (!detail) return;
  const std::string more = text_of(machine, "detail");
  session.line(fmt::format("        {}{}{}", text_of(machine, "state"), more.empty() ? "" : ": ", more));
}

std::string round_trip(const Json& machine) {
  const Json value = member_of(machine, "round_trip_ms");
  return value.is_null() ? std::string() : fmt::format(", round trip {} ms", to_line(value));
}

void print_connection(Session& session, const Json& machine) {
  const auto fact = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) session.line(fmt::format("    {:<12} {}", std::string(name) + ":", value));
  };
  const bool self = flag_of(machine, "self");
  session.line(fmt::format("Machine {} (Serial #: {})", text_of(machine, "host"), text_of(machine, "serial")));
  fact("state", self ? "this machine" : text_of(machine, "state") + round_trip(machine));
  fact("last error", text_of(machine, "last_error"));
  fact("reached at", text_of(machine, "dial"));
  fact("dialled by", text_of(machine, "uses"));
  fact("resolves to", join(texts_of(machine, "addresses"), ", "));
  fact("reverse", text_of(machine, "reverse"));
  fact("resolution", text_of(machine, "resolve_problem"));
  fact("version", text_of(machine, "version"));
  const std::string told_by = text_of(machine, "links_told_by");
  fact("links to", join(texts_of(machine, "links"), ", ") + (told_by.empty() ? "" : fmt::format(" (as {} says)", told_by)));
}

}  // namespace

int list_cluster(Session& session, bool detail) {
  const auto list = session.call("cluster.list", {});
  if (!list) return session.last_exit;
  if (session.printed_json(*list)) return exit_ok;
  session.line("cluster = " + text_of(*list, "name"));
  for (const auto& group : items_of(*list, "groups")) {
    session.line(fmt::format("Group {}:", text_of(group, "name")));
    for (const auto& machine : items_of(group, "machines")) print_machine(session, machine, detail);
  }
  for (const auto& text : texts_of(*list, "joining")) session.line("Joining: " + text);
  return exit_ok;
}

int print_connections(Session& session) {
  const auto status = session.call("cluster.connstatus", {});
  if (!status) return session.last_exit;
  if (session.printed_json(*status)) return exit_ok;
  for (const auto& machine : items_of(*status, "machines")) print_connection(session, machine);
  return exit_ok;
}

int print_prejoin(Session& session) {
  const auto saved = session.call("cluster.prejoin", {});
  if (!saved) return session.last_exit;
  if (session.printed_json(*saved)) return exit_ok;
  const auto features = items_of(*saved, "features");
  if (features.empty()) session.line("Nothing was saved: this machine has not joined a cluster.");
  for (const auto& saved_feature : features) {
    const std::string name = text_of(saved_feature, "feature");
    session.line(text_of(saved_feature, "title") + ":");
    const auto* feature = session.schema.feature(name);
    JsonObject document;
    document[name] = member_of(saved_feature, "data");
    const auto tree =
        feature == nullptr ? base::Result<model::Tree>(base::Error{}) : session.schema.parse(name, to_line(document));
    session.print(tree ? line::feature_text(session.schema.form(name), features::line_of(name), *tree)
                       : text_of(saved_feature, "data") + "\n");
  }
  return exit_ok;
}

}  // namespace postern::cli
