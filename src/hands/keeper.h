#pragma once

#include "hands/descriptor.h"
#include "hands/folder.h"
#include "hands/log.h"
#include "hands/process.h"

#include <cstdint>
#include <string>

namespace postern::hands {

struct KeeperSetup {
  std::string program;  ///< BINDIR/posternd
  std::string machine;  ///< its host name, on the command line so that `ps` tells machines apart
  std::string dir;
  Account account;  ///< postern
};

/// Keeps posternd running: starts it, starts it again when it dies (after 100 ms, doubling to 10 s;
/// from the start after one that lived 10 s), and takes over one that an earlier postern-hands left
/// running. posternd is never tied to this process's life: it outlives a crash of postern-hands.
class Keeper {
 public:
  /// `run` and `log`: the folders of pid files and logs.
  Keeper(KeeperSetup setup, const Folder& run, const Folder& log_folder, const Log& log);

  /// Takes over the running one, or starts one.
  void begin(std::int64_t now_ms);
  /// SIGTERM, SIGKILL after 10 s, and no more starts.
  void stop(std::int64_t now_ms);
  /// What is due now. Returns when to come again, or -1.
  std::int64_t tick(std::int64_t now_ms);
  /// Puts posternd's log aside when it has grown large (rotation.h).
  [[nodiscard]] base::Result<void> bound_log() const;
  /// True when `pid` was it. Only for children; an adopted one's end shows at the pidfd.
  bool ended(pid_t pid, int status, std::int64_t now_ms);
  /// The pidfd is readable.
  void pidfd_ready(std::int64_t now_ms);
  /// -1 when there is nothing to watch: a child's end comes by ended().
  [[nodiscard]] int watched() const { return adopted_ ? pidfd_.get() : -1; }
  [[nodiscard]] bool runs() const { return pid_ > 0; }
  /// How often it has ended by itself.
  [[nodiscard]] std::uint64_t ends() const { return ends_; }

 private:
  bool adopt(std::int64_t now_ms);
  void start(std::int64_t now_ms);
  void gone(const std::string& how, std::int64_t now_ms);
  [[nodiscard]] std::vector<std::string> arguments() const;
  [[nodiscard]] bool is_ours(pid_t pid) const;

  KeeperSetup setup_;
  const Folder& run_;
  const Folder& log_folder_;
  const Log& log_;
  pid_t pid_ = 0;
  Descriptor pidfd_;
  bool adopted_ = false;
  bool stopping_ = false;
  std::int64_t started_ms_ = 0;
  std::int64_t start_ms_ = -1;  // when to start again
  std::int64_t kill_ms_ = -1;
  std::int64_t wait_ms_;  // before the next start
  std::uint64_t ends_ = 0;
};

}  // namespace postern::hands
