#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cluster/effects.h"
#include "cluster/fleet.h"
#include "sim/random.h"
#include "sim/timeline.h"

namespace postern::sim {

class World;

/// One thing an administrator wants committed, and all that he was told about it.
struct Request {
  std::string key;
  cluster::LocalCommit commit;
  std::size_t machine = 0;  ///< where it was handed in last
  std::set<std::size_t> tried_on;
  bool waiting = false;  ///< handed in, not answered yet
  Micros waiting_since = 0;
  bool settled = false;    ///< nobody will try it again
  bool committed = false;  ///< some machine said so
  base::Hash committed_as;
  unsigned tries = 0;
};

/// The people at the desks: they begin edits on what their machine shows, think, commit, rebase on a
/// conflict or give up, and try again what was not answered, here or elsewhere.
class Admins {
 public:
  Admins(World& world, Random random);

  void start();
  /// Stops beginning new edits; what is under way is brought to its end.
  void settle();
  void answered(std::size_t machine, const cluster::Answer& answer);
  void process_died(std::size_t machine);
  /// Several at once begin to edit the same registers and commit within moments of each other.
  void burst();
  /// Some begin to edit on one machine, and commit within moments.
  void busy(std::size_t machine);
  /// Islands write one register each; some leave an edit of it open until `back` and a while longer.
  void divided(Micros back);
  /// One deletes a user while another, who has not heard of it, changes him; later the first brings him back.
  void feud();
  /// Two delete all groups but one each, naming that one as successor: together they delete all.
  void end_of_groups();

  /// Nothing is under way.
  [[nodiscard]] bool idle() const;
  [[nodiscard]] const std::map<std::string, Request>& requests() const { return requests_; }

 private:
  using Items = std::vector<cluster::LocalCommit::Item>;

  void next_edit();
  /// Takes bases now, commits after a while of thinking.
  void edit(std::size_t machine, Items items, Micros think);
  [[nodiscard]] std::vector<std::size_t> awake() const;
  void hand_in(const std::string& key, std::size_t machine);
  void retry(Request& request);
  void keep_mine(const Request& request, const cluster::Answer& answer);
  [[nodiscard]] std::string new_key();

  [[nodiscard]] Items draw_items(std::size_t machine);
  [[nodiscard]] Items draw_settings(std::size_t machine);
  [[nodiscard]] Items draw_group(std::size_t machine);
  [[nodiscard]] Items draw_user(std::size_t machine);
  [[nodiscard]] Items draw_restore(std::size_t machine);
  [[nodiscard]] Items delete_all_but(const std::vector<cluster::Group>& groups, std::size_t kept) const;
  [[nodiscard]] Items restored(std::size_t machine, cluster::Space space, const base::Uuid& id);
  [[nodiscard]] cluster::LocalCommit::Item item(cluster::Register reg, std::string value) const;
  [[nodiscard]] std::string draw_value();
  void take_bases(std::size_t machine, Items& items) const;

  World& world_;
  Random random_;
  std::map<std::string, Request> requests_;
  std::uint64_t keys_drawn_ = 0;
  std::uint64_t values_drawn_ = 0;
  bool settling_ = false;
  std::size_t thinking_ = 0;
};

}  // namespace postern::sim
