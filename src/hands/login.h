#pragma once

#include "base/result.h"
#include "hands/descriptor.h"
#include "hands/login_uids.h"
#include "hands/process.h"
#include "hands/protocol.h"

#include <map>
#include <string>
#include <vector>

namespace postern::hands {

/// The command line interpreters of those who have logged in: started, each as a user of its own,
/// watched, ended with all that came of them.
class Logins {
 public:
  /// `program`: BINDIR/postern; `group`: postern-cli's, which owns nothing.
  Logins(std::string program, gid_t group, LoginUids uids);

  /// What the client gets, in this order: terminal master | in, out, err; then pidfd, status.
  base::Result<std::vector<Descriptor>> start(const Login& login, const Descriptor& desk);
  /// True when `pid` was one of ours: its code is told.
  bool ended(pid_t pid, int status);
  /// Descriptors whose POLLERR says that nobody waits for that interpreter any more.
  [[nodiscard]] std::vector<int> status_descriptors() const;
  /// The reader of this status descriptor has gone.
  void reader_gone(int status_descriptor, std::int64_t now_ms);
  /// SIGHUP to all.
  void hang_up(std::int64_t now_ms);
  /// Kills those that did not heed SIGHUP. Returns when to come again, or -1.
  std::int64_t tick(std::int64_t now_ms);
  [[nodiscard]] std::size_t count() const { return sessions_.size(); }

 private:
  struct Session {
    Descriptor status;          // write end; none after the reader has gone
    std::int64_t kill_ms = -1;  // deadline after SIGHUP
    uid_t uid = 0;
  };
  base::Result<pid_t> start_as_own_user(Program program, uid_t& uid);
  void hang_up_one(pid_t pid, Session& session, std::int64_t now_ms);

  std::string program_;
  gid_t group_;
  LoginUids uids_;
  std::map<pid_t, Session> sessions_;
};

}  // namespace postern::hands
