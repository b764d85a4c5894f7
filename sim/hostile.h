#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cluster/message.h"
#include "sim/random.h"

namespace postern::sim {

class World;

/// A member with a good key that sends the others what it likes: it has the key of one of the machines, and speaks
/// on that machine's links. What may be taken of what it signs stands in the ledger; the rest must be refused.
class Hostile {
 public:
  Hostile(World& world, Random random);
  /// One attack on one machine.
  void strike();
  /// To what the victim asked last, in the name of the machine that it asked.
  void answer_for(std::size_t author, std::size_t victim);

 private:
  using Items = std::vector<cluster::Ship::Item>;
  void flood(std::size_t author, std::size_t victim);
  void invalid(std::size_t author, std::size_t victim);
  void impersonate(std::size_t author, std::size_t victim, cluster::Header admission);
  void half_chain(std::size_t author, std::size_t victim);
  void vouch(std::size_t author, std::size_t victim);
  void reuse_key(std::size_t author, std::size_t victim);
  void ask_for(std::size_t author, std::size_t victim);
  void send_signed(std::size_t author, std::size_t victim, cluster::Relay what);
  [[nodiscard]] std::optional<cluster::Header> first(std::size_t author);
  cluster::Ship::Item sign(std::size_t author, const cluster::Header& header, bool enters);
  void send(std::size_t author, std::size_t victim, Items items);

  World& world_;
  Random random_;
};

}  // namespace postern::sim
