#include "transport/hub.h"

#include "transport/connection.h"

#include <utility>

namespace postern::transport {

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
