#include "cli/dialogue/questions.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/line/words.h"

namespace postern::cli {
namespace {

Completer completing(std::vector<std::string> words) {
  return [words = std::move(words)](std::string_view) { return words; };
}

}  // namespace

std::optional<std::string> ask_operation(Session& session, const std::vector<Operation>& operations) {
  if (!session.may_ask()) return std::nullopt;
  std::vector<std::string> names;
  std::string menu = "Choose the operation you want to perform:\n";
  for (const auto& operation : operations) {
    names.push_back(operation.name);
    menu += fmt::format("- {} - {}\n", operation.name, operation.text);
  }
  session.print(menu);
  while (true) {
    const auto typed = session.console().ask("[]> ", completing(names));
    if (!typed || trimmed(*typed).empty()) return std::nullopt;
    if (trimmed(*typed) == "?" || lower(trimmed(*typed)) == "help") {
      session.print(menu);
      continue;
    }
    // Menus that show call it PRINT or LIST.
    if (lower(trimmed(*typed)) == "show")
      for (const auto& shows : {"PRINT", "LIST"})
        if (std::ranges::count(names, shows) > 0) return shows;
    auto name = by_prefix(names, trimmed(*typed), "one of the operations above");
    if (name) return std::move(*name);
    session.line(name.error().text);
  }
}

std::optional<std::size_t> ask_number(Session& session, const std::vector<std::string>& lines,
                                      std::optional<std::size_t> preset) {
  if (!session.may_ask()) return std::nullopt;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    session.line(fmt::format("{}. {}", i + 1, lines[i]));
  }
  const std::string prompt = fmt::format("[{}]> ", preset ? std::to_string(*preset + 1) : "");
  while (true) {
    const auto typed = session.console().ask(prompt);
    if (!typed) return std::nullopt;
    const std::string answer = trimmed(*typed);
    if (answer.empty() && preset) return preset;
    if (answer == "?") {
      for (std::size_t i = 0; i < lines.size(); ++i) session.line(fmt::format("{}. {}", i + 1, lines[i]));
      continue;
    }
    const auto number = whole_number(answer);
    if (number && *number >= 1 && static_cast<std::size_t>(*number) <= lines.size()) {
      return static_cast<std::size_t>(*number) - 1;
    }
    if (const auto matches = with_prefix(lines, answer); !answer.empty() && matches.size() == 1) {
      for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i] == matches.front()) return i;
      }
    }
    session.line(fmt::format("Type a number from 1 to {}.", lines.size()));
  }
}

std::optional<bool> ask_yes_no(Session& session, std::string_view question, std::optional<bool> preset, std::string_view help) {
  if (!session.may_ask()) return std::nullopt;
  const std::string_view shown = !preset ? "" : *preset ? "Y" : "N";
  const std::string prompt = fmt::format("{} [{}]> ", question, shown);
  while (true) {
    const auto typed = session.console().ask(prompt);
    if (!typed) return std::nullopt;
    const std::string answer = lower(trimmed(*typed));
    if (answer.empty() && preset) return preset;
    if (answer == "y" || answer == "yes") return true;
    if (answer == "n" || answer == "no") return false;
    if (answer == "?" && !help.empty()) session.line(help);
    session.line(preset ? fmt::format("Answer y or n; a blank line answers {}.", *preset ? "y" : "n") : "Answer y or n.");
  }
}

std::optional<std::string> ask_text(Session& session, const Question& question) {
  if (!session.may_ask()) return std::nullopt;
  const std::string prompt = fmt::format("{}\n[{}]> ", question.text, question.preset);
  while (true) {
    const auto typed =
        session.console().ask(prompt, question.completions.empty() ? Completer{} : completing(question.completions));
    if (!typed) return std::nullopt;
    const std::string answer = trimmed(*typed).empty() ? question.preset : trimmed(*typed);
    if (answer == "?") {
      session.line(question.help.empty() ? "Type an answer; Ctrl-C leaves the question." : question.help);
      continue;
    }
    if (answer.empty()) {
      if (question.may_be_empty) return answer;
      session.line("An answer is needed here; Ctrl-C leaves the question.");
      continue;
    }
    if (!question.check) return answer;
    auto value = question.check(answer);
    if (value) return std::move(*value);
    session.line(value.error().text);
  }
}

std::optional<std::string> ask_needed(Session& session, std::string text) {
  Question question;
  question.text = std::move(text);
  question.may_be_empty = false;
  return ask_text(session, question);
}

}  // namespace postern::cli
