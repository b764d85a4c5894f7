/// posternd: one machine's truth. `posternd init` makes a new standalone machine; `posternd` runs it, and in a folder
/// without a machine waits at the console for systemsetup.
///
/// Runs unprivileged; everything that needs root it asks of postern-hands. Ends on SIGTERM and SIGINT; what was
/// answered is on the disk, so SIGKILL loses nothing either.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "base/crypto.h"
#include "base/printable.h"
#include "base/version.h"
#include "daemon/daemon.h"
#include "daemon/init.h"
#include "daemon/log.h"
#include "hands/confine.h"

namespace {

using postern::base::to_text;

int complain(const postern::base::Error& error) {
  std::cerr << "posternd: " << postern::base::printable_line(to_text(error)) << "\n";
  return error.code == postern::base::ErrorCode::usage ? 2 : 1;
}

struct InitArguments {
  std::string directory;
  postern::desk::NewMachine birth;
};

void describe_init(CLI::App& init, InitArguments& out) {
  init.add_option("--dir", out.directory, "the machine's folder")->required();
  init.add_option("--host-name", out.birth.host_name, "its main host name")->required();
  init.add_option("--interface", out.birth.interface_name, "name of its interface")->capture_default_str();
  init.add_option("--address", out.birth.address, "the interface's address and prefix, 192.0.2.10/24")->required();
  init.add_option("--ssh-port", out.birth.ssh_port)->capture_default_str();
  init.add_option("--https-port", out.birth.https_port)->capture_default_str();
  init.add_option("--public-port", out.birth.public_port, "listener IncomingMail; 0: none")->capture_default_str();
  init.add_option("--private-port", out.birth.private_port, "listener OutgoingMail; 0: none")->capture_default_str();
  init.add_option("--relay", out.birth.relay, "addresses or networks that may send through OutgoingMail");
  init.add_option("--dns", out.birth.dns_servers, "DNS servers; none: the host's own");
  init.add_option("--bind", out.birth.bind_address, "source address of outgoing SSH and SMTP");
}

int run_init(const InitArguments& arguments) {
  std::string passphrase;
  std::getline(std::cin, passphrase);
  const auto done = postern::daemon::init(arguments.directory, arguments.birth, passphrase);
  if (!done) return complain(done.error());
  std::cout << arguments.birth.host_name << " is set up.\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  postern::hands::hide_memory();
  if (!postern::hands::confine_daemon()) {
    std::cerr << "posternd: the filter of system calls could not be set (seccomp).\n";
    return 1;
  }
  postern::base::crypto_start();
  postern::daemon::open_log();

  CLI::App app("One machine of a Postern fleet", "posternd");
  std::string machine;
  std::string directory;
  app.add_option("--machine", machine, "its host name, for the process list");
  app.add_option("--dir", directory, "the machine's folder");
  app.set_version_flag("--version", postern::base::version());
  InitArguments init_arguments;
  auto* init = app.add_subcommand("init",
                                  "set this machine up, standalone; the administrator's passphrase comes on "
                                  "standard input");
  describe_init(*init, init_arguments);
  CLI11_PARSE(app, argc, argv);
  if (init->parsed()) return run_init(init_arguments);
  if (directory.empty()) {
    std::cerr << "posternd: --dir is needed: the machine's folder.\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const auto ended = postern::daemon::run(directory, machine);
  return ended ? 0 : complain(ended.error());
}
