#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/event.h"
#include "sim/random.h"
#include "sim/timeline.h"

namespace postern::sim {

class World;

/// Paths and links between machines. A path is one direction between two machines: open or cut, with a
/// delay. A link is what SSH gives: messages of one direction arrive in order; while the path is cut they
/// wait (TCP sends them again); a reset loses what is in flight. Either end may learn of the other's end late
/// or, with a cut path, not at all until the path is back.
class Network {
 public:
  Network(World& world, std::size_t machines, Random random);

  /// Begins to dial: every pair that lacks a link tries again and again.
  void start();
  void send(cluster::LinkId id, std::size_t from, std::string bytes);
  /// The process at `from` closes its end, what it has sent arrives still.
  void close(cluster::LinkId id, std::size_t from);
  /// All ends of a process that died. `silent`: a power cut, so that nobody tells the others, who find out
  /// after a while.
  void process_died(std::size_t machine, bool silent);
  /// Ends one link between the two at once, losing what is in flight.
  void reset(std::size_t a, std::size_t b);

  void set_cut(std::size_t from, std::size_t to, bool cut);
  [[nodiscard]] bool is_cut(std::size_t from, std::size_t to) const { return path(from, to).cut; }
  void heal_all();
  /// The longest that a message may take on any path that is not cut.
  [[nodiscard]] Micros slowest() const;
  /// No more replays, truncations and forgeries from now on.
  void behave() { behaves_ = true; }
  /// On a link between the two that is open at `to`, as if the process at `from` had sent it.
  void inject(std::size_t from, std::size_t to, const cluster::Message& message);
  /// Messages on their way or waiting, over all links; and the most that one direction ever had.
  [[nodiscard]] std::size_t in_flight() const;
  [[nodiscard]] std::size_t deepest() const { return deepest_; }
  /// Bytes handed to the network since the beginning.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct Path {
    bool cut = false;
    Micros delay_low = 0;
    Micros delay_high = 0;
  };
  struct Lane {  ///< one direction of one link
    Micros last_due = 0;
    std::uint64_t epoch = 0;  ///< what was sent before a reset never arrives
    std::size_t flying = 0;
    std::deque<std::optional<std::string>> held;  ///< waiting for the path; nothing = the end of the link
    std::deque<std::string> recent;               ///< for replays
  };
  struct Link {
    std::array<std::size_t, 2> machine{};
    std::array<cluster::LinkId, 2> id{};
    std::array<bool, 2> open{true, true};
    std::array<Lane, 2> lane;  ///< lane[k] leads to end k
  };

  Path& path(std::size_t from, std::size_t to) { return paths_[from * machines_ + to]; }
  [[nodiscard]] const Path& path(std::size_t from, std::size_t to) const { return paths_[from * machines_ + to]; }
  void draw_delays(std::size_t a, std::size_t b);
  void dial_later(std::size_t a, std::size_t b);
  void dial(std::size_t a, std::size_t b);
  void establish(std::size_t a, std::size_t b);
  [[nodiscard]] bool reachable(std::size_t a, std::size_t b) const;
  [[nodiscard]] bool both_have_link(std::size_t a, std::size_t b) const;
  [[nodiscard]] std::size_t end_of(cluster::LinkId id) const { return id % 2; }
  Link& link_of(cluster::LinkId id) { return *links_[static_cast<std::size_t>(id / 2 - 1)]; }

  void put(std::size_t link, std::size_t to_end, std::optional<std::string> bytes);
  void arrive(std::size_t link, std::size_t to_end, std::optional<std::string> bytes);
  void deliver(std::size_t link, std::size_t to_end, std::optional<std::string> bytes);
  void drain(std::size_t link, std::size_t to_end);
  void learn_end(std::size_t link, std::size_t end);
  void lose_lane(Lane& lane);
  void disturb(std::size_t link, std::size_t to_end, const std::string& bytes);
  void forge(std::size_t link, std::size_t to_end, const std::string& bytes);
  std::optional<cluster::Ship::Item> broken_chain(std::size_t author, std::size_t to);

  World& world_;
  std::size_t machines_;
  Random random_;
  std::vector<Path> paths_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::size_t> living_;  ///< links with an open end
  bool behaves_ = false;
  std::size_t deepest_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace postern::sim
