#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/questions.h"

namespace postern::cli {
namespace {

/// Shows one command's forms, or all commands.
void print_commands(Session& session) {
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
  session.line(fmt::format("\nNot in this version: {}.", join(missing, ", ")));
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
  const auto name = arguments.take();
  if (!name) {
    print_commands(session);
    return exit_ok;
  }
  const auto command = find_command(*name);
  if (!command) return session.fail(command.error());
  session.line(fmt::format("{}: {}", (*command)->name, (*command)->summary));
  for (const auto& form : split((*command)->usage, "\n")) session.line("  " + form);
  const auto* feature = session.schema.feature_of_command((*command)->name);
  if (feature != nullptr) session.line(std::string(shared_operations()).substr(1));
  return exit_ok;
}

}  // namespace postern::cli
