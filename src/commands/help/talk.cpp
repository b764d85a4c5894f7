#include <fmt/format.h>

#include "cli/shell/commands.h"

namespace postern::cli {
namespace {

/// All commands; those that are known and not built only when `all` are asked for.
void print_commands(Session& session, bool all) {
  std::vector<std::string> missing;
  for (const auto& command : session.commands.all()) {
    if (!command.built) {
      missing.emplace_back(command.name);
    } else {
      session.line(fmt::format("{:<16} {}", command.name, command.summary));
    }
  }
  session.line(
      "\nA command may be shortened, and ; divides several. Output goes through \"| grep TEXT\" and\n"
      "\"| count\"; --json makes it data. help COMMAND shows the one-line forms; ? explains a question.");
  session.line(all ? fmt::format("\nNot in this version: {}.", join(missing, ", "))
                   : fmt::format("\nhelp --all names {} more, which are not in this version.", missing.size()));
}

Json to_json(const Session& session, const commands::Command& command) {
  boost::json::array forms;
  for (const auto& form : forms_of(session, command)) forms.emplace_back(form);
  return JsonObject{{"name", command.name}, {"summary", command.summary}, {"forms", std::move(forms)}, {"built", command.built}};
}

int print_json(Session& session, const commands::Command* one) {
  if (one != nullptr) {
    session.printed_json(to_json(session, *one));
    return exit_ok;
  }
  boost::json::array all;
  for (const auto& command : session.commands.all()) all.push_back(to_json(session, command));
  session.printed_json(Json(std::move(all)));
  return exit_ok;
}

}  // namespace

int run_help(Session& session, Arguments& arguments) {
  const bool all = arguments.flag("all");
  const auto name = arguments.take();
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  if (!name && session.json) return print_json(session, nullptr);
  if (!name) {
    print_commands(session, all);
    return exit_ok;
  }
  const auto command = find_command(session.commands, *name);
  if (!command) return session.fail(command.error());
  if (session.json) return print_json(session, *command);
  session.line(fmt::format("{}: {}", (*command)->name, (*command)->summary));
  for (const auto& form : forms_of(session, **command)) session.line("  " + form);
  return exit_ok;
}

}  // namespace postern::cli
