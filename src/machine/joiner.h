#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/join.h"
#include "desk/ports.h"
#include "machine/identity.h"
#include "transport/transport.h"

namespace postern::machine {

class Machine;

/// This machine joining a cluster over SSH (spec J4). Nothing here changes until the swap, which is one
/// transaction: dead before it, the machine is standalone as it was.
class JoinerSide {
 public:
  explicit JoinerSide(Machine& machine);
  ~JoinerSide();

  void dial(std::string address, std::uint16_t port,
            std::function<void(base::Result<desk::JoinOffer>)> done);
  void go(desk::JoinRequest request, std::function<void(std::string)> progress,
          std::function<void(base::Result<void>)> done);
  void cancel(std::uint64_t join);

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
  void finish(base::Result<void> result);
  void not_joined(const std::string& why);
  void watch();
  void swap();
  [[nodiscard]] base::Result<void> check_values(const cluster::Envelope& envelope, const cluster::Values& values) const;
  base::Result<std::unique_ptr<Swap>> prepare_swap();
  [[nodiscard]] base::Result<std::unique_ptr<cluster::Peer>> proved(const Swap& swap) const;
  [[nodiscard]] base::Result<void> check_membership(const cluster::Fleet& fleet, const base::MemberId& own) const;
  base::Result<void> author_first_commit(Swap& swap);
  base::Result<std::vector<cluster::LocalCommit::Item>> own_settings(const base::MemberId& member) const;
  base::Result<std::string> with_ccs(const std::string& interfaces) const;
  void swapped(std::unique_ptr<Swap> swap);

  Machine& machine_;
  std::unique_ptr<Attempt> attempt_;
  std::uint64_t next_join_ = 1;
};

}  // namespace postern::machine
