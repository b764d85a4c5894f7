#include "desk/settings/commit.h"

#include "base/limits.h"
#include "base/printable.h"
#include "cluster/request.h"
#include "desk/settings/check.h"
#include "desk/settings/closed_doors.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;
using cluster::Answer;

constexpr std::size_t request_key_bytes = 128;

/// What is told beside a commit's answer.
struct Told {
  std::vector<std::string> warnings;
  std::vector<std::string> earlier;  ///< settings that another session of the user had left pending
};

json::object committed_json(const State& state, const Answer& answer, const Told& told) {
  json::array missing;
  for (const cluster::Missing& one : answer.missing)
    missing.push_back(json::object{{"host", host_of(state, one.member)}, {"why", one.why}});
  json::object out;
  out["commit"] = base::to_text(answer.commit);
  out["time"] = answer.wall_ms;
  out["members"] = answer.members;
  out["durable"] = answer.members - std::min(answer.members, answer.missing.size());
  out["missing"] = std::move(missing);
  out["warnings"] = lines_json(told.warnings);
  out["earlier"] = lines_json(told.earlier);
  return out;
}

/// The answer to a request that is committed already (contract 2.8: the same answer again).
std::optional<Answer> known_answer(const State& state, const Session& session, const std::string& request) {
  const auto hash = state.peer().commit_of_request(request);
  const cluster::Peer::CommitInfo* info = hash ? state.peer().commit(*hash) : nullptr;
  if (info == nullptr || info->header.author != session.who.user || info->header.login_host != state.peer().self().member)
    return std::nullopt;
  Answer out;
  out.request_key = request;
  out.commit = *hash;
  out.dot = info->dot;
  out.wall_ms = info->header.wall_ms;
  const auto progress = state.peer().progress(*hash);
  out.members = progress.size();
  for (const cluster::Peer::Progress& one : progress)
    if (!one.stored && one.member != state.peer().self().member) out.missing.push_back({one.member, "has not confirmed it yet"});
  return out;
}

cluster::LocalCommit local_commit(const State& state, const Session& session, std::string request, std::string comment,
                                  const Pending& pending) {
  cluster::LocalCommit out;
  out.request_key = std::move(request);
  out.author = session.who.user;
  out.author_name = session.who.name;
  out.comment = std::move(comment);
  for (const auto& [key, edit] : pending.edits) {
    cluster::LocalCommit::Item item;
    item.reg = cluster::settings_register(key.first, key.second);
    item.kind = edit.text ? cluster::WriteKind::put : cluster::WriteKind::clear;
    if (edit.text) item.value = *edit.text;
    item.base = edit.base;
    out.items.push_back(std::move(item));
  }
  out.retire = pending_key(state, session);
  return out;
}

/// Is the known commit of this key another one than the pending changes would make?
bool is_reuse(const State& state, const Session& session, const std::string& request, const Answer& known) {
  const Pending* pending = find_pending(state, session);
  if (pending == nullptr || pending->edits.empty()) return false;
  const cluster::Peer::CommitInfo* info = state.peer().commit(known.commit);
  return info != nullptr &&
         cluster::content_of(local_commit(state, session, request, {}, *pending)) != cluster::content_of(info->header);
}

struct CheckedSet {
  std::vector<Finding> problems;
  std::vector<std::string> warnings;
  std::vector<std::string> closed;  ///< last doors (doors.h)
};

CheckedSet check_pending(State& state, const Session& session, const Pending& pending) {
  Changed changed;
  for (const auto& [key, edit] : pending.edits) changed.insert(key);
  CheckedSet out;
  const View before = committed_view(state);
  const View after = view_of(state, session);
  out.warnings = new_warnings(state, before, after, changed);
  for (Finding& finding : check_change(state, before, after, changed)) {
    if (finding.warning)
      out.warnings.push_back(finding_text(state, finding));
    else
      out.problems.push_back(std::move(finding));
  }
  out.closed = closed_doors(state, session.who, pending);
  return out;
}

