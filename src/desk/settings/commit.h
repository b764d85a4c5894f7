#pragma once

#include "desk/settings/view.h"

#include <functional>
#include <string>
#include <vector>

/// What the methods that commit share.
namespace postern::desk {

/// One item of a commit that puts a record's or a feature's new value on what is there now.
cluster::LocalCommit::Item put_item(const State& state, const cluster::Register& reg, std::string value);
cluster::LocalCommit::Item clear_item(const State& state, const cluster::Register& reg);

/// Commits records at once, in the session's name. `done` runs only when they are committed; else
/// the call is refused. The session may be gone by then.
void commit_now(State& state, Session& session, const Call& call, std::string comment,
                std::vector<cluster::LocalCommit::Item> items, std::function<void(State&, const cluster::Answer&)> done);
/// The error for an answer that is not "committed".
base::Error answer_error(const cluster::Answer& answer);

/// Pending sets whose commit was in doubt and has come back by sync are dropped (contract 2.8).
void settle_in_doubt(State& state);

// conflict.cpp
/// Edits whose base is no longer current, as they stand now.
std::map<Pending::Key, ShownConflict> find_conflicts(const State& state, const Pending& pending);
/// The refusal that shows them (contract P8).
Refused conflict_refusal(const State& state, const Pending& pending, const std::map<Pending::Key, ShownConflict>& conflicts);
void commit_resolve(State& state, Session& session, const Call& call, Params& params);

// history.cpp
/// {"user","host","time","commit"}; nulls when the commit's header is not here.
json::object authorship(const State& state, const base::Hash& commit);

}  // namespace postern::desk
