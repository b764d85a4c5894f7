#include "transport/hub.h"

#include "transport/connection.h"

#include <fmt/format.h>

#include <utility>

namespace postern::transport {

std::string Admission::enter(const std::string& source, bool machine_only) {
  const std::scoped_lock lock(mutex_);
  auto& pot = machine_only ? machines_ : people_;
  if (pot.total >= limits_.preauth_total) {
    return fmt::format("{} connections are logging in already", pot.total);
  }
  const auto found = pot.sources.find(source);
  const int here = found == pot.sources.end() ? 0 : found->second;
  if (here >= limits_.preauth_per_source) {
    return fmt::format("{} connections of this source are logging in already", here);
  }
  pot.sources[source] = here + 1;
  ++pot.total;
  return {};
}

void Admission::leave(const std::string& source, bool machine_only) {
  const std::scoped_lock lock(mutex_);
  auto& pot = machine_only ? machines_ : people_;
  const auto here = pot.sources.find(source);
  if (here == pot.sources.end()) return;
  if (--here->second == 0) pot.sources.erase(here);
  --pot.total;
}

bool Admission::enter_administrator() {
  const std::scoped_lock lock(mutex_);
  if (administrators_ >= limits_.admin_sessions) return false;
  ++administrators_;
  return true;
}

void Admission::leave_administrator() {
  const std::scoped_lock lock(mutex_);
  --administrators_;
}

void Hub::add(const std::shared_ptr<Connection>& connection) {
  const std::scoped_lock lock(mutex_);
  connections_.emplace(connection->id(), connection);
}

void Hub::remove(ConnectionId id) {
  std::shared_ptr<Connection> gone;  // freed after the lock
  const std::scoped_lock lock(mutex_);
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  gone = std::move(found->second);
  connections_.erase(found);
}

std::shared_ptr<Connection> Hub::find(ConnectionId id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Connection>> Hub::all() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<Connection>> list;
  for (const auto& [id, connection] : connections_) list.push_back(connection);
  return list;
}

Hub::Ways Hub::ways() const {
  const std::scoped_lock lock(mutex_);
  return ways_;
}

void Hub::set_ways(Ways ways) {
  const std::scoped_lock lock(mutex_);
  ways_ = std::move(ways);
}

}  // namespace postern::transport
