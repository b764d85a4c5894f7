#pragma once

#include "base/result.h"
#include "hands/folder.h"
#include "hands/guard.h"
#include "hands/process.h"

#include <cstdint>
#include <string>
#include <vector>

namespace postern::hands {

struct PostfixSetup {
  std::string command = "/usr/sbin/postfix";
  std::string daemons = "/usr/lib/postfix/sbin";
  Account mail_owner;  ///< postfix
  Account tables;      ///< postern, who writes the tables
};

/// One machine's Postfix: its folder with gen/N (root's, generations of its files), etc (a link to
/// the one in force), queue, data, log and tables. Every call may take seconds.
class Instance {
 public:
  Instance(Folder mta, PostfixSetup setup);

  base::Result<void> stage(const Stage& stage);
  base::Result<void> check(std::uint64_t generation) const;
  base::Result<void> switch_to(std::uint64_t generation) const;
  base::Result<void> prune(std::uint64_t oldest) const;
  base::Result<void> start() const;
  base::Result<void> reload() const;
  /// Nothing to do where nothing runs or nothing was ever put in force.
  base::Result<void> stop() const;
  base::Result<bool> running() const;
  /// For the jailed daemons; empty: the host's own name servers, read again at each start.
  base::Result<void> resolver(const std::vector<std::string>& addresses) const;

 private:
  base::Result<void> make_folders() const;
  base::Result<Folder> generation_folder(std::uint64_t generation) const;
  base::Result<void> fill_jail() const;
  base::Result<void> greet(const std::string& config, const std::vector<std::string>& options,
                           const std::string& service) const;
  base::Result<Descriptor> listen_for_log() const;
  base::Result<void> remove_log() const;
  base::Result<Ended> postfix(const std::string& verb, const std::string& config,
                              int seconds) const;
  base::Result<void> must(const char* verb) const;
  [[nodiscard]] std::uint64_t in_force() const;

  Folder mta_;
  PostfixSetup setup_;
};

}  // namespace postern::hands
