#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/join.h"
#include "desk/door/any_desk.h"
#include "desk/door/ports.h"
#include "machine/world/identity.h"
#include "machine/world/terms.h"
#include "machine/world/truth.h"
#include "machine/world/world.h"
#include "schema/schema.h"

namespace postern::machine {

class OwnSettings;

/// This machine joining a cluster over SSH (spec J4). Nothing here changes until the swap, which is one
/// transaction: dead before it, the machine is standalone as it was.
class JoinerSide {
 public:
  /// All outlive it. `become` makes this machine the member that it is after the swap, for the session that asked.
  struct Parts {
    World& world;
    const schema::Schema& schema;
    const Terms& terms;
    Truth& truth;
    const OwnSettings& settings;
    std::map<std::string, std::string>& notes;  ///< the store's
    std::function<void(Identity, std::unique_ptr<cluster::Peer>, desk::SessionId)> become;
  };
  explicit JoinerSide(Parts parts);
  ~JoinerSide();

  void dial(std::string address, std::uint16_t port, std::function<void(base::Result<desk::JoinOffer>)> done);
  void go(desk::JoinRequest request, std::function<void(std::string)> progress, std::function<void(base::Result<void>)> done);
  void cancel(std::uint64_t join);

  /// Its connection to the cluster is that one.
  [[nodiscard]] bool has(transport::ConnectionId connection) const;
  /// The cluster's settings are being written in place of the own ones.
  [[nodiscard]] bool swapping() const;

  void receive(transport::ConnectionId connection, cluster::JoinFrame frame);
  void closed(transport::ConnectionId connection, const std::string& reason);

 private:
  struct Attempt;
  struct Swap;

  [[nodiscard]] cluster::JoinFrame request() const;
  void take(const cluster::JoinOffer& offer);
  void take(cluster::JoinPart part);
  [[nodiscard]] base::Result<void> check_standalone() const;
  void finish(base::Result<void> result);
  void not_joined(const std::string& why);
  void watch();
  void begin_swap();
  void swap();
  [[nodiscard]] base::Result<void> check_values(const cluster::Envelope& envelope, const cluster::Values& values) const;
  base::Result<std::unique_ptr<Swap>> prepare_swap();
  [[nodiscard]] base::Result<std::unique_ptr<cluster::Peer>> proved(const Swap& swap) const;
  [[nodiscard]] base::Result<void> check_membership(const cluster::Fleet& fleet, const base::MemberId& own) const;
  base::Result<void> author_first_commit(Swap& swap);
  base::Result<std::vector<cluster::LocalCommit::Item>> own_settings(const base::MemberId& member) const;
  base::Result<std::string> with_ccs(const std::string& interfaces) const;
  void take_notes(const Notes& written);
  void swapped(std::unique_ptr<Swap> swap);

  const Parts parts_;
  std::unique_ptr<Attempt> attempt_;
  std::uint64_t next_join_ = 1;
};

}  // namespace postern::machine
