// The CLI as a program: finds the desk, chooses the console, runs a shell or one line.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/printable.h"
#include "base/version.h"
#include "cli/shell/shell.h"
#include "cli/line/words.h"
#include "hands/confine.h"
#include "protocol/client.h"
#include "schema/schema.h"

namespace {

using postern::base::Result;

constexpr const char* default_desk = "/run/postern/desk.sock";

struct Wanted {
  std::string desk = default_desk;
  std::string line;
  bool batch = false;
  bool go_on = false;
  postern::cli::Options options;
};

/// For an SSH login the desk's end of a socketpair is already open, with user and role fixed on it.
Result<std::unique_ptr<postern::protocol::Client>> connect(const Wanted& wanted, bool desk_given) {
  const char* inherited = std::getenv("POSTERN_DESK_FD");
  if (inherited == nullptr || desk_given) return postern::protocol::connect_desk(wanted.desk);
  const auto descriptor = postern::cli::whole_number(inherited);
  if (!descriptor || *descriptor < 3 || *descriptor > 1024) {
    return postern::base::fail(postern::base::ErrorCode::usage, "POSTERN_DESK_FD must be the number of an open descriptor.");
  }
  unsetenv("POSTERN_DESK_FD");
  return postern::protocol::socket_client(static_cast<int>(*descriptor));
}

/// An SSH login's one command, which came as a variable because arguments are for all to read.
std::string inherited_line() {
  const char* line = std::getenv("POSTERN_LINE");
  std::string out = line == nullptr ? "" : line;
  unsetenv("POSTERN_LINE");
  return out;
}

/// One argument is a line as typed; several are one command's words, ";" dividing commands.
std::string line_of(const std::vector<std::string>& arguments) {
  if (arguments.size() == 1) return arguments.front();
  std::string line;
  for (const auto& argument : arguments) {
    line += (argument == ";" ? argument : postern::cli::quoted(argument)) + " ";
  }
  return line;
}

std::unique_ptr<postern::cli::Console> console() {
  if (isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0) return postern::cli::tty_console();
  return std::make_unique<postern::cli::PlainConsole>(std::cin, std::cout, std::cerr);
}

/// Before there is a console; what is wrong may quote what was typed.
void complain(const std::string& text) { std::cerr << postern::base::printable_line(text) << '\n'; }

int run(const Wanted& wanted, bool desk_given) {
  auto schema = postern::schema::Schema::load();
  if (!schema) {
    complain(postern::base::to_text(schema.error()));
    return 1;
  }
  auto client = connect(wanted, desk_given);
  if (!client) {
    complain(postern::base::to_text(client.error()));
    return client.error().code == postern::base::ErrorCode::usage ? 2 : 5;
  }
  const auto terminal = console();
  if (wanted.batch) return postern::cli::run_line(**client, **schema, *terminal, wanted.line, wanted.options);
  if (isatty(STDIN_FILENO) == 0) return postern::cli::run_script(**client, **schema, *terminal, wanted.options, wanted.go_on);
  return postern::cli::run_shell(**client, **schema, *terminal, wanted.options);
}

}  // namespace

int main(int argc, char** argv) {
  postern::hands::hide_memory();
  if (!postern::hands::execute_nothing()) {
    std::cerr << "postern: the filter of system calls could not be set (seccomp).\n";
    return 1;
  }
  std::setlocale(LC_CTYPE, "");
  Wanted wanted;
  CLI::App app("Postern: administers this mail gateway and its cluster.", "postern");
  app.set_version_flag("--version", std::string("Postern ") + postern::base::version());
  auto* desk = app.add_option("--desk", wanted.desk, "The desk's socket")->capture_default_str();
  app.add_flag("--json", wanted.options.json, "Results as JSON, one document a line");
  app.add_flag("--login", wanted.options.login, "A login's shell: greets");
  app.add_flag("--continue", wanted.go_on, "Of a script on standard input run what follows a line that fails, too");
  bool inherits = false;
  app.add_flag("--line", inherits, "Run the line in POSTERN_LINE")->group("");
  auto* line = app.add_option("-c", wanted.line, "Run this line; ; divides its commands");
  app.prefix_command();
  app.footer("Without a command a shell starts, or a script on standard input runs. postern help lists the commands.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(error, out, err);
    std::cout << postern::base::printable_text(out.str());
    std::cerr << postern::base::printable_text(err.str());
    return code == 0 ? 0 : 2;
  }
  const auto words = app.remaining();
  if (!words.empty() && words.front().starts_with('-')) {
    complain("The option " + words.front() + " is unknown: see postern --help.");
    return 2;
  }
  wanted.batch = line->count() > 0 || !words.empty();
  if (line->count() == 0) wanted.line = line_of(words);
  if (inherits) {
    wanted.batch = true;
    wanted.line = inherited_line();
  }
  return run(wanted, desk->count() > 0);
}
