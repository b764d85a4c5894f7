#pragma once

#include "cluster/shares.h"
#include "commands/table.h"
#include "desk/door/any_desk.h"
#include "desk/door/pending.h"
#include "desk/door/ports.h"
#include "model/settings.h"
#include "protocol/wire.h"
#include "schema/verdicts.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Private to the room: the desk's books, and a call under way.
namespace postern::desk {

namespace json = boost::json;
using protocol::Params;

struct State;

struct Session {
  SessionId id = 0;
  Who who;
  std::function<void(std::string)> write;
  std::function<void()> hang_up;
  base::Mode mode;
  /// Head dots of role and passphrase when the session began (contract 2.12); empty for the
  /// console.
  std::vector<cluster::Dot> credential_dots;
  /// Its own change of its own credentials is under way: the end by 2.12 is not for the writer.
  bool writes_credentials = false;
  /// A user.passwd of this session is not answered yet: hashing is dear, so it is one at a time.
  bool changes_passphrase = false;
};

/// A refusal as a call gives it: the error and its data (docs/DESK.md, Errors).
struct Refused {
  base::Error error;
  json::object data;
};
template <class T>
using Checked = boost::system::result<T, Refused>;

/// One call under way. A copy may outlive session and desk: then answers go nowhere and state() is
/// null.
class Call {
 public:
  Call(State& state, SessionId session, json::value id);

  void answer(json::value result) const;
  void refuse(const base::Error& error, json::object data = {}) const;
  void refuse(const Refused& refused) const { refuse(refused.error, refused.data); }
  void progress(std::string text) const;
  /// The session and the desk that it belongs to, or null when either is gone.
  [[nodiscard]] State* state() const;
  [[nodiscard]] Session* session() const;
  [[nodiscard]] SessionId session_id() const { return session_; }

 private:
  void send(std::string line) const;

  /// Counts among its user's open calls, until it is answered or nobody can answer it any more: not until its session
  /// ends, for what was begun goes on.
  struct Open;
  std::weak_ptr<State> state_;
  SessionId session_;
  json::value id_;
  std::shared_ptr<Open> open_;
};

/// A commit.wait: answered when the commit is settled everywhere it can be, or when its time is up.
struct Wait {
  Call call;
  base::Hash commit;
};

/// A commit.detail whose values the store is to give.
struct Detail {
  Call call;
  base::Hash commit;
  std::vector<base::Hash> wanted;
};

/// What another member's questions may write into the log.
struct AskLog {
  cluster::Pace pace{32, 1'000};
  std::uint64_t left_out = 0;
};

class DeskSite;

struct State : std::enable_shared_from_this<State> {
  State(House& the_house, schema::Verdicts& the_verdicts)
      : house(the_house), schema(the_verdicts.schema()), commands(schema), verdicts(the_verdicts) {}

  House& house;
  const schema::Schema& schema;
  const postern::commands::Table commands;
  schema::Verdicts& verdicts;
  std::map<SessionId, Session> sessions;
  SessionId next_session = 1;
  std::map<std::string, Pending> pending;              ///< by pending_key
  std::map<std::uint64_t, Wait> waits;                 ///< commit.wait calls that are not answered yet
  std::map<base::UserId, std::deque<Detail>> details;  ///< none is empty; the first is at the store
  std::uint64_t last_wait = 0;
  std::vector<std::string> start_notes;  ///< stored pending sets that could not be read
  std::uint64_t calls = 0;
  std::map<base::UserId, std::size_t> asking;  ///< questions to other machines under way; none is 0
  std::map<base::MemberId, AskLog> ask_logs;
  std::shared_ptr<DeskSite> site;                                          ///< what commands see that run here
  std::map<std::pair<base::UserId, std::string>, std::size_t> open_calls;  ///< of a user, none is 0: see calls_per_user

  [[nodiscard]] const cluster::Peer& peer() const { return house.peer(); }
  [[nodiscard]] const cluster::Fleet& fleet() const { return house.peer().fleet(); }
  [[nodiscard]] base::Mode own_mode() const { return {base::Level::machine, house.peer().self().member.uuid}; }
};

using Handler = void (*)(State&, Session&, const Call&, Params&);
/// Who may call it stands in rights.h.
struct Method {
  const char* name;
  Handler run;
};
/// Each subject's methods, in its own file.
const std::vector<Method>& session_methods();
const std::vector<Method>& feature_methods();
const std::vector<Method>& change_methods();
const std::vector<Method>& commit_methods();
const std::vector<Method>& history_methods();
const std::vector<Method>& cluster_methods();
const std::vector<Method>& join_methods();
const std::vector<Method>& user_methods();
const std::vector<Method>& status_methods();
const std::vector<Method>& setup_methods();
const std::vector<Method>& run_methods();

// sessions.cpp
/// Rights now, not those at login: read at each command (contract 2.12). The console has its own.
cluster::Role role_of(const State& state, const Session& session);
/// Head dots of the session's user's role and passphrase now; empty for the console and a user that is no more.
std::vector<cluster::Dot> credentials_now(const State& state, const Session& session);
/// Ends the session when its user's role or passphrase is not what it began with (contract 2.12). True if so.
bool end_if_stale(State& state, SessionId session);
void end_session(State& state, SessionId session, const std::string& text);
void notify(const Session& session, const std::string& text);
/// Sessions of the same user, without this one.
std::size_t other_sessions(const State& state, const Session& session);

/// (user, login host): whose pending set this is (spec C6).
std::string pending_key(const State& state, const Session& session);
/// Here, of that user; of a nil one, which is a console, by the name it has here.
std::string pending_key(const State& state, const base::UserId& user, const std::string& name);
/// The session's pending set; made when there is none.
Pending& pending_of(State& state, const Session& session);
const Pending* find_pending(const State& state, const Session& session);
/// Stores the set as it is now; then runs `done`, with the error when it could not be stored (and
/// the set is as `before` again, unless it has changed since).
void save_pending(State& state, const std::string& key, Pending before, std::function<void(base::Result<void>)> done);
/// An error when this user's commit is under way: its pending set must not change meanwhile.
std::optional<base::Error> pending_busy(const State& state, const Session& session);

/// 32 random hex digits.
std::string fresh_key(State& state);
base::Uuid fresh_uuid(State& state);
/// "Wed Jun 22 10:02:04 2005 PDT", the source's form, in the machine's time zone.
std::string time_text(std::int64_t wall_ms);

/// The command of that name, in this version. Errors: not_found, unsupported.
base::Result<const commands::Command*> built_command(const State& state, std::string_view name);

// history.cpp
/// Answers each commit.wait whose commit has settled.
void answer_waits(State& state);

}  // namespace postern::desk
