#include "base/limits.h"
#include "desk/settings/check.h"
#include "desk/settings/features.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace postern::desk {
namespace {

/// Puts one edit into the set. An edit that ends where it began is none.
void put_edit(const State& state, Pending& pending, const Pending::Key& key, const model::Text& text, SessionId session) {
  auto at = pending.edits.find(key);
  if (at == pending.edits.end()) {
    const cluster::Register reg = cluster::settings_register(key.first, key.second);
    at = pending.edits.emplace(key, PendingEdit{base_now(state, reg), text_now(state, reg), {}, session, false}).first;
  }
  at->second.text = text;
  at->second.by_several = at->second.by_several || at->second.session != session;
  at->second.session = session;
  if (model::same(at->second.text, at->second.base_text)) {
    pending.edits.erase(at);
    pending.conflicts.erase(key);
  }
}

void changes_show(State& state, Session& session, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  json::array out;
  if (const Pending* pending = find_pending(state, session))
    for (const auto& [key, edit] : pending->edits) {
      const schema::Feature* feature = state.schema.feature(key.second);
      json::array lines;
      if (feature != nullptr) lines = lines_json(difference_lines(state.schema, *feature, edit.base_text, edit.text));
      out.push_back(json::object{{"feature", key.second},
                                 {"title", feature == nullptr ? key.second : feature->title},
                                 {"mode", mode_text(state.fleet(), key.first)},
                                 {"label", mode_label(state.fleet(), key.first)},
                                 {"lines", std::move(lines)}});
    }
  call.answer(json::object{{"changes", std::move(out)}});
}

void changes_clear(State& state, Session& session, const Call& call, Params& params) {
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  if (auto busy = pending_busy(state, session)) return call.refuse(*busy);
  Pending& pending = pending_of(state, session);
  const Pending before = pending;
  const std::size_t dropped = pending.edits.size();
  pending.edits.clear();
  pending.conflicts.clear();
  if (dropped == 0) return call.answer(json::object{{"dropped", 0}});
  ++pending.version;
  save_pending(state, pending_key(state, session), before, [call, dropped](base::Result<void> saved) {
    if (!saved) return call.refuse(saved.error());
    call.answer(json::object{{"dropped", dropped}});
  });
}

}  // namespace

void change(State& state, Session& session, const Call& call, const std::map<Pending::Key, model::Text>& edits,
            std::function<void(const Outcome&)> done) {
  if (auto busy = pending_busy(state, session)) return call.refuse(*busy);
  for (const auto& [key, text] : edits)
    if (text && text->size() > base::limits::value_bytes)
      return call.refuse(base::fail(base::ErrorCode::invalid, mode_label(state.fleet(), key.first),
                                    fmt::format("One feature's settings may have {} bytes at most; these "
                                                "have {}.",
                                                base::limits::value_bytes, text->size())));
  const View before = view_of(state, session);
  Changed changed;
  for (const auto& [key, text] : edits)
    if (!model::same(before.settings.find(key.first, key.second), text)) changed.insert(key);
  if (changed.empty()) return done({});

  Pending& pending = pending_of(state, session);
  const Pending old = pending;
  for (const Pending::Key& key : changed) put_edit(state, pending, key, edits.at(key), session.id);
  ++pending.version;
  const View after = view_of(state, session);
  Outcome outcome{true, lost_references(state, before, after, changed)};
  for (std::string& one : new_warnings(state, before, after, changed)) outcome.warnings.push_back(std::move(one));
  save_pending(state, pending_key(state, session), old,
               [call, outcome = std::move(outcome), done = std::move(done)](base::Result<void> saved) {
                 if (!saved) return call.refuse(saved.error());
                 done(outcome);
               });
}

std::string pending_key(const State& state, const base::UserId& user, const std::string& name) {
  return (user.is_nil() ? name : base::to_text(user)) + "@" + base::to_text(state.peer().self().member);
}

std::string pending_key(const State& state, const Session& session) {
  return pending_key(state, session.who.user, session.who.name);
}

Pending& pending_of(State& state, const Session& session) { return state.pending[pending_key(state, session)]; }

const Pending* find_pending(const State& state, const Session& session) {
  const auto at = state.pending.find(pending_key(state, session));
  return at == state.pending.end() || at->second.edits.empty() ? nullptr : &at->second;
}

std::optional<base::Error> pending_busy(const State& state, const Session& session) {
  const Pending* pending = find_pending(state, session);
  if (pending == nullptr || !pending->committing) return std::nullopt;
  return base::fail(base::ErrorCode::busy,
                    "Your changes are being committed, perhaps by another session of yours: try again "
                    "when that has ended.");
}

void save_pending(State& state, const std::string& key, Pending before, std::function<void(base::Result<void>)> done) {
  const Pending& now = state.pending[key];
  std::optional<std::string> bytes;
  if (!now.edits.empty()) bytes = encode_pending(now);
  state.house.save_pending(key, std::move(bytes),
                           [weak = state.weak_from_this(), key, before = std::move(before), version = now.version,
                            done = std::move(done)](base::Result<void> saved) {
                             const auto alive = weak.lock();
                             if (!alive) return;
                             Pending& current = alive->pending[key];
                             if (!saved && current.version == version) current = before;
                             done(std::move(saved));
                           });
}

const std::vector<Method>& change_methods() {
  static const std::vector<Method> methods = {
      {"changes.show", changes_show},
      {"changes.clear", changes_clear},
  };
  return methods;
}

}  // namespace postern::desk
