#pragma once

#include "base/result.h"
#include "transport/hub.h"
#include "transport/ssh_handles.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace postern::transport {

/// The listening ports.
class Ports {
 public:
  /// Errors: invalid host key.
  static base::Result<std::unique_ptr<Ports>> make(Hub& hub);
  Ports(Hub& hub, BindHandle admin, BindHandle machine);
  ~Ports();

  /// Replaces the list; waits for its strand, so not from a transport thread. Errors: io, naming
  /// every port that cannot be bound.
  base::Result<void> set(const std::vector<Port>& ports);
  /// After the loop has stopped.
  void close_all() { open_.clear(); }

 private:
  struct Listener {
    std::unique_ptr<Watch> watch;
    std::unique_ptr<Timer> pause;
    bool admin_logins = true;
  };
  using Place = std::pair<std::string, std::uint16_t>;

  std::string replace(const std::vector<Port>& ports);
  void listen(const Place& place, Listener& listener);
  void accept(const Place& place);
  void welcome(int fd, bool admin_logins);
  void close_overdue();

  Hub& hub_;
  const Strand strand_;
  const BindHandle admin_;
  const BindHandle machine_;
  std::map<Place, Listener> open_;
  Timer overdue_;
};

}  // namespace postern::transport
