#include "hands/confine.h"
#include "hands/server.h"

#include <CLI/CLI.hpp>

#include <cstdio>

/// postern-hands: the only program of Postern that runs as root, one per machine. It does what
/// src/hands/protocol.h lists for posternd, keeps posternd running, and starts the interpreters of
/// those who log in.
int main(int argc, char** argv) {
  postern::hands::Options options;
  CLI::App app("The privileged part of Postern: serves one machine's posternd.", "postern-hands");
  app.add_option("--machine", options.machine, "host name of the machine")->required();
  app.add_option("--dir", options.dir, "the machine's folder")->required();
  app.add_option("--bin", options.bin, "folder of posternd and postern")->required();
  app.add_option("--user", options.user, "system user (or number) of posternd");
  app.add_option("--cli-user", options.cli_user, "system user (or number) whose group logins have");
  app.add_option("--login-uids", options.login_uids, "FIRST-LAST: user numbers of logins, one for each")->capture_default_str();
  app.add_option("--mta-dir", options.mta_dir, "folder of the Postfix instance (DIR/mta)");
  app.add_option("--mail-owner", options.mail_owner, "Postfix's mail_owner");
  app.add_option("--postfix", options.postfix, "the postfix command");
  app.add_option("--postfix-daemons", options.postfix_daemons, "folder of Postfix's daemons");
  CLI11_PARSE(app, argc, argv);
  postern::hands::hide_memory();
  postern::hands::keep_needed_capabilities();
  const auto served = postern::hands::serve(options);
  if (served) return 0;
  std::fprintf(stderr, "postern-hands: %s\n", to_text(served.error()).c_str());
  return 1;
}
