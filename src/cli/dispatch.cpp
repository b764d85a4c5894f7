#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/questions.h"

namespace postern::cli {
namespace {

/// All commands; those that are known and not built only when `all` are asked for.
void print_commands(Session& session, bool all) {
  std::vector<std::string> missing;
  for (const auto& command : commands()) {
    if (command.run == nullptr) {
      missing.emplace_back(command.name);
    } else {
      session.line(fmt::format("{:<16} {}", command.name, command.summary));
    }
  }
  session.line(fmt::format("{:<16} {}", "exit, quit", "Ends the session."));
  session.line(
      "\nA command may be shortened, and ; divides several. Output goes through \"| grep TEXT\" and\n"
      "\"| count\"; --json makes it data. help COMMAND shows the one-line forms; ? explains a question.");
  session.line(all ? fmt::format("\nNot in this version: {}.", join(missing, ", "))
                   : fmt::format("\nhelp --all names {} more, which are not in this version.", missing.size()));
}

std::vector<std::string> forms_of(const Session& session, const Command& command) {
  auto forms = split(command.usage, "\n");
  if (session.schema.feature_of_command(command.name) != nullptr)
    for (auto& form : split(shared_operations(), "\n")) forms.push_back(std::move(form));
  return forms;
}

Json to_json(const Session& session, const Command& command) {
  boost::json::array forms;
  for (const auto& form : forms_of(session, command)) forms.emplace_back(form);
  return JsonObject{{"name", command.name}, {"summary", command.summary}, {"forms", std::move(forms)},
                    {"built", command.run != nullptr}};
}

int print_json(Session& session, const Command* one) {
  if (one != nullptr) {
    session.printed_json(to_json(session, *one));
    return exit_ok;
  }
  boost::json::array all;
  for (const auto& command : commands()) all.push_back(to_json(session, command));
  session.printed_json(Json(std::move(all)));
  return exit_ok;
}

}  // namespace

int not_in_this_version(Session& session, std::string_view what) {
  return session.fail(base::ErrorCode::unsupported, fmt::format("{} is not in this version.", what));
}

int misused(Session& session, const base::Error& error, std::string_view usage) {
  const int code = session.fail(error);
  if (error.code != base::ErrorCode::usage || session.json) return code;
  for (const auto& form : split(usage, "\n")) session.warn("  " + form);
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

int run_help(Session& session, Arguments& arguments) {
  const bool all = arguments.option("all").has_value();
  const auto name = arguments.take();
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  if (!name && session.json) return print_json(session, nullptr);
  if (!name) {
    print_commands(session, all);
    return exit_ok;
  }
  if (lower(*name) == "exit" || lower(*name) == "quit") {
    session.line("exit, quit: Ends the session. What is pending stays pending.");
    return exit_ok;
  }
  const auto command = find_command(*name);
  if (!command) return session.fail(command.error());
  if (session.json) return print_json(session, *command);
  session.line(fmt::format("{}: {}", (*command)->name, (*command)->summary));
  for (const auto& form : forms_of(session, **command)) session.line("  " + form);
  return exit_ok;
}

}  // namespace postern::cli
