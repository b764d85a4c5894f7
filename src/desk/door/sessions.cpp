#include "commands/site.h"
#include "desk/door/modes.h"
#include "desk/door/rights.h"

#include <fmt/format.h>

#include <ctime>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;

void hello(State& state, Session& session, const Call& call, Params& params) {
  const std::int64_t version = params.number("version", 1, 1'000'000, std::nullopt);
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  if (version != protocol::protocol_version)
    return call.refuse(
        fail(ErrorCode::unsupported, fmt::format("This desk speaks version {} of its protocol, you asked for {}. Use "
                                                 "the postern program of version {}.",
                                                 protocol::protocol_version, version, state.house.version())));
  const cluster::Fleet& fleet = state.fleet();
  const cluster::Member* self = fleet.member(state.peer().self().member);
  json::object out;
  out["user"] = session.who.name;
  out["role"] = cluster::role_name(role_of(state, session));
  out["host"] = host_of(state, state.peer().self().member);
  out["serial"] = self == nullptr ? std::string() : self->identity.serial;
  out["cluster"] = fleet.standalone() ? json::value(nullptr) : json::value(fleet.cluster_name);
  out["mode"] = mode_text(fleet, session.mode);
  out["label"] = mode_label(fleet, session.mode);
  out["pending"] = find_pending(state, session) != nullptr;
  out["other_sessions"] = other_sessions(state, session);
  out["version"] = state.house.version();
  call.answer(std::move(out));
}

void set_mode(State& state, Session& session, const Call& call, Params& params) {
  const std::string typed = params.text("mode");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto mode = parse_mode(state, typed);
  if (!mode) return call.refuse(mode.error());
  session.mode = *mode;
  call.answer(json::object{{"mode", mode_text(state.fleet(), *mode)}, {"label", mode_label(state.fleet(), *mode)}});
}

void command(State& state, Session& session, const Call& call, Params& params) {
  const std::string name = params.text("command");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  const auto command = built_command(state, name);
  if (!command) return call.refuse(command.error());
  const commands::Command* found = *command;
  if (auto refused = refused_command(state, session, *found)) return call.refuse(*refused);
  if (found->where == commands::Where::machine && found->feature == nullptr && !(session.mode == state.own_mode()) &&
      commands::find_run(found->name) == nullptr)
    return call.refuse(fail(ErrorCode::unsupported, fmt::format("{} for another machine is not in this version: log in to {} and "
                                                                "run it there.",
                                                                found->name, mode_text(state.fleet(), session.mode).substr(8))));
  json::object out;
  out["allowed"] = true;
  out["feature"] = found->feature == nullptr ? json::value(nullptr) : json::value(found->feature->name);
  call.answer(std::move(out));
}

}  // namespace

base::Result<const commands::Command*> built_command(const State& state, std::string_view name) {
  const commands::Command* found = state.commands.find(name);
  if (found == nullptr) return fail(ErrorCode::not_found, fmt::format("There is no command \"{}\".", name));
  if (!found->built) return fail(ErrorCode::unsupported, fmt::format("{} is not in this version.", found->name));
  return found;
}

cluster::Role role_of(const State& state, const Session& session) {
  if (session.who.user.is_nil()) return session.who.role;
  const cluster::User* user = state.fleet().user(session.who.user);
  return user == nullptr ? cluster::Role::none : user->role;
}

std::vector<cluster::Dot> credentials_now(const State& state, const Session& session) {
  const cluster::User* user = state.fleet().user(session.who.user);
  return user == nullptr ? std::vector<cluster::Dot>() : user->credential_dots;
}

bool end_if_stale(State& state, SessionId id) {
  const auto at = state.sessions.find(id);
  if (at == state.sessions.end()) return false;
  const Session& session = at->second;
  if (session.who.user.is_nil() || session.writes_credentials) return false;
  if (role_of(state, session) != cluster::Role::none && credentials_now(state, session) == session.credential_dots) return false;
  end_session(state, id, "Your session ends here: your rights or your passphrase have been changed. Log in again.");
  return true;
}

void notify(const Session& session, const std::string& text) { session.write(protocol::notice_line("session.notices", text)); }

void end_session(State& state, SessionId id, const std::string& text) {
  auto node = state.sessions.extract(id);
  if (node.empty()) return;
  const Session& session = node.mapped();
  session.write(protocol::notice_line("session.end", text));
  session.hang_up();
}

std::size_t other_sessions(const State& state, const Session& session) {
  std::size_t count = 0;
  for (const auto& [id, other] : state.sessions)
    if (id != session.id && pending_key(state, other) == pending_key(state, session)) ++count;
  return count;
}

std::string fresh_key(State& state) { return base::to_hex(state.house.random_bytes(16)); }

base::Uuid fresh_uuid(State& state) {
  base::Uuid out;
  const std::string bytes = state.house.random_bytes(out.bytes.size());
  std::copy_n(bytes.begin(), out.bytes.size(), out.bytes.begin());
  return out;
}

std::string time_text(std::int64_t wall_ms) {
  const auto seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y %Z", &parts)};
}

State* Call::state() const { return session() == nullptr ? nullptr : state_.lock().get(); }

Session* Call::session() const {
  const auto state = state_.lock();
  if (!state) return nullptr;
  const auto at = state->sessions.find(session_);
  return at == state->sessions.end() ? nullptr : &at->second;
}

struct Call::Open {
  std::weak_ptr<State> state;
  std::pair<base::UserId, std::string> user;
  Open(State& the_state, std::pair<base::UserId, std::string> the_user)
      : state(the_state.weak_from_this()), user(std::move(the_user)) {
    ++the_state.open_calls[user];
  }
  ~Open() { end(); }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  /// Each call is answered once.
  void end() {
    const auto alive = std::exchange(state, {}).lock();
    if (!alive) return;
    const auto at = alive->open_calls.find(user);
    if (at != alive->open_calls.end() && --at->second == 0) alive->open_calls.erase(at);
  }
};

Call::Call(State& state, SessionId session, json::value id)
    : state_(state.weak_from_this()), session_(session), id_(std::move(id)) {
  if (const auto at = state.sessions.find(session); at != state.sessions.end())
    open_ = std::make_shared<Open>(state, std::pair(at->second.who.user, at->second.who.name));
}

void Call::send(std::string line) const {
  if (const Session* at = session()) at->write(std::move(line));
}

void Call::answer(json::value result) const {
  if (open_) open_->end();
  send(protocol::answer_line(id_, std::move(result)));
}

void Call::refuse(const base::Error& error, json::object data) const {
  if (open_) open_->end();
  send(protocol::error_line(id_, error, std::move(data)));
}

void Call::progress(std::string text) const { send(protocol::notice_line("session.progress", std::move(text))); }

const std::vector<Method>& session_methods() {
  static const std::vector<Method> methods = {
      {"session.hello", hello},
      {"session.mode", set_mode},
      {"session.command", command},
  };
  return methods;
}

}  // namespace postern::desk
