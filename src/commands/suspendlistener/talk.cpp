#include "commands/suspendlistener/talk.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/words.h"
#include "cli/dialogue/questions.h"

namespace postern::cli {
namespace {

using base::ErrorCode;
using base::fail;

/// Whether there is something to do: it is, or is not, to be suspended, or that is not in force.
bool may(const Json& listener, bool resume) {
  const bool gone = member_of(listener, "there") == false;
  const bool in_force = gone || member_of(listener, "in_force").is_null();
  const bool suspended = text_of(listener, "state") == "suspended";
  if (resume) return suspended || !in_force;
  return !gone && (!suspended || !in_force);
}

std::vector<std::string> names_of(const Json& answer, bool resume) {
  std::vector<std::string> names;
  for (const auto& each : items_of(answer, "listeners"))
    if (may(each, resume)) names.push_back(text_of(each, "name"));
  return names;
}

/// "1, 3" or "*" (all, as the first line is) as names.
base::Result<std::vector<std::string>> chosen(const std::vector<std::string>& names, std::string_view typed) {
  std::vector<std::string> out;
  for (const auto& word : base::split(typed, ", ")) {
    const auto number = word == "*" ? 1 : line::whole_number(word).value_or(0);
    if (number < 1 || number > static_cast<long>(names.size()) + 1)
      return fail(ErrorCode::usage,
                  fmt::format("\"{}\" is none of these numbers: 1 to {}, separated by commas.", word, names.size() + 1));
    if (number == 1) return names;
    out.push_back(names[static_cast<std::size_t>(number) - 2]);
  }
  return out;
}

std::optional<std::vector<std::string>> ask(Session& session, const std::vector<std::string>& names, std::string_view verb) {
  std::string text =
      fmt::format("Choose the listener(s) you wish to {}.\nSeparate multiple entries with commas.\n1. All\n", verb);
  for (std::size_t i = 0; i < names.size(); ++i) text += fmt::format("{}. {}\n", i + 2, names[i]);
  text.pop_back();
  Question question;
  question.text = text;
  question.preset = "*";
  question.check = [&names](std::string_view typed) -> base::Result<std::string> {
    const auto good = chosen(names, typed);
    if (!good) return good.error();
    return std::string(typed);
  };
  const auto typed = ask_text(session, question);
  if (!typed) return std::nullopt;
  return *chosen(names, *typed);
}

}  // namespace

int switch_listeners(Session& session, Arguments& arguments, std::string_view command, std::string_view verb) {
  std::vector<std::string> wanted;
  while (auto name = arguments.take()) wanted.push_back(std::move(*name));
  if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
  const bool all = wanted.size() == 1 && base::lower(wanted.front()) == "all";
  if (wanted.empty() && !session.interactive)
    return session.fail(ErrorCode::usage, fmt::format("Say which listeners: {} all, or their names.", command));
  if (wanted.empty() || all) {
    const auto there = session.call("command.run", {{"command", command}});
    if (!there) return session.last_exit;
    const bool resumes = verb == "resume";
    const auto names = names_of(*there, resumes);
    if (names.empty() && !session.json) {
      session.line(resumes ? "No listener is suspended." : "There is no listener that takes mail.");
      return exit_ok;
    }
    const auto answered = all ? std::optional(names) : ask(session, names, verb);
    if (!answered) return exit_ok;
    wanted = *answered;
  }
  boost::json::array listeners(wanted.begin(), wanted.end());
  return run_and_show(session, command, {{"listeners", std::move(listeners)}});
}

int run_suspendlistener(Session& session, Arguments& arguments) {
  return switch_listeners(session, arguments, "suspendlistener", "suspend");
}

}  // namespace postern::cli
