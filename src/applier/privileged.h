#pragma once

#include "base/result.h"
#include "gateway/plan.h"
#include "hands/client.h"
#include "hands/descriptor.h"

#include <cstdint>
#include <string>
#include <vector>

namespace postern::applier {

/// What the applier cannot do itself because it needs root: the files of Postfix's generations
/// (DIR/gen/N, DIR/etc being a symbolic link to the one in force) and Postfix's master. Every call
/// blocks until it is done; the text of a failure is the tool's own.
class Privileged {
 public:
  virtual ~Privileged() = default;

  /// Writes gen/N, owned by root, back-dated by some seconds: Postfix's daemons wait out
  /// configuration files younger than two seconds. Makes the instance's other folders where they
  /// are missing.
  virtual base::Result<void> stage(std::uint64_t generation, const std::vector<gateway::File>& files) = 0;
  /// Starts each smtpd of gen/N by hand as far as its greeting: finds errors of syntax.
  virtual base::Result<void> check(std::uint64_t generation) = 0;
  /// Puts gen/N in force, in one step, for what starts or reloads afterwards.
  virtual base::Result<void> switch_to(std::uint64_t generation) = 0;
  /// Name servers for Postfix's jailed daemons; empty: those of the host.
  virtual base::Result<void> resolver(const std::vector<std::string>& addresses) = 0;
  virtual base::Result<void> start() = 0;
  virtual base::Result<void> reload() = 0;
  virtual base::Result<void> stop() = 0;
  /// Whether Postfix's master of this instance runs.
  virtual base::Result<bool> running() = 0;
  /// Removes the generations before `oldest`.
  virtual base::Result<void> prune(std::uint64_t oldest) = 0;
  /// Rows of one lookup table, all or none; errors as hands::Tables::change. Root's, since Postfix's daemons open
  /// tables while they are root.
  virtual base::Result<void> table(const gateway::TableChange& change) = 0;
  /// A connection to the service "door" of the Postfix that runs, not blocking. Error io: it does not
  /// answer there.
  virtual base::Result<hands::Descriptor> door() = 0;
  /// The same to its service "showq", which lists the queue.
  virtual base::Result<hands::Descriptor> listing() = 0;
  /// How many messages lie in the queue now.
  virtual base::Result<hands::Queue> queue() = 0;
  /// Removes the tables that are not in `keep`.
  virtual base::Result<void> sweep(const std::vector<std::string>& keep) = 0;
};

}  // namespace postern::applier
