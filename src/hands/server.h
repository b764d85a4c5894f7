#pragma once

#include "base/result.h"

#include <string>

namespace postern::hands {

struct Options {
  std::string machine;  ///< host name: what this process serves, and shown by `ps`
  std::string dir;      ///< the machine's folder, absolute
  std::string mta_dir;  ///< empty: DIR/mta
  std::string bin;      ///< folder of posternd and postern
  std::string user = "postern";
  std::string cli_user = "postern-cli";    ///< its group is that of logins' interpreters
  std::string login_uids = "70000-89999";  ///< their user numbers, one a login: see LoginUids
  std::string mail_owner = "postfix";
  std::string postfix = "/usr/sbin/postfix";
  std::string postfix_daemons = "/usr/lib/postfix/sbin";
};

/// Serves until SIGTERM or SIGINT, then stops posternd and Postfix. Errors: what is wrong with the
/// options, the folder or the socket, or that another postern-hands serves this folder.
base::Result<void> serve(const Options& options);

}  // namespace postern::hands
