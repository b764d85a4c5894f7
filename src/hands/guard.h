#pragma once

#include "base/result.h"
#include "hands/protocol.h"

#include <string>

/// Whoever writes Postfix's files could have root run any program: master(8) is root, and
/// daemon_directory says what it runs. So what a generation may say about programs, folders and
/// owners is fixed here. (It does not defend the secrets of files that Postfix may read as root:
/// tables are named freely.)
namespace postern::hands {

struct Places {
  std::string mta;         ///< the instance's folder, e.g. DIR/mta
  std::string daemons;     ///< "/usr/lib/postfix/sbin"
  std::string mail_owner;  ///< "postfix"
};

/// Error denied, naming the parameter or service and what it may be; invalid when the files are not
/// well formed.
base::Result<void> check_generation(const Stage& stage, const Places& places);

}  // namespace postern::hands
