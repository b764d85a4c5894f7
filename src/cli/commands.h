#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/session.h"
#include "cli/words.h"

namespace postern::cli {

/// One command: what help, completion and dispatch are made from.
struct Command {
  std::string_view name;
  std::string_view summary;  ///< one line for `help`; a sentence
  std::string_view usage;    ///< the one-line forms, one a line
  /// Exit code. Errors have been told when it returns. Null: known, but not in this version.
  int (*run)(Session&, Arguments&) = nullptr;
  /// Whether the desk is asked first if the command may run in this mode and role (session.command).
  bool ask_desk = false;
  /// Also on a machine that is not set up.
  bool before_setup = false;
};

/// Every command there is, built or not, in alphabetical order.
const std::vector<Command>& commands();
/// By its name, an alias or a unique prefix. Errors: usage, naming what it could be.
base::Result<const Command*> find_command(std::string_view typed);

/// The one-line forms that every configuration command has beside its own.
std::string_view shared_operations();

/// The line that says a thing is known but not built; exit code 1.
int not_in_this_version(Session& session, std::string_view what);
/// Tells a usage error together with the command's forms; exit code 2.
int misused(Session& session, const base::Error& error, std::string_view usage);

/// Asks the desk whether `command` may run in the session's mode. In a shell offers to switch to the
/// mode it is restricted to; in a batch fails with exit code 3. exit_ok: go on.
int allowed_here(Session& session, std::string_view command);

// The commands, each in the file of its subject.
int run_batch(Session&, Arguments&);  // shell.cpp
int run_clusterconfig(Session&, Arguments&);
int run_clustermode(Session&, Arguments&);
int run_commit(Session&, Arguments&);
int run_commitdetail(Session&, Arguments&);
int run_clearchanges(Session&, Arguments&);
int run_showchanges(Session&, Arguments&);
int run_destconfig(Session&, Arguments&);
int run_dnsconfig(Session&, Arguments&);
int run_explain(Session&, Arguments&);
int run_help(Session&, Arguments&);
int run_interfaceconfig(Session&, Arguments&);
int run_listenerconfig(Session&, Arguments&);
int run_logconfig(Session&, Arguments&);
int run_passwd(Session&, Arguments&);
int run_smtproutes(Session&, Arguments&);
int run_sshconfig(Session&, Arguments&);
int run_stats(Session&, Arguments&);
int run_status(Session&, Arguments&);
int run_systemsetup(Session&, Arguments&);
int run_version(Session&, Arguments&);
int run_wait(Session&, Arguments&);

}  // namespace postern::cli
