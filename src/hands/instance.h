#pragma once

#include "base/result.h"
#include "hands/folder.h"
#include "hands/guard.h"
#include "hands/process.h"
#include "hands/tables.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::hands {

struct PostfixSetup {
  std::string command = "/usr/sbin/postfix";
  std::string daemons = "/usr/lib/postfix/sbin";
  Account mail_owner;  ///< postfix
  Account tables;      ///< postern, who writes the tables
};

/// One machine's Postfix: its folder with gen/N (generations of its files), etc (a link to the one
/// in force), queue, data, log and tables; all but queue are closed to other users than those named
/// in PostfixSetup. Every call may take seconds. What Postfix is told to read is judged by
/// check_generation each time, as it lies on the disk.
class Instance {
 public:
  Instance(Folder mta, PostfixSetup setup);

  /// Also removes the oldest generations beyond the 16th.
  base::Result<void> stage(const Stage& stage);
  /// At most 150 s, whatever there is to check.
  base::Result<void> check(std::uint64_t generation) const;
  /// The caller has seen to it that check() was good for what lies there.
  base::Result<void> switch_to(std::uint64_t generation) const;
  base::Result<void> prune(std::uint64_t oldest) const;
  /// Returns when master has read its files.
  base::Result<void> start() const;
  /// SIGHUP to master. Returns when it has read its files; error unreachable when it has not within
  /// 30 s, io when Postfix does not run.
  base::Result<void> reload() const;
  /// Nothing to do where nothing runs or nothing was ever put in force.
  base::Result<void> stop() const;
  base::Result<bool> running() const;
  /// For the jailed daemons; empty: the host's own name servers, read again at each start.
  base::Result<void> resolver(const std::vector<std::string>& addresses) const;
  /// `open` is empty at first, and for the next time.
  base::Result<void> table(const TableChange& change, std::optional<Tables>& open) const;
  base::Result<void> sweep(const std::vector<std::string>& keep) const;
  /// How many messages lie in incoming, active, deferred and hold, in decimal, each counted up to a
  /// million; "yes" or "no": whether the master holds its lock.
  base::Result<std::vector<std::string>> queue() const;
  /// A connection to the service "door" of this Postfix, with mail_owner's rights. Only in a process
  /// that ends then: it gives root up for good. Error io: Postfix does not answer there.
  base::Result<Descriptor> door() const;
  /// The same to its service "showq", which lists the queue.
  base::Result<Descriptor> listing() const;
  /// The descriptor of the folder that all of this is in.
  [[nodiscard]] int folder() const { return mta_.descriptor(); }
  /// Puts mail.log aside when it has outgrown `most` (rotation.h); nothing to do where there is
  /// none.
  base::Result<void> bound_log(std::size_t most) const;
  /// The generation that `etc` names, or 0.
  [[nodiscard]] std::uint64_t in_force() const;

 private:
  /// A connection to a socket in a folder of Postfix's queue, made with mail_owner's rights.
  base::Result<Descriptor> service(const char* where, std::string_view name) const;
  base::Result<void> make_folders() const;
  base::Result<Folder> tables() const;
  base::Result<void> judge(const Folder& generation) const;
  [[nodiscard]] std::uint64_t newest() const;
  base::Result<void> thin_out(std::uint64_t newest) const;
  base::Result<void> make_log() const;
  base::Result<Folder> generation_folder(std::uint64_t generation) const;
  base::Result<void> fill_jail() const;
  base::Result<void> greet(const std::string& config, const std::vector<std::string>& options, const std::string& service,
                           int seconds) const;
  base::Result<Descriptor> listen_for_log() const;
  base::Result<void> remove_log() const;
  base::Result<Ended> postfix(const std::string& verb, const std::string& config, int seconds) const;
  base::Result<void> must(const char* verb) const;
  base::Result<void> judge_in_force() const;
  base::Result<pid_t> master() const;

  Folder mta_;
  PostfixSetup setup_;
};

}  // namespace postern::hands