/// One who means it says so with `force`.
Refused would_shut_out(const std::vector<std::string>& closed) {
  return {
      fail(ErrorCode::invalid, fmt::format("{} Nothing was committed; --force commits it all the same.", fmt::join(closed, " "))),
      json::object{{"needs", "force"}, {"closed", lines_json(closed)}}};
}

/// Edits of modes that have been deleted since, or that the feature may not be set in any more.
std::optional<base::Error> homeless(const State& state, const Pending& pending) {
  for (const auto& [key, edit] : pending.edits)
    if (!mode_exists(state.fleet(), key.first))
      return fail(ErrorCode::invalid, mode_label(state.fleet(), key.first),
                  fmt::format("{} were changed at a mode that does not exist any more: its group was "
                              "deleted or its machine removed. clearchanges drops your changes.",
                              key.second));
  return std::nullopt;
}

void finish(State& state, const Call& call, const std::string& key, const Answer& answer, const Told& told) {
  Pending& pending = state.pending[key];
  pending.committing = false;
  switch (answer.what) {
    case Answer::What::committed: state.pending.erase(key); return call.answer(committed_json(state, answer, told));
    case Answer::What::conflict:
      pending.conflicts = find_conflicts(state, pending);
      return call.refuse(conflict_refusal(state, pending, pending.conflicts));
    case Answer::What::in_doubt: pending.in_doubt = answer.request_key; return call.refuse(answer_error(answer));
    case Answer::What::refused: return call.refuse(answer_error(answer));
  }
}

std::vector<std::string> left_by_others(const State& state, const Pending& pending, SessionId session) {
  std::vector<std::string> out;
  for (const auto& [key, edit] : pending.edits) {
    if (edit.session == session && !edit.by_several) continue;
    const schema::Feature* feature = state.schema.feature(key.second);
    out.push_back(
        fmt::format("{} at {}", feature == nullptr ? key.second : feature->title, mode_label(state.fleet(), key.first)));
  }
  return out;
}

std::optional<base::Error> wrong_request(const std::string& comment, const std::string& request) {
  if (request.empty() || request.size() > request_key_bytes)
    return fail(ErrorCode::usage, "request",
                fmt::format(R"(The parameter "request" must have 1 to {} bytes.)", request_key_bytes));
  if (auto good = base::check_line(comment, base::limits::comment_bytes, "A comment", "comment"); !good) return good.error();
  return std::nullopt;
}

base::Error key_reused() {
  return fail(ErrorCode::invalid, "request",
              "The request's key was used before for other changes. Nothing was written; commit "
              "with a new key.");
}

base::Error nothing_pending() { return fail(ErrorCode::invalid, "There are no changes to commit."); }

void commit(State& state, Session& session, const Call& call, Params& params) {
  const std::string comment = params.text_if("comment").value_or("");
  const std::string request = params.text("request");
  const bool force = params.flag("force", false);
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  if (auto wrong = wrong_request(comment, request)) return call.refuse(*wrong);
  if (auto known = known_answer(state, session, request)) {
    if (is_reuse(state, session, request, *known)) return call.refuse(key_reused());
    return call.answer(committed_json(state, *known, {}));
  }
  if (find_pending(state, session) == nullptr) return call.refuse(nothing_pending());
  if (auto busy = pending_busy(state, session)) return call.refuse(*busy);
  Pending& pending = pending_of(state, session);
  if (auto error = homeless(state, pending)) return call.refuse(*error);
  if (pending.edits.size() > base::limits::writes_per_commit)
    return call.refuse(fail(ErrorCode::invalid, fmt::format("A commit may change {} definitions at most; yours changes {}.",
                                                            base::limits::writes_per_commit, pending.edits.size())));
  pending.conflicts = find_conflicts(state, pending);
  if (!pending.conflicts.empty()) return call.refuse(conflict_refusal(state, pending, pending.conflicts));
  CheckedSet checked = check_pending(state, session, pending);
  if (!checked.problems.empty()) {
    json::object data;
    data["problems"] = problems_json(state, checked.problems);
    return call.refuse(problems_error(state, checked.problems), std::move(data));
  }
  if (!checked.closed.empty() && !force) return call.refuse(would_shut_out(checked.closed));
  pending.committing = true;
  const std::string key = pending_key(state, session);
  state.house.commit(
      local_commit(state, session, request, comment, pending),
      [weak = state.weak_from_this(), call, key,
       told = Told{std::move(checked.warnings), left_by_others(state, pending, session.id)}](const Answer& answer) {
        if (const auto alive = weak.lock()) finish(*alive, call, key, answer, told);
      });
}

