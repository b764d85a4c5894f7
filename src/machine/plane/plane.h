#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gateway/plan.h"
#include "machine/plane/mail.h"
#include "machine/plane/own_settings.h"
#include "machine/world/truth.h"
#include "machine/world/world.h"

namespace postern::machine {

/// The data plane of one machine: settings in effect become a plan, the plan is put in force, and the peer is told which
/// commits that covers. Tries again what was refused, after 10 s to 5 min.
class Plane {
 public:
  /// What it is made of; all of it must outlive this.
  struct Parts {
    World& world;
    const schema::Schema& schema;
    const gateway::Facts& facts;  ///< without host name and addresses
    Truth& truth;
    OwnSettings& settings;
    std::map<std::string, std::string>& notes;  ///< the store's
  };
  explicit Plane(const Parts& parts);

  /// Plans and applies what is in effect now.
  void settle();
  /// The same; `done` when what comes of it is applied or refused.
  void replan(std::function<void()> done);
  /// The peer is another one: what is under way covers none of its commits.
  void replaced();
  /// What the applier found by itself: something is broken, or mended, or proved at last.
  void changed(const applier::Outcome& outcome);
  Mail& mail() { return mail_; }

 private:
  const std::vector<std::string>& addresses_now(const model::Tree& interfaces);
  void apply(const model::Mix& mix);
  /// A plan that was handed to the applier.
  struct Handed {
    model::Mix mix;
    cluster::Vector covers;
    std::uint64_t epoch = 0;
    std::vector<gateway::ListenerState> listeners;
  };
  void applied(const applier::Outcome& outcome, Handed handed);
  void retry_later();

  World& world_;
  const schema::Schema& schema_;
  const gateway::Facts& facts_;
  Truth& truth_;
  OwnSettings& settings_;
  std::vector<std::string> addresses_;  ///< of this host, sorted
  model::Tree addresses_for_;           ///< the interfaces that they were asked for
  std::int64_t addresses_until_ms_ = 0;
  gateway::Plan plan_;
  std::vector<std::function<void()>> replanned_;  ///< told when no apply is under way any more
  unsigned applying_ = 0;                         ///< plans handed to the applier and not answered yet
  cluster::Vector in_force_;                      ///< commits that the data plane runs whole: only these are told as applied
  std::uint64_t epoch_ = 1;                       ///< grows with each peer: what an older apply covers is void
  bool planned_ = false;
  bool refused_ = false;       ///< the applier could not bring the last plan in force
  std::int64_t retry_ms_ = 0;  ///< the pause before the try that is due; 0: none was needed
  std::uint64_t retry_round_ = 0;
  Mail mail_;
};

}  // namespace postern::machine
