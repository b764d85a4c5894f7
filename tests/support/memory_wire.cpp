#include <algorithm>

#include "support/memory_fleet.h"

/// What goes over the wires of a MemoryFleet: at once, or as fast as a slow line takes it.
namespace postern::support {

void MemoryFleet::slow(const std::string& a, const std::string& b, std::uint64_t bytes_per_ms) {
  const auto pair = std::minmax(a, b);
  rates_[{pair.first, pair.second}] = bytes_per_ms;
}

transport::ConnectionId MemoryFleet::link(const std::string& a, const std::string& b) const {
  for (const auto& [id, wire] : wires_)
    if (wire.up && !wire.join && std::minmax(wire.ends[0]->host_name_, wire.ends[1]->host_name_) == std::minmax(a, b)) return id;
  return 0;
}

/// When the last of those bytes is at the other end, behind all that goes before them.
std::int64_t MemoryFleet::arrival_ms(const Wire& wire, Way& way, std::size_t bytes) {
  const auto pair = std::minmax(wire.ends[0]->host_name_, wire.ends[1]->host_name_);
  const auto rate = rates_.find({pair.first, pair.second});
  const auto begin = std::max(way.free_at_ms, now_.mono_ms);
  const bool bounded = rate != rates_.end() && rate->second != 0;
  way.free_at_ms = begin + (bounded ? static_cast<std::int64_t>(bytes / rate->second) : 0);
  return way.free_at_ms + 1;
}

void MemoryFleet::carry(MemoryWorld& from, transport::ConnectionId connection, std::string message) {
  const auto found = wires_.find(connection);
  if (found == wires_.end()) return;
  if (tamper && found->second.join) tamper(from.host_name_, message);
  if (tamper_links && !found->second.join) tamper_links(from.host_name_, message);
  if (message.empty()) return;
  Way& way = found->second.ways[found->second.ends[0] == &from ? 0 : 1];
  way.queued += message.size();
  most_queued = std::max(most_queued, way.queued);
  bytes_sent += message.size();
  ++messages_sent;
  if (way.queued > queue_bytes) {
    ++closed_as_slow;
    return at(0, [this, connection] { close_wire(connection, "it is too slow"); });
  }
  const auto wait = arrival_ms(found->second, way, message.size()) - now_.mono_ms;
  at(wait, [this, &from, connection, message = std::move(message)] { arrived(from, connection, message); });
}

void MemoryFleet::arrived(MemoryWorld& from, transport::ConnectionId connection, const std::string& message) {
  const auto found = wires_.find(connection);
  if (found == wires_.end()) return;
  const std::size_t side = found->second.ends[0] == &from ? 0 : 1;
  Way& way = found->second.ways[side];
  way.queued -= message.size();
  tell_drained(way);
  auto* other = found->second.ends[1 - side];
  if (!found->second.up || other == nullptr || other->machine == nullptr) return;
  if (found->second.join)
    other->machine->join_message(connection, message);
  else
    other->machine->link_message(connection, message);
}

void MemoryFleet::tell_drained(Way& way) {
  std::vector<Way::Wait> reached;
  std::erase_if(way.waits, [&](Way::Wait& wait) {
    if (wait.bytes < way.queued) return false;
    reached.push_back(std::move(wait));
    return true;
  });
  for (const auto& wait : reached) wait.then();
}

void MemoryWorld::send(transport::ConnectionId connection, std::string message) {
  fleet_.carry(*this, connection, std::move(message));
}

void MemoryWorld::when_drained(transport::ConnectionId connection, std::size_t bytes, std::function<void()> then) {
  const auto found = fleet_.wires_.find(connection);
  if (found == fleet_.wires_.end()) return;
  auto& way = found->second.ways[found->second.ends[0] == this ? 0 : 1];
  way.waits.push_back({bytes, [this, then = std::move(then)] { after(0, then); }});
  MemoryFleet::tell_drained(way);
}

/// What was sent before goes out first.
void MemoryWorld::close(transport::ConnectionId connection, std::string reason) {
  closed[connection] = reason;
  const auto found = fleet_.wires_.find(connection);
  if (found == fleet_.wires_.end()) return;
  const auto& way = found->second.ways[found->second.ends[0] == this ? 0 : 1];
  const auto wait = std::max<std::int64_t>(0, way.free_at_ms - fleet_.now_.mono_ms) + 1;
  fleet_.at(wait, [this, connection, reason = std::move(reason)] { fleet_.close_wire(connection, reason); });
}

}  // namespace postern::support
