#include <unistd.h>

#include <iostream>
#include <istream>
#include <ostream>

#include "cli/console/console.h"

namespace postern::cli {

PlainConsole::PlainConsole(std::istream& in, std::ostream& out, std::ostream& err) : in_(in), out_(out), err_(err) {}

std::optional<std::string> PlainConsole::ask_line(std::string_view prompt, const Completer&) {
  out_ << prompt << std::flush;
  std::string line;
  if (!std::getline(in_, line)) return std::nullopt;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::optional<std::string> PlainConsole::ask_hidden(std::string_view prompt) {
  if (!is_person()) return ask_line(prompt, {});
  auto line = read_hidden_line(STDIN_FILENO, STDERR_FILENO, prompt);
  err_ << '\n';
  return line;
}

std::optional<std::string> PlainConsole::read_block(Ends ends) {
  std::string block;
  while (true) {
    const auto line = ask("");
    if (!line) return block.empty() ? std::nullopt : std::optional(block);
    if (*line == "." || (line->empty() && ends == Ends::at_blank_line)) return block;
    block += *line + "\n";
  }
}

void PlainConsole::show(std::string_view text) { out_ << text << std::flush; }

void PlainConsole::show_beside(std::string_view text) {
  out_ << std::flush;
  err_ << text << std::flush;
}

/// Only the output may be piped: a person may still be typing.
bool PlainConsole::is_person() const { return &in_ == &std::cin && isatty(STDIN_FILENO) != 0; }

bool PlainConsole::ended() const { return !in_; }

}  // namespace postern::cli
