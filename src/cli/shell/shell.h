#pragma once

#include <string_view>

#include "cli/console/console.h"
#include "protocol/client.h"
#include "schema/schema.h"

/// The CLI as a function: everything a process, an SSH login or a test needs to run it.
namespace postern::cli {

struct Options {
  bool json = false;   ///< every command as if it had been given --json
  bool login = false;  ///< an SSH login: greets, and says how to get help
};

/// A batch: the commands of `line`, divided by `;`, until the first that fails; several lines are a script. Questions are
/// asked of a person only. Exit code: 0 ok, 1 failed, 2 usage, 3 not allowed in this mode, 4 conflict, 5 unreachable.
int run_line(protocol::Client& client, const schema::Schema& schema, Console& console, std::string_view line,
             Options options = {});
/// A script: lines that the console gives without being asked, run as batches, until the first that fails; with `go_on`
/// until the end. Nobody is there to answer questions. Returns the first exit code that is not 0.
int run_script(protocol::Client& client, const schema::Schema& schema, Console& console, Options options = {},
               bool go_on = false);
/// Reads and runs lines until exit, end of input or the desk's farewell. Returns the last exit code, or 0
/// after `exit`.
int run_shell(protocol::Client& client, const schema::Schema& schema, Console& console, Options options = {});

}  // namespace postern::cli
