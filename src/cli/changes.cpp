#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/questions.h"

/// What is pending, and what a commit did and where it has arrived.
namespace postern::cli {
namespace {

using base::ErrorCode;

void print_progress(Session& session, const Json& answer) {
  for (const auto& machine : items_of(answer, "machines")) {
    std::string state = "not received";
    if (flag_of(machine, "received")) state = "received, not applied";
    if (flag_of(machine, "applied")) state = "received, applied";
    const std::string problem = text_of(machine, "problem");
    session.line(fmt::format("  {}: {}{}{}", text_of(machine, "host"), state,
                             problem.empty() ? "" : ": ", problem));
  }
}

void print_writes(Session& session, const Json& detail) {
  for (const auto& write : items_of(detail, "writes")) {
    const std::string kind = text_of(write, "kind");
    session.line(fmt::format("{} at {}{}{}", text_of(write, "title"), text_of(write, "label"),
                             kind.empty() || kind == "settings" ? "" : fmt::format(" ({})", kind),
                             flag_of(write, "in_effect") ? "" : ", no longer in effect"));
    for (const auto& line : texts_of(write, "lines")) session.line("  " + line);
  }
}

}  // namespace

int run_showchanges(Session& session, Arguments& arguments) {
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const auto answer = session.call("changes.show", {});
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  const auto changes = items_of(*answer, "changes");
  if (changes.empty()) session.line("There are no pending changes.");
  for (const auto& change : changes) {
    session.line(fmt::format("{} at {}:", text_of(change, "title"), text_of(change, "label")));
    for (const auto& line : texts_of(change, "lines")) session.line("  " + line);
  }
  return exit_ok;
}

int run_clearchanges(Session& session, Arguments& arguments) {
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  if (session.interactive) {
    const auto sure =
        ask_yes_no(session, "Do you want to drop all your pending changes, of all modes?", false);
    if (!sure.value_or(false)) return exit_ok;
  }
  const auto answer = session.call("changes.clear", {});
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  const long dropped = number_of(*answer, "dropped");
  session.line(dropped == 0 ? std::string("There were no pending changes.")
                            : fmt::format("Dropped: {} pending {}.", dropped,
                                          dropped == 1 ? "change" : "changes"));
  return exit_ok;
}

int run_commitdetail(Session& session, Arguments& arguments) {
  JsonObject params;
  if (const auto commit = arguments.take()) params["commit"] = *commit;
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const auto answer = session.call("commit.detail", std::move(params));
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  session.line("Commit " + text_of(*answer, "commit"));
  session.line(fmt::format("Committed {} by {} on {}", time_of(*answer, "time"),
                           text_of(*answer, "user"), text_of(*answer, "host")));
  const std::string comment = text_of(*answer, "comment");
  if (!comment.empty()) session.line("Comment: " + comment);
  session.line("");
  print_writes(session, *answer);
  session.line("");
  session.line("Machines:");
  print_progress(session, *answer);
  return exit_ok;
}

int run_wait(Session& session, Arguments& arguments) {
  const auto commit = arguments.take();
  const auto seconds = whole_number(arguments.option("seconds").value_or("30"));
  if (!commit || !seconds || !arguments.finished()) {
    return session.fail(ErrorCode::usage, "Say for which commit: wait COMMIT [--seconds=N].");
  }
  JsonObject params;
  params["commit"] = *commit;
  params["seconds"] = *seconds;
  const auto answer = session.call("commit.wait", std::move(params));
  if (!answer) return session.last_exit;
  const bool done = flag_of(*answer, "done");
  if (session.printed_json(*answer)) return done ? exit_ok : exit_failed;
  print_progress(session, *answer);
  if (!done) session.warn(fmt::format("Not applied everywhere after {} seconds.", *seconds));
  return done ? exit_ok : exit_failed;
}

int run_explain(Session& session, Arguments& arguments) {
  const std::string name = lower(arguments.take().value_or(""));
  std::vector<std::string> commands;
  for (const auto& feature : session.schema.features()) commands.push_back(feature.command);
  const schema::Feature* feature = session.schema.feature(name);
  if (feature == nullptr) {
    const auto command =
        by_prefix(commands, name, fmt::format("a configuration command: {}", join(commands, ", ")));
    if (!command) return session.fail(command.error());
    feature = session.schema.feature_of_command(*command);
  }
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  JsonObject params;
  params["feature"] = feature->name;
  const auto answer = session.call("feature.get", std::move(params));
  if (!answer) return session.last_exit;
  if (session.json) {
    JsonObject short_answer = answer->get_object();
    short_answer.erase("data");
    short_answer.erase("effective");
    session.line(to_line(short_answer));
    return exit_ok;
  }
  session.line(fmt::format("{} at {} come from: {}{}", feature->title, session.label,
                           text_of(*answer, "effective_from"),
                           flag_of(*answer, "pending") ? " (with your pending changes)" : ""));
  for (const auto& place : items_of(*answer, "defined_at")) {
    if (flag_of(place, "defined")) session.line("  defined at " + text_of(place, "label"));
  }
  return exit_ok;
}

}  // namespace postern::cli
