#pragma once

#include "base/result.h"
#include "hands/descriptor.h"
#include "hands/folder.h"
#include "hands/login_uids.h"
#include "hands/process.h"
#include "hands/server.h"

namespace postern::hands {

/// The machine's folder, made ready and held open. DIR itself, run/ and log/ belong to root and the
/// user's group with the sticky bit: posternd makes files there, but cannot put something else
/// where root's files are.
struct House {
  Account user;
  Account cli_user;
  Account mail_owner;
  Folder dir;
  Folder run;
  Folder log;
  Folder mta;
  Descriptor lock;    ///< held for as long as this process serves
  Descriptor socket;  ///< listening at run/hands.sock
  LoginUids login_uids;
};

/// Errors: see serve().
base::Result<House> open_house(const Options& options);

}  // namespace postern::hands
