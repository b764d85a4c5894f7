#include <algorithm>
#include <utility>

#include "machine/links/links.h"

/// Stored commits for another machine: in the order asked for, and read only as fast as the wire takes them.
namespace postern::machine {
namespace {

constexpr std::size_t part_bytes = 512U << 10;
constexpr std::ptrdiff_t part_commits = 4096;
/// The next part is read when less than this waits for the link. Pings and new commits wait behind what is queued,
/// so that more than fills the pipe while the next part is read would only delay them.
constexpr std::size_t ahead_bytes = 128U << 10;

}  // namespace

/// What is on its way already is not sent twice: on a slow line a round is tried again before it has arrived.
void Links::ship(const cluster::ShipCommits& round) {
  const auto found = links_.find(round.link);
  if (found == links_.end()) return;
  Link& link = found->second;
  for (const auto& hash : round.commits)
    if (link.on_their_way.insert(hash).second) link.to_ship.push_back(hash);
  if (!link.shipping) ship_part(round.link, link);
}

void Links::ship_part(transport::ConnectionId connection, Link& link) {
  link.shipping = !link.to_ship.empty();
  if (!link.shipping) return;
  const auto count = std::min(part_commits, std::ssize(link.to_ship));
  std::vector<base::Hash> next(link.to_ship.begin(), link.to_ship.begin() + count);
  world_.read_commits(next, part_bytes, [this, connection, next](base::Result<World::Items> items) {
    shipped_part(connection, next, std::move(items));
  });
}

/// A link that is gone takes with it what it had still to ship.
void Links::shipped_part(transport::ConnectionId connection, std::vector<base::Hash> asked, base::Result<World::Items> items) {
  const auto found = links_.find(connection);
  if (found == links_.end()) return;
  if (!items) world_.log("error", "cannot read commits to ship: " + to_text(items.error()));
  // One that the store does not have is passed over; of what it cannot read, nothing follows: the peer tries again.
  const std::size_t done = !items ? asked.size() : std::max<std::size_t>(1, items->size());
  asked.resize(done);
  auto& waiting = found->second.to_ship;
  waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(done));
  if (items && !items->empty()) world_.send(connection, cluster::encode(cluster::Ship{std::move(*items), false}));
  world_.when_drained(connection, ahead_bytes, [this, connection, asked = std::move(asked)] {
    const auto still = links_.find(connection);
    if (still == links_.end()) return;
    for (const auto& hash : asked) still->second.on_their_way.erase(hash);
    ship_part(connection, still->second);
  });
}

}  // namespace postern::machine
