#include "desk/desk.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/printable.h"
#include "desk/settings/commit.h"
#include "desk/door/rights.h"
#include "desk/fleet/run.h"
#include "desk/fleet/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postern::desk {
namespace {

constexpr std::size_t shown_method_bytes = 64;

const Method* find_method(std::string_view name) {
  static const std::array subjects = {&session_methods(), &feature_methods(), &change_methods(), &commit_methods(),
                                      &history_methods(), &cluster_methods(), &join_methods(),   &user_methods(),
                                      &status_methods(),  &setup_methods(),   &run_methods()};
  for (const std::vector<Method>* methods : subjects)
    for (const Method& method : *methods)
      if (method.name == name) return &method;
  return nullptr;
}

void load_pending(State& state) {
  for (const auto& [key, bytes] : state.house.pending()) {
    auto pending = decode_pending(bytes);
    if (pending)
      state.pending.emplace(key, std::move(*pending));
    else
      state.start_notes.push_back(pending.error().text);
  }
}

/// Who stays at the desk over a join: by name in the new cluster; else as its admin, whose
/// passphrase the joiner has just proved (spec J4, J8).
void rebind(const State& state, Session& session) {
  session.mode = state.own_mode();
  if (session.who.user.is_nil()) return;
  const cluster::User* user = state.fleet().user_by_name(session.who.name);
  if (user == nullptr) user = state.fleet().user_by_name("admin");
  if (user == nullptr) return;
  session.who.user = user->id;
  session.who.name = user->name;
  session.credential_dots = user->credential_dots;
}

/// What a person who sits down is told at once.
void greet(State& state, const Session& session) {
  for (const std::string& note : state.start_notes) notify(session, note);
  if (other_sessions(state, session) == 0) return;
  notify(session, fmt::format("{} has another session on this machine: all of them see and change the "
                              "same pending changes.",
                              session.who.name));
  for (const auto& [id, other] : state.sessions)
    if (id != session.id && other.who.interactive && pending_key(state, other) == pending_key(state, session))
      notify(other, fmt::format("Another session of {} has begun ({}): both see and change the same "
                                "pending changes.",
                                session.who.name, session.who.source));
}

}  // namespace

Desk::Desk(House& house, schema::Verdicts& verdicts) : state_(std::make_shared<State>(house, verdicts)) {
  state_->site = std::make_shared<DeskSite>(*state_);
  load_pending(*state_);
}

Desk::~Desk() = default;

SessionId Desk::open_session(Who who, std::function<void(std::string line)> write, std::function<void()> hang_up) {
  const SessionId id = state_->next_session++;
  Session session;
  session.id = id;
  session.who = std::move(who);
  session.write = std::move(write);
  session.hang_up = std::move(hang_up);
  session.mode = state_->own_mode();
  session.credential_dots = credentials_now(*state_, session);
  const Session& placed = state_->sessions.emplace(id, std::move(session)).first->second;
  if (placed.who.interactive) greet(*state_, placed);
  return id;
}

void Desk::close_session(SessionId session) {
  state_->sessions.erase(session);
  std::erase_if(state_->waits, [session](const auto& entry) { return entry.second.call.session_id() == session; });
}

void Desk::receive(SessionId id, std::string_view line) {
  const auto keep = state_;
  const auto at = state_->sessions.find(id);
  if (at == state_->sessions.end()) return;
  Session& session = at->second;
  ++state_->calls;
  auto parsed = protocol::parse_request(line);
  if (const auto* wrong = std::get_if<protocol::WireError>(&parsed)) return session.write(protocol::error_line(*wrong));
  const protocol::Request& request = std::get<protocol::Request>(parsed);
  const Method* method = find_method(request.method);
  const Right* right = find_right(request.method);
  if (method == nullptr || right == nullptr)
    return session.write(protocol::error_line(protocol::WireError{
        protocol::RpcCode::method_not_found,
        fmt::format("This desk has no method \"{}\".", base::printable_line(request.method, shown_method_bytes)), request.id}));
  // What is answered later costs memory until then, and often an answer to all at once: whatever the method, a user has so
  // many calls under way in all sessions together, those that have ended with some too.
  const auto open = state_->open_calls.find({session.who.user, session.who.name});
  if (open != state_->open_calls.end() && open->second >= base::limits::calls_per_user)
    return session.write(protocol::error_line(
        request.id,
        base::fail(base::ErrorCode::busy, fmt::format("{} of your calls are not answered yet, which is the limit for "
                                                      "one user. Wait for answers.",
                                                      base::limits::calls_per_user)),
        {}));
  const Call call(*state_, id, request.id);
  if (const auto refused = refused_call(*state_, session, *right, request.params)) return call.refuse(*refused);
  if (const auto wrong = wrong_texts(*right, request.params)) return call.refuse(*wrong);
  Params params(request.params);
  method->run(*state_, session, call, params);
}

void Desk::state_changed(const std::vector<cluster::Register>&) {
  std::vector<SessionId> all;
  for (const auto& [id, session] : state_->sessions) all.push_back(id);
  for (const SessionId id : all) end_if_stale(*state_, id);
  settle_in_doubt(*state_);
}

void Desk::alerts(const std::vector<cluster::Alert>& alerts) {
  for (const cluster::Alert& alert : alerts) {
    if (alert.grade == cluster::Alert::Grade::info) continue;
    for (const auto& [id, session] : state_->sessions)
      if (session.who.interactive && role_of(*state_, session) >= cluster::Role::operator_) notify(session, alert.text);
  }
}

void Desk::progressed() { answer_waits(*state_); }

void Desk::asked(const base::MemberId& from, std::string_view body, const std::function<void(std::string)>& answer) {
  run_asked(*state_, from, body, answer);
}

void Desk::replaced(SessionId keep) {
  std::vector<SessionId> ended;
  for (const auto& [id, session] : state_->sessions)
    if (id != keep) ended.push_back(id);
  for (const SessionId id : ended) end_session(*state_, id, "This machine has joined a cluster. Log in again.");
  std::vector<std::string> dropped;
  for (const auto& [key, pending] : state_->pending) dropped.push_back(key);
  state_->pending.clear();
  for (const std::string& key : dropped) state_->house.save_pending(key, std::nullopt, [](const base::Result<void>&) {});
  const auto at = state_->sessions.find(keep);
  if (at != state_->sessions.end()) rebind(*state_, at->second);
}

base::Result<void> Desk::room_for(const Who& who) const {
  const auto& sessions = state_->sessions;
  const auto of_user =
      std::count_if(sessions.begin(), sessions.end(), [&](const auto& entry) { return entry.second.who.user == who.user; });
  if (static_cast<std::size_t>(of_user) >= base::limits::sessions_per_user)
    return base::fail(base::ErrorCode::busy, fmt::format("{} has {} sessions on this machine already, which is the limit "
                                                         "for one user. End one of them first.",
                                                         who.name, of_user));
  if (sessions.size() >= base::limits::sessions)
    return base::fail(base::ErrorCode::busy, fmt::format("{} sessions are open on this machine already, which is the "
                                                         "limit. End one of them first.",
                                                         sessions.size()));
  return {};
}

std::size_t Desk::sessions() const { return state_->sessions.size(); }

}  // namespace postern::desk
