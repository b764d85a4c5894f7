#include "cli/console/console.h"

#include "base/printable.h"

namespace postern::cli {
namespace {

/// Lines and tabs stay; a listing may be long.
std::string printable(std::string_view text) { return base::printable_text(text, std::string::npos); }

}  // namespace

std::optional<std::string> Console::ask(std::string_view prompt, const Completer& complete) {
  return counted(ask_line(printable(prompt), complete));
}

std::optional<std::string> Console::ask_secret(std::string_view prompt) { return counted(ask_hidden(printable(prompt))); }

std::optional<std::string> Console::counted(std::optional<std::string> line) {
  if (line) ++lines_read_;
  return line;
}

void Console::print(std::string_view text) { show(printable(text)); }

void Console::complain(std::string_view text) { show_beside(printable(text)); }

}  // namespace postern::cli
