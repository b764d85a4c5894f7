#pragma once

#include "cluster/fleet.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace postern::desk {

using SessionId = std::uint64_t;

/// Who sits at the desk: fixed by whoever accepted the connection, never by the client.
struct Who {
  base::UserId user;
  std::string name;  ///< "admin"; "console" for uid 0
  cluster::Role role = cluster::Role::none;
  std::string source;  ///< "ssh 127.0.0.1:50022", "console"
  bool interactive = false;
  std::string door = {};  ///< of SSH that it came in by: "127.0.0.1:22"; else empty
};

/// What a client's line can sit at: the desk of a machine, or that of one which is not set up. Both
/// speak the protocol of docs/DESK.md: JSON-RPC 2.0, one message a line, both ways.
class AnyDesk {
 public:
  virtual ~AnyDesk() = default;

  /// `write` sends one line (without newline) to that session's client; valid until close_session.
  virtual SessionId open_session(Who who, std::function<void(std::string line)> write, std::function<void()> hang_up) = 0;
  virtual void close_session(SessionId session) = 0;
  /// One request line from the client. Answers may come later, out of order, and notifications
  /// between.
  virtual void receive(SessionId session, std::string_view line) = 0;
};

}  // namespace postern::desk