void commit_check(State& state, Session& session, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  const Pending* pending = find_pending(state, session);
  if (pending == nullptr) return call.refuse(nothing_pending());
  if (auto error = homeless(state, *pending)) return call.refuse(*error);
  CheckedSet checked = check_pending(state, session, *pending);
  checked.warnings.insert(checked.warnings.end(), checked.closed.begin(), checked.closed.end());
  call.answer(json::object{{"problems", problems_json(state, checked.problems)}, {"warnings", lines_json(checked.warnings)}});
}

}  // namespace

cluster::LocalCommit::Item put_item(const State& state, const cluster::Register& reg, std::string value) {
  return {reg, cluster::WriteKind::put, std::move(value), base_now(state, reg)};
}

cluster::LocalCommit::Item clear_item(const State& state, const cluster::Register& reg) {
  return {reg, cluster::WriteKind::clear, {}, base_now(state, reg)};
}

base::Error answer_error(const Answer& answer) {
  switch (answer.what) {
    case Answer::What::conflict:
      return fail(ErrorCode::conflict,
                  "Somebody else changed the same thing at the same moment; nothing was written. Look at "
                  "it again and repeat the command.");
    case Answer::What::in_doubt:
      return fail(ErrorCode::in_doubt, fmt::format("It is not known whether this was committed: {}. Other machines may hold it. "
                                                   "Mend the disk; if they do, it comes back by itself.",
                                                   answer.reason));
    case Answer::What::refused:
    case Answer::What::committed: break;
  }
  return fail(ErrorCode::io, fmt::format("Nothing was committed: {}.", answer.reason));
}

void commit_now(State& state, Session& session, const Call& call, std::string comment,
                std::vector<cluster::LocalCommit::Item> items, std::function<void(State&, const Answer&)> done) {
  cluster::LocalCommit what;
  what.request_key = fresh_key(state);
  what.author = session.who.user;
  what.author_name = session.who.name;
  what.comment = std::move(comment);
  what.items = std::move(items);
  state.house.commit(std::move(what), [weak = state.weak_from_this(), call, done = std::move(done)](const Answer& answer) {
    const auto alive = weak.lock();
    if (!alive) return;
    if (answer.what != Answer::What::committed) return call.refuse(answer_error(answer));
    done(*alive, answer);
  });
}

void settle_in_doubt(State& state) {
  for (auto& [key, pending] : state.pending) {
    if (pending.in_doubt.empty() || pending.committing) continue;
    if (!state.peer().commit_of_request(pending.in_doubt)) continue;
    const Pending before = pending;
    pending = {};
    save_pending(state, key, before, [](const base::Result<void>&) {});
    for (const auto& [id, session] : state.sessions)
      if (pending_key(state, session) == key)
        notify(session,
               "The commit that was in doubt is committed after all; your changes are no "
               "longer pending.");
  }
}

const std::vector<Method>& commit_methods() {
  static const std::vector<Method> methods = {
      {"commit", commit},
      {"commit.check", commit_check},
      {"commit.resolve", commit_resolve},
  };
  return methods;
}

}  // namespace postern::desk
