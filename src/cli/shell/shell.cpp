#include "cli/shell/shell.h"

#include <fmt/format.h>

#include <functional>
#include <utility>

#include "cli/shell/commands.h"
#include "cli/shell/completion.h"
#include "cli/session/edit_queue.h"
#include "cli/shell/feature_command.h"
#include "cli/shell/filter.h"
#include "cli/dialogue/questions.h"
#include "cli/shell/script.h"
#include "cli/session/session.h"
#include "cli/line/words.h"
#include "commands/shows.h"

namespace postern::cli {
namespace {

/// The command would have asked, and nobody is there: its next answers would be the script's next lines.
int not_asked(Session& session, const commands::Command& command) {
  return misused(
      session,
      base::fail(base::ErrorCode::usage,
                 fmt::format("\"{}\" like this asks questions, which a script does not answer. Use a line that says all, "
                             "or type it in a terminal:",
                             command.name)),
      forms_of(session, command));
}

/// One command with its filters. The words are not empty.
int run_command(Session& session, const Words& words, const Options& options) {
  const auto command = find_command(session.commands, words.words.front());
  Arguments arguments({words.words.begin() + 1, words.words.end()});
  session.json = arguments.flag("json") || options.json;
  if (!command) return session.fail(command.error());
  const bool asked = words.words.size() == 2 && words.words.back() == "?";
  if (arguments.flag("help") || asked) {
    session.line((*command)->summary);
    for (const auto& form : forms_of(session, **command)) session.line("  " + form);
    return exit_ok;
  }
  if (!(*command)->built) return not_in_this_version(session, (*command)->name);
  // What a line goes on with was allowed a line before.
  if (!session.goes_on() && ((*command)->asks == commands::Asks::first || (session.unset && !(*command)->before_setup))) {
    if (const int code = allowed_here(session, (*command)->name); code != exit_ok) return code;
  }
  const auto run = [&] {
    if ((*command)->feature != nullptr) return run_feature_command(session, *(*command)->feature, arguments);
    if (const Run talk = talk_of((*command)->name)) return talk(session, arguments);
    if (commands::find_show((*command)->name) == nullptr) return not_in_this_version(session, (*command)->name);
    if (const auto finished = arguments.finished(); !finished) return session.fail(finished.error());
    return run_and_show(session, (*command)->name, {});
  };
  static_cast<void>(session.was_unasked());
  int code = exit_ok;
  if (words.filters.empty()) {
    code = run();
  } else {
    FilterConsole filtered(session.console(), words.filters);
    Console& before = session.exchange_console(filtered);
    code = run();
    session.exchange_console(before);
    filtered.finish();
  }
  return session.was_unasked() ? not_asked(session, **command) : code;
}

int run_commands(Session& session, const std::vector<Words>& line, const Options& options) {
  for (const auto& words : line) {
    const int code = run_command(session, words, options);
    session.json = options.json;
    if (code != exit_ok || session.over()) return code;
  }
  return exit_ok;
}

/// True when the shell may end: nothing is pending, or the person leaves it pending.
bool may_leave(Session& session) {
  if (session.refresh() != exit_ok || !session.pending) return true;
  session.line(
      "You have changes that are not committed. They stay pending until you commit or clear "
      "them.");
  return ask_yes_no(session, "Do you want to leave all the same?", false).value_or(session.console().ended());
}

bool is_farewell(const std::vector<Words>& line) {
  if (line.size() != 1 || line.front().words.size() != 1) return false;
  const std::string word = lower(line.front().words.front());
  return word == "exit" || word == "quit";
}

void greet(Session& session) {
  session.line(fmt::format("Postern on {}, logged in as {}. Type help for the commands.", session.host, session.user));
  if (session.pending) {
    session.line("You have changes that are not committed: showchanges shows them.");
  }
}

/// What lines have in common whose edits go together: one command and its operation, in the mode that is.
std::string beginning(const std::vector<Words>& line) {
  if (line.size() != 1 || line.front().words.size() < 2 || !line.front().filters.empty()) return {};
  return lower(line.front().words[0]) + " " + lower(line.front().words[1]);
}

/// A script's lines, one after another, and which one was the last.
struct Source {
  std::function<std::optional<std::string>()> next;
  std::function<std::size_t()> number;
};

Source lines_of_input(Console& console) {
  const std::size_t before = console.lines_read();
  return {[&console] { return console.ask(""); }, [&console, before] { return console.lines_read() - before; }};
}

/// `lines` must outlive it.
Source lines_of_text(const std::vector<std::string>& lines, std::size_t& next) {
  return {[&lines, &next] { return next < lines.size() ? std::optional(lines[next++]) : std::nullopt; },
          [&next] { return next; }};
}

int run_source(Session& session, const Source& source, const Options& options, bool go_on) {
  EditQueue queue(session, go_on);
  int first_code = exit_ok;
  const auto ended = [&] { return first_code == exit_ok ? queue.code() : first_code; };
  std::size_t number = 0;
  while (!session.over()) {
    const auto line = source.next();
    number = source.number();
    const std::string typed = line.value_or("");
    const auto parsed = parse_line(number == 1 ? base::without_mark(typed) : typed);
    if (parsed && parsed->empty() && line) continue;
    if (!queue.begin_line(number, line && parsed ? beginning(*parsed) : "")) return queue.code();
    if (first_code == exit_ok) first_code = queue.code();
    if (!line || (parsed && is_farewell(*parsed))) return ended();
    const int code = parsed ? run_commands(session, *parsed, options) : session.fail(parsed.error());
    session.print_notices();
    if (code == exit_ok) continue;
    if (!go_on) {
      // What waits came before this line: it is pending, or it is what ends the script.
      if (queue.stopped() || !queue.send()) return queue.code();
      session.warn(fmt::format("Line {} failed. The lines after it were not run.", number));
      return code;
    }
    if (first_code == exit_ok) first_code = code;
    session.warn(fmt::format("Line {} failed.", number));
  }
  session.warn(fmt::format("The session ended at line {}. The lines after it were not run.", number));
  return ended() == exit_ok ? static_cast<int>(exit_unreachable) : ended();
}

}  // namespace

int run_lines(Session& session, const Options& options, bool go_on) {
  session.reads_script = true;
  const int code = run_source(session, lines_of_input(session.console()), options, go_on);
  session.reads_script = false;
  return code;
}

namespace {

/// The first login at the console of a machine begins with its setting up.
int set_up_first(Session& session) {
  session.line("This machine is not set up yet: systemsetup asks what it needs to know.");
  Arguments none({});
  return talk_of("systemsetup")(session, none);
}

}  // namespace

int run_line(protocol::Client& client, const schema::Schema& schema, Console& console, std::string_view line, Options options) {
  Session session(client, schema, console);
  session.json = options.json;
  if (const auto lines = base::lines(line); lines.size() > 1) {
    if (const int code = session.refresh(); code != exit_ok) return code;
    std::size_t next = 0;
    return run_source(session, lines_of_text(lines, next), options, false);
  }
  session.answered = console.is_person();
  const auto parsed = parse_line(line);
  if (!parsed) return session.fail(parsed.error());
  if (const int code = session.refresh(); code != exit_ok) return code;
  const int code = run_commands(session, *parsed, options);
  session.print_notices();
  return code;
}

int run_script(protocol::Client& client, const schema::Schema& schema, Console& console, Options options, bool go_on) {
  Session session(client, schema, console);
  session.json = options.json;
  if (const int code = session.refresh(); code != exit_ok) return code;
  return run_lines(session, options, go_on);
}

int run_shell(protocol::Client& client, const schema::Schema& schema, Console& console, Options options) {
  Session session(client, schema, console);
  session.interactive = true;
  session.answered = true;
  if (const int code = session.refresh(); code != exit_ok) return code;
  if (options.login) greet(session);
  const Completer complete = [&session](std::string_view before) { return completions(session, before); };
  int code = session.unset ? set_up_first(session) : exit_ok;
  while (!session.over()) {
    session.print_notices();
    const auto line = console.ask(session.prompt(), complete);
    if (!line) {
      // Ctrl-D leaves as exit does; a terminal that is gone answers no question.
      if (!console.ended() || (console.resume() && !may_leave(session))) continue;
      break;
    }
    const auto parsed = parse_line(*line);
    if (!parsed) {
      code = session.fail(parsed.error());
    } else if (is_farewell(*parsed)) {
      if (may_leave(session)) return exit_ok;
    } else if (!parsed->empty()) {
      code = run_commands(session, *parsed, options);
    }
  }
  return code;
}

}  // namespace postern::cli
