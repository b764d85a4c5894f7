#include <fmt/format.h>

#include "cli/shell/commands.h"
#include "cli/shell/feature_command.h"
#include "cli/dialogue/questions.h"
#include "commands/shows.h"

namespace postern::cli {

base::Result<const commands::Command*> find_command(const commands::Table& table, std::string_view typed) {
  if (const auto* exact = table.find(typed)) return exact;
  std::vector<std::string> names;
  std::vector<std::string> built;
  for (const auto& command : table.all()) {
    names.push_back(command.name);
    if (command.built) built.push_back(command.name);
  }
  // A prefix means what this version can do, as long as that is one thing.
  const auto usable = with_prefix(built, typed);
  const auto name = usable.size() == 1 && !typed.empty() ? base::Result<std::string>(usable.front())
                                                         : by_prefix(names, typed, "a command; help lists them");
  if (!name) return name.error();
  return table.find(*name);
}

std::vector<std::string> forms_of(const Session& session, const commands::Command& command) {
  if (command.feature == nullptr) return base::lines(command.forms);
  auto forms = feature_forms(session, *command.feature);
  forms.push_back(fmt::format("{} print|clear|clustershow", command.name));
  forms.push_back(fmt::format("{} clusterset copy|move MODE|all-groups", command.name));
  forms.emplace_back("--start=empty|copy|copy:MODE begins a definition in a mode that has none");
  return forms;
}

int run_and_show(Session& session, std::string_view command, JsonObject parameters) {
  const auto answer = session.call("command.run", {{"command", command}, {"parameters", std::move(parameters)}});
  if (!answer) return session.last_exit;
  if (session.printed_json(*answer)) return exit_ok;
  for (const auto& line : commands::find_show(command)(*answer)) session.line(line);
  return exit_ok;
}

int not_in_this_version(Session& session, std::string_view what) {
  return session.fail(base::ErrorCode::unsupported, fmt::format("{} is not in this version.", what));
}

int misused(Session& session, const base::Error& error, const std::vector<std::string>& forms) {
  const int code = session.fail(error);
  if (error.code != base::ErrorCode::usage || session.json) return code;
  for (const auto& form : forms) session.warn("  " + form);
  return code;
}

int allowed_here(Session& session, std::string_view command) {
  while (true) {
    JsonObject params;
    params["command"] = command;
    const auto reply = session.try_call("session.command", std::move(params));
    if (reply) return exit_ok;
    const std::string needs = text_of(reply.error().data, "needs");
    if (!session.interactive || (needs != "cluster" && needs != "machine")) {
      return session.refused(reply.error());
    }
    const auto yes = ask_yes_no(session,
                                fmt::format("This command is restricted to \"{0}\" mode. Would you like "
                                            "to switch to \"{0}\" mode?",
                                            needs),
                                true);
    if (!yes.value_or(false)) return exit_restricted;
    const int code = session.switch_mode(needs == "cluster" ? needs : session.own_mode());
    if (code != exit_ok) return code;
  }
}

}  // namespace postern::cli
