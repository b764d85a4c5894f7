#pragma once

#include "transport/admission.h"
#include "transport/loop.h"
#include "transport/transport.h"
#include "transport/turns.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace postern::transport {

class Connection;

/// What every connection shares. Outlives them all.
struct Hub {
  Hub(Keys keys_in, Limits limits_in, Handlers handlers_in)
      : keys(std::move(keys_in)), limits(limits_in), handlers(std::move(handlers_in)) {}

  Loop loop{2};  // first: destroyed last, and with it callbacks that were never run
  Loop waiting_loop{1};
  const Strand waiting = waiting_loop.strand();  ///< for calls that may block, one after another
  const Keys keys;
  const Limits limits;
  const Handlers handlers;
  Admission admission{limits};
  Turns turns{static_cast<std::size_t>(limits.preauth_total) * 4};  ///< of connections not logged in
  std::atomic<bool> stopping{false};                                ///< the owner is in ~Transport: tell it nothing more
  std::atomic<ConnectionId> last_id{0};
  std::atomic<std::uint64_t> links{0}, sessions{0}, refused{0}, bytes_in{0}, bytes_out{0};

  void log(const char* level, std::string text) const {
    if (handlers.log && !stopping) handlers.log(level, std::move(text), {});
  }
  /// What somebody who is not logged in has caused; `address` as in base::Source.
  void log_stranger(const std::string& address, const char* level, std::string text) const {
    if (handlers.log && !stopping) handlers.log(level, std::move(text), address);
  }

  void tell_login_ended(ConnectionId id) const {
    if (handlers.login_ended && !stopping) handlers.login_ended(id);
  }

  void add(const std::shared_ptr<Connection>& connection);
  void remove(ConnectionId id);
  std::shared_ptr<Connection> find(ConnectionId id) const;
  std::vector<std::shared_ptr<Connection>> all() const;

  /// The part of Setup that dialing needs, as it is now.
  struct Ways {
    std::string bind_address;
    std::vector<std::string> dns_servers;
  };
  Ways ways() const;
  void set_ways(Ways ways);

 private:
  mutable std::mutex mutex_;
  std::map<ConnectionId, std::shared_ptr<Connection>> connections_;
  Ways ways_;
};

}  // namespace postern::transport
