#include <fmt/format.h>

#include "cli/shell/commands.h"

namespace postern::cli {

int run_explain(Session& session, Arguments& arguments) {
  const std::string name = lower(arguments.take().value_or(""));
  std::vector<std::string> commands;
  for (const auto& feature : session.schema.features()) commands.push_back(feature.command);
  const schema::Feature* feature = session.schema.feature(name);
  if (feature == nullptr) {
    const auto command = by_prefix(commands, name, fmt::format("a configuration command: {}", join(commands, ", ")));
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
  session.line(fmt::format("{} at {} come from: {}{}", feature->title, session.label, text_of(*answer, "effective_from"),
                           flag_of(*answer, "pending") ? " (with your pending changes)" : ""));
  for (const auto& place : items_of(*answer, "defined_at")) {
    if (flag_of(place, "defined")) session.line("  defined at " + text_of(place, "label"));
  }
  return exit_ok;
}

}  // namespace postern::cli
