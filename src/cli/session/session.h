#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/console/console.h"
#include "protocol/json.h"
#include "commands/table.h"
#include "protocol/client.h"
#include "schema/schema.h"

namespace postern::cli {

using protocol::flag_of;
using protocol::items_of;
using protocol::Json;
using protocol::JsonObject;
using protocol::member_of;
using protocol::number_of;
using protocol::text_of;
using protocol::texts_of;
using protocol::time_of;
using protocol::to_line;

/// What a command ends with, and the program's exit status.
enum Exit : int {
  exit_ok = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_restricted = 3,
  exit_conflict = 4,
  exit_unreachable = 5,
};

class EditQueue;

/// One person's (or script's) stay at the desk: where answers come from, where words go, and which mode
/// counts. Commands get it by reference and keep nothing of their own between two lines.
class Session {
 public:
  /// Takes over `client`'s notices for as long as it lives; all three must outlive it.
  Session(protocol::Client& client, const schema::Schema& schema, Console& console);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const schema::Schema& schema;
  const postern::commands::Table commands;
  /// In a shell: commands may ask which mode or start is meant. In a batch they fail instead.
  bool interactive = false;
  /// Somebody is there to answer. In a script, and in a line without a terminal, whoever asks would take the next line.
  bool answered = false;
  /// Before each question: whether there is somebody to ask. If not, the command is to change nothing and return; it fails
  /// as usage, and that is told with its one-line forms.
  bool may_ask();
  /// Whether a question was not asked since this was called last.
  bool was_unasked() { return std::exchange(unasked_, false); }
  /// The commands come from a script, one after another: where edits wait for those of the next lines. Else null.
  EditQueue* queue = nullptr;
  /// The script is the console's own input: what a command reads there are the script's next lines.
  bool reads_script = false;
  /// This line goes on with what waits there.
  [[nodiscard]] bool goes_on() const;
  /// This command was given --json: results are one JSON document on one line.
  bool json = false;

  /// The desk's idea of who and where we are (session.hello). Exit code; the error has been told.
  int refresh();
  /// One call; an error is told to the person. nullopt and `last_exit` on failure.
  std::optional<Json> call(std::string_view method, JsonObject params);
  /// One call whose errors the caller looks at first.
  protocol::Reply<Json> try_call(std::string_view method, JsonObject params);
  /// Tells the error and returns its exit code; also into last_exit.
  int refused(const protocol::Refusal& refusal);
  int fail(base::ErrorCode code, std::string_view text);
  int fail(const base::Error& error);
  /// Switches this session's mode; exit code.
  int switch_mode(std::string_view mode);

  Console& console() { return *console_; }
  /// Output goes through `console` until it is set back; used for filters.
  Console& exchange_console(Console& console);
  void print(std::string_view text) { console_->print(text); }
  void line(std::string_view text) { console_->print(std::string(text) + "\n"); }
  void warn(std::string_view text);
  void warnings(const Json& answer);
  /// Prints the answer when --json was given; true if so.
  bool printed_json(const Json& answer);
  /// What the desk wanted said since the last prompt.
  void print_notices();

  [[nodiscard]] bool in_cluster() const { return !cluster.empty(); }
  /// "(Cluster americas)> ", "HOST> " on a standalone machine, "(not set up)> " before there is one.
  [[nodiscard]] std::string prompt() const;
  /// Mode of the login host's own machine.
  [[nodiscard]] std::string own_mode() const { return "machine " + host; }
  /// The desk said farewell, or is gone.
  [[nodiscard]] bool over() const { return over_; }

  std::string user;
  std::string host;
  std::string cluster;  ///< empty on a standalone machine
  std::string mode;
  std::string label;
  bool pending = false;
  bool unset = false;  ///< the machine is not set up: only systemsetup works
  int last_exit = exit_ok;

 private:
  void notice(std::string_view method, const JsonObject& params);

  bool send_queue();

  protocol::Client& client_;
  Console* console_;
  std::vector<std::string> notices_;
  bool over_ = false;
  bool unasked_ = false;
};

/// The exit code of the CLI for a code (docs/DESK.md, Errors).
int exit_code(base::ErrorCode code);

}  // namespace postern::cli
