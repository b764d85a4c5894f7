#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/effects.h"
#include "desk/door/ports.h"
#include "machine/plane/own_settings.h"
#include "machine/world/truth.h"
#include "machine/world/world.h"
#include "transport/transport.h"

namespace postern::machine {

/// Links to the other machines: which key is which member, who dials whom and where, what is still to be shipped over each;
/// and what the transport listens on, by this machine's own settings.
class Links {
 public:
  /// All of it must outlive this.
  struct Parts {
    World& world;
    Truth& truth;
    OwnSettings& settings;
    const std::string& bind_address;  ///< empty: the system chooses
    std::int64_t dial_back_ms;        ///< the higher member id dials after this long without a link
  };
  explicit Links(const Parts& parts);

  // From the transport.
  void up(transport::ConnectionId connection, const std::string& peer_key, bool we_dialed);
  void message(transport::ConnectionId connection, const std::string& bytes);
  void down(transport::ConnectionId connection);

  /// Sends those of its commits that are not on their way, as fast as the link takes them.
  void ship(const cluster::ShipCommits& round);
  /// Ends all.
  void drop(const std::string& reason);
  /// Tells the transport what to listen on and whom to dial, where that has changed.
  void refresh();
  /// Of every member, with its names looked up.
  void status(std::function<void(std::vector<desk::LinkStatus>)> done);
  /// Another member with that host key, or user key; null: there is none.
  [[nodiscard]] const cluster::Member* member_by_key(const std::string& key, bool host_key) const;

 private:
  struct Link {
    base::MemberId member;
    bool we_dialed = false;
    std::string key;                    ///< that it showed: its host key when we dialed, else its user key
    bool shipping = false;              ///< a part is being read, or not far enough on its way
    std::deque<base::Hash> to_ship;     ///< commits asked for, in order
    std::set<base::Hash> on_their_way;  ///< those, and those of the part that goes out now
  };
  struct Look;

  void take_link(transport::ConnectionId connection, const base::MemberId& member, const std::string& key, bool we_dialed);
  void say_who(transport::ConnectionId connection, const base::MemberId& member);
  [[nodiscard]] std::vector<transport::Target> targets();
  [[nodiscard]] transport::Target target(const cluster::Member& member);
  [[nodiscard]] std::uint16_t dial_port(const cluster::Member& member);
  void schedule_dial_back();

  // ship.cpp
  void ship_part(transport::ConnectionId connection, Link& link);
  void shipped_part(transport::ConnectionId connection, std::vector<base::Hash> asked, base::Result<World::Items> items);

  World& world_;
  Truth& truth_;
  OwnSettings& settings_;
  const std::string& bind_address_;
  const std::int64_t dial_back_ms_;
  std::map<transport::ConnectionId, Link> links_;  ///< no connection's number is used twice
  std::weak_ptr<Look> look_;                       ///< as long as it is under way
  /// Where a member's own interfaces take SSH, by the text that says so: read once per text, not per change.
  std::map<base::MemberId, std::pair<model::Text, std::optional<std::uint16_t>>> dial_ports_;
  transport::Setup set_up_;
  bool dial_back_ = false;
  std::uint64_t dial_back_round_ = 0;
  std::size_t known_members_ = 0;
};

}  // namespace postern::machine
