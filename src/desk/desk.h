#pragma once

#include "desk/door/any_desk.h"
#include "desk/door/ports.h"
#include "schema/verdicts.h"

#include <memory>
#include <string>

namespace postern::desk {

struct State;

/// The one desk: sessions, modes, pending edits, checks, commits, permissions, commands.
/// Single-threaded. Speaks the protocol of docs/DESK.md: JSON-RPC 2.0, one message a line, both
/// ways.
class Desk final : public AnyDesk {
 public:
  /// `verdicts` is shared with the machine, which checks what is committed here once more.
  Desk(House& house, schema::Verdicts& verdicts);
  ~Desk() override;

  SessionId open_session(Who who, std::function<void(std::string line)> write, std::function<void()> hang_up) override;
  void close_session(SessionId session) override;
  void receive(SessionId session, std::string_view line) override;

  /// To be called after each peer step with what it changed: sessions of users whose rights changed
  /// end (contract 2.12), pending bases are compared at the next look.
  void state_changed(const std::vector<cluster::Register>& changed);
  void alerts(const std::vector<cluster::Alert>& alerts);
  /// To be called when the peer has done what there was to do: answers those who wait for a commit's progress, which
  /// changes no register.
  void progressed();
  /// Another member's desk asks (House::ask there). `answer` comes once, at once or later, with at most
  /// base::limits::ask_answer_bytes; what cannot be run is refused in it.
  void asked(const base::MemberId& from, std::string_view body, const std::function<void(std::string)>& answer);
  /// The peer is a new object (join): every session but `keep` ends; its mode is the login host's
  /// machine.
  void replaced(SessionId keep);

  /// Whether one more session of that user may begin; to be asked before a login gets one, not for the
  /// console. Error busy: the limit (base/limits.h) that is reached.
  [[nodiscard]] base::Result<void> room_for(const Who& who) const;

  /// Number of open sessions, for status.
  [[nodiscard]] std::size_t sessions() const;

 private:
  std::shared_ptr<State> state_;  ///< answers that come late look whether it still lives
};

}  // namespace postern::desk
