#include "cli/dialogue/settings.h"

#include <fmt/format.h>

#include "cli/dialogue/questions.h"
#include "cli/line/words.h"
#include "cli/session/edits.h"
#include "features/lines.h"
#include "line/summary.h"

namespace postern::cli {
namespace {

JsonObject about(const schema::Feature& feature) {
  JsonObject params;
  params["feature"] = feature.name;
  return params;
}

/// Labels and modes of those that define the feature, but for the session's own.
struct Definers {
  std::vector<std::string> labels;
  std::vector<std::string> modes;
};
Definers definers_of(const Session& session, const Json& answer) {
  Definers definers;
  for (const auto& place : items_of(answer, "defined_at")) {
    if (!flag_of(place, "defined") || text_of(place, "mode") == session.mode) continue;
    definers.labels.push_back(text_of(place, "label"));
    definers.modes.push_back(text_of(place, "mode"));
  }
  return definers;
}

std::string empty_start(const schema::Feature& feature) {
  return feature.has_factory_default ? "Start with the factory default here." : "Start empty here (nothing is taken over).";
}

bool choose_copy(Session& session, const Definers& definers, std::string& start) {
  std::size_t chosen = 0;
  if (definers.modes.size() > 1) {
    session.line("Whose settings do you want to copy?");
    const auto number = ask_number(session, definers.labels, 0);
    if (!number) return false;
    chosen = *number;
  }
  start = "copy:" + definers.modes[chosen];
  return true;
}

}  // namespace

line::Subject subject_of(Session& session, const schema::Feature& feature) {
  return {session.schema, feature, session.schema.form(feature.name), session.label,
          [&session, &feature]() -> base::Result<line::Standing> {
            auto view = open_feature(session, feature);
            if (!view) return view.error().error;
            const bool must_start = session.in_cluster() && feature.scope == schema::Scope::any;
            return line::Standing{view->defined, must_start, std::move(view->shown)};
          }};
}

protocol::Reply<OpenFeature> open_feature(Session& session, const schema::Feature& feature, const std::string& mode) {
  JsonObject params = about(feature);
  if (!mode.empty()) params["mode"] = mode;
  auto reply = session.try_call("feature.get", std::move(params));
  if (!reply) return reply.error();
  OpenFeature view;
  view.feature = &feature;
  view.answer = std::move(*reply);
  view.defined = flag_of(view.answer, "defined");
  view.effective_from = text_of(view.answer, "effective_from");
  JsonObject document;
  document[feature.name] = member_of(view.answer, view.defined ? "data" : "effective");
  auto tree = session.schema.parse(feature.name, to_line(document));
  if (!tree) return protocol::Refusal{tree.error(), nullptr};
  view.shown = std::move(*tree);
  return view;
}

int send_edits(Session& session, const schema::Feature& feature, const std::vector<model::Edit>& edits, std::string start) {
  while (true) {
    const auto reply = edit_feature(session, feature, edits, start);
    if (reply) {
      if (!session.printed_json(*reply)) session.warnings(*reply);
      return exit_ok;
    }
    if (!session.interactive || text_of(reply.error().data, "needs") != "start") {
      return session.refused(reply.error());
    }
    const auto view = open_feature(session, feature);
    if (!view) return session.refused(view.error());
    if (!settle_start(session, *view, start)) return exit_restricted;
  }
}

bool settle_start(Session& session, const OpenFeature& view, std::string& start) {
  const schema::Feature& feature = *view.feature;
  const Definers definers = definers_of(session, view.answer);
  const std::string effective_mode = text_of(view.answer, "effective_mode");
  session.line(fmt::format("{} are not defined at {}. In effect here: {}.", feature.title, session.label, view.effective_from));
  session.line("");
  print_defined_at(session, member_of(view.answer, "defined_at"));
  session.line("");
  session.line("What do you want to do?");
  std::vector<std::string> choices;
  choices.push_back(effective_mode.empty() ? "Leave it as it is." : fmt::format("Switch to {}.", view.effective_from));
  choices.push_back(empty_start(feature));
  if (!definers.modes.empty()) choices.emplace_back("Start here as a copy of another mode.");
  const auto chosen = ask_number(session, choices, 0);
  if (!chosen) return false;
  if (*chosen == 1) start = "empty";
  if (*chosen == 2) return choose_copy(session, definers, start);
  if (*chosen == 0) return !effective_mode.empty() && session.switch_mode(effective_mode) == exit_ok;
  return true;
}

void note_hidden(Session& session, const OpenFeature& view) {
  const Json hidden = member_of(view.answer, "hidden_from");
  const auto groups = texts_of(hidden, "groups");
  const auto machines = texts_of(hidden, "machines");
  if (groups.empty() && machines.empty()) return;
  const bool group = session.mode.starts_with("group ");
  session.warn(
      fmt::format("Note: Changes to these settings will not affect the following {}\n"
                  "because they are overriding the {}-wide settings:\n",
                  group ? "machines" : "groups and machines", group ? "group" : "cluster"));
  if (!groups.empty()) session.warn(join(groups, ", ") + "\n");
  if (!machines.empty()) session.warn(join(machines, ", ") + "\n");
}

void print_defined_at(Session& session, const Json& defined_at) {
  session.line("Configured at mode:");
  if (!defined_at.is_array()) return;
  for (const auto& place : defined_at.get_array()) {
    const bool cluster = text_of(place, "mode") == "cluster";
    session.line(fmt::format("{}: {}", cluster ? "Cluster" : text_of(place, "label"), flag_of(place, "defined") ? "Yes" : "No"));
  }
}

int print_feature(Session& session, const schema::Feature& feature) {
  const auto view = open_feature(session, feature);
  if (!view) return session.refused(view.error());
  if (session.json) {
    session.line(session.schema.print_data(feature.name, session.schema.with_defaults(feature.name, view->shown)));
    return exit_ok;
  }
  if (!view->defined) {
    session.warn(
        fmt::format("{} are not defined at {}; these come from {}.", feature.title, session.label, view->effective_from));
  }
  session.print(line::feature_text(session.schema.form(feature.name), features::line_of(feature.name), view->shown));
  return exit_ok;
}

int clear_feature(Session& session, const schema::Feature& feature) {
  const auto answer = session.call("feature.clear", about(feature));
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  session.line(fmt::format("{} are no longer defined at {}. In effect here from the next commit: {}.", feature.title,
                           session.label, text_of(*answer, "effective_from")));
  session.warnings(*answer);
  return exit_ok;
}

int copy_feature(Session& session, const schema::Feature& feature, const std::string& to, bool move) {
  JsonObject params = about(feature);
  params["to"] = to;
  params["move"] = move;
  const auto answer = session.call("feature.copy", std::move(params));
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  session.line(fmt::format("{} {} from {} to {}.", feature.title, move ? "moved" : "copied", session.label,
                           join(texts_of(*answer, "to"), ", ")));
  session.warnings(*answer);
  return exit_ok;
}

int show_feature(Session& session, const schema::Feature& feature) {
  const auto view = open_feature(session, feature);
  if (!view) return session.refused(view.error());
  const Json places = member_of(view->answer, "defined_at");
  if (!session.printed_json(places)) print_defined_at(session, places);
  return exit_ok;
}

int share_feature(Session& session, const schema::Feature& feature) {
  if (!session.may_ask()) return exit_usage;
  const auto view = open_feature(session, feature);
  if (!view) return session.refused(view.error());
  session.line(fmt::format("Do you want to copy or to move the settings of {}?", session.label));
  const auto move = ask_number(session, {"Copy: they stay here too.", "Move: they are no longer defined here."}, 0);
  if (!move) return exit_ok;
  std::vector<std::string> labels;
  std::vector<std::string> modes;
  for (const auto& place : items_of(view->answer, "defined_at")) {
    if (text_of(place, "mode") == session.mode) continue;
    const bool defined = flag_of(place, "defined");
    labels.push_back(text_of(place, "label") + (defined ? " (has settings, which are replaced)" : ""));
    modes.push_back(text_of(place, "mode"));
  }
  if (*move == 0) {
    labels.emplace_back("All groups");
    modes.emplace_back("all-groups");
  }
  session.line("To which mode?");
  const auto to = ask_number(session, labels, std::nullopt);
  if (!to) return exit_ok;
  return copy_feature(session, feature, modes[*to], *move == 1);
}

}  // namespace postern::cli
