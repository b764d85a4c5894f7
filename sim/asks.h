#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "cluster/effects.h"
#include "sim/random.h"
#include "sim/timeline.h"

namespace postern::sim {

class World;

/// Machines that ask each other, and what their desks would answer: who answers, and what was asked. The laws heard, told and
/// reached (docs/SIMULATOR.md) are judged here.
class Asks {
 public:
  Asks(World& world, Random random);

  void start();
  /// Nobody asks by chance any more.
  void settle() { over_ = true; }
  void told(std::size_t machine, const cluster::Told& told);
  void asked(std::size_t machine, const cluster::Asked& asked);
  /// Before a machine's message goes out.
  void sent(std::size_t machine, const cluster::Message& message);
  /// It goes on under the nonce that it had, and has forgotten what it heard and asked since.
  void went_on(std::size_t machine) { forgetful_.insert(machine); }
  void started_anew(std::size_t machine) { forgetful_.erase(machine); }

  /// When all is healed and quiet: everybody asks everybody over their links, and two whose link is cut over the others.
  void at_quiet_end();
  /// The last question of a machine as it signed it, for who would answer in another's name.
  [[nodiscard]] std::optional<cluster::Relay> last_of(std::size_t machine) const;

 private:
  struct Question {
    std::size_t asker = 0;
    std::uint64_t life = 0;  ///< of the asker
    std::size_t target = 0;
    Micros when = 0;
    bool heard = false;
    bool told = false;
    bool answered = false;
  };

  void next();
  cluster::AskId ask(std::size_t asker, std::size_t target);
  void reply(std::size_t machine, const cluster::Asked& asked);
  void check_told();
  void check_reached(const std::vector<cluster::AskId>& asks, const char* how);
  void over_others();
  [[nodiscard]] bool linked(std::size_t a, std::size_t b) const;
  void broken(const char* law, std::string text);

  World& world_;
  Random random_;
  bool over_ = false;
  bool prompt_ = false;  ///< everybody answers at once
  cluster::AskId last_ = 0;
  std::map<cluster::AskId, Question> questions_;
  std::map<std::size_t, cluster::Relay> last_sent_;
  std::set<std::size_t> forgetful_;
};

}  // namespace postern::sim
