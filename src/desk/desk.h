#pragma once

#include "cluster/fleet.h"
#include "desk/ports.h"
#include "schema/verdicts.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace postern::desk {

using SessionId = std::uint64_t;
struct State;

/// Who sits at the desk: fixed by whoever accepted the connection, never by the client (design §2).
struct Who {
  base::UserId user;
  std::string name;  ///< "admin"; "console" for uid 0
  cluster::Role role = cluster::Role::none;
  std::string source;  ///< "ssh 127.0.0.1:50022", "console"
  bool interactive = false;
};

/// The one desk: sessions, modes, pending edits, checks, commits, permissions, commands.
/// Single-threaded. Speaks the protocol of docs/DESK.md: JSON-RPC 2.0, one message a line, both
/// ways.
class Desk {
 public:
  /// `verdicts` is shared with the machine, which checks what is committed here once more.
  Desk(House& house, schema::Verdicts& verdicts);
  ~Desk();

  /// `write` sends one line (without newline) to that session's client; valid until close_session.
  SessionId open_session(Who who, std::function<void(std::string line)> write,
                         std::function<void()> hang_up);
  void close_session(SessionId session);
  /// One request line from the client. Answers may come later, out of order, and notifications
  /// between.
  void receive(SessionId session, std::string_view line);

  /// To be called after each peer step with what it changed: sessions of users whose rights changed
  /// end (contract 2.12), pending bases are compared at the next look.
  void state_changed(const std::vector<cluster::Register>& changed);
  void alerts(const std::vector<cluster::Alert>& alerts);
  /// To be called when the peer has done what there was to do: answers those who wait for a commit's progress, which
  /// changes no register.
  void progressed();
  /// The peer is a new object (join): every session but `keep` ends; its mode is the login host's
  /// machine.
  void replaced(SessionId keep);

  /// Number of open sessions, for status.
  [[nodiscard]] std::size_t sessions() const;

 private:
  std::shared_ptr<State> state_;  ///< answers that come late look whether it still lives
};

}  // namespace postern::desk
