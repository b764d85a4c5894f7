#include "base/printable.h"
#include "desk/settings/commit.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace postern::desk {
namespace {

using base::ErrorCode;
using base::fail;
using cluster::Peer;

constexpr std::ptrdiff_t waits_most = 16;    ///< commit.wait calls of one session that are not answered yet
constexpr std::ptrdiff_t details_most = 16;  ///< commit.detail calls, likewise

std::string register_label(const State& state, const cluster::Register& reg) {
  const cluster::Fleet& fleet = state.fleet();
  switch (reg.space) {
    case cluster::Space::cluster_settings:
    case cluster::Space::group_settings:
    case cluster::Space::machine_settings: return mode_label(fleet, cluster::mode_of(reg));
    case cluster::Space::cluster: return mode_label(fleet, {base::Level::cluster, reg.id});
    case cluster::Space::group: return mode_label(fleet, {base::Level::group, reg.id});
    case cluster::Space::member: return mode_label(fleet, {base::Level::machine, reg.id});
    case cluster::Space::user:
      for (const cluster::User& user : fleet.users)
        if (user.id.uuid == reg.id) return "User " + user.name;
      return "User (deleted)";
  }
  return {};
}

/// A put's value: among the current ones, or of those that the store has given.
model::Text value_text(const State& state, const cluster::Values& kept, const cluster::Write& write) {
  if (write.kind != cluster::WriteKind::put) return nullptr;
  if (auto blob = state.peer().state().blob(write.value)) return blob;
  const auto found = kept.find(write.value);
  if (found == kept.end()) return nullptr;
  return std::make_shared<const std::string>(found->second);
}

/// What the author saw before: the greatest of the base's writes. Null: not defined, or not here.
const cluster::Write* write_before(const State& state, const base::Hash& commit, const cluster::Write& write) {
  const Peer::CommitInfo* newest = nullptr;
  for (const cluster::Dot& dot : write.base) {
    const Peer::CommitInfo* info = state.peer().commit_meant(commit, dot);
    if (info != nullptr && (newest == nullptr || newest->header.stamp < info->header.stamp)) newest = info;
  }
  if (newest == nullptr) return nullptr;
  for (const cluster::Write& old : newest->header.writes)
    if (old.reg == write.reg) return &old;
  return nullptr;
}

/// The values that a commit's differences are made of and that only the store has.
std::vector<base::Hash> values_wanted(const State& state, const base::Hash& commit, const cluster::Header& header) {
  std::set<base::Hash> wanted;
  const auto want = [&](const cluster::Write* write) {
    if (write != nullptr && write->kind == cluster::WriteKind::put && state.peer().state().blob(write->value) == nullptr)
      wanted.insert(write->value);
  };
  for (const cluster::Write& write : header.writes) {
    want(&write);
    if (cluster::is_settings(write.reg)) want(write_before(state, commit, write));
  }
  return {wanted.begin(), wanted.end()};
}

std::vector<std::string> record_lines(const State& state, const cluster::Values& kept, const cluster::Write& write) {
  if (write.kind == cluster::WriteKind::remove) return {"- removed"};
  if (write.kind == cluster::WriteKind::clear) return {"- " + write.reg.name};
  const model::Text value = value_text(state, kept, write);
  const bool is_name = write.reg.name == "name" || (write.reg.space == cluster::Space::user && write.reg.name == "identity");
  if (is_name && value) return {"+ name: " + *value};
  if (write.reg.space == cluster::Space::member && write.reg.name == "group" && value && value->size() == 16) {
    base::GroupId group;
    std::copy(value->begin(), value->end(), group.uuid.bytes.begin());
    return {"+ " + mode_text(state.fleet(), {base::Level::group, group.uuid})};
  }
  return {"+ " + write.reg.name};
}

std::vector<std::string> write_lines(const State& state, const cluster::Values& kept, const base::Hash& commit,
                                     const cluster::Write& write) {
  if (!cluster::is_settings(write.reg)) return record_lines(state, kept, write);
  const schema::Feature* feature = state.schema.feature(write.reg.name);
  if (feature == nullptr) return {"  (this version does not know the feature)"};
  const model::Text after = value_text(state, kept, write);
  if (!after && write.kind == cluster::WriteKind::put) return {"  (the value is no longer kept)"};
  const cluster::Write* old = write_before(state, commit, write);
  const model::Text before = old == nullptr ? nullptr : value_text(state, kept, *old);
  return difference_lines(state.schema, *feature, before, after);
}

json::object write_json(const State& state, const cluster::Values& kept, const Peer::CommitInfo& info,
                        const cluster::Write& write) {
  static constexpr const char* kinds[] = {"put", "clear", "remove"};
  const bool settings = cluster::is_settings(write.reg);
  const schema::Feature* feature = settings ? state.schema.feature(write.reg.name) : nullptr;
  json::object out;
  out["label"] = register_label(state, write.reg);
  out["title"] = feature == nullptr ? write.reg.name : feature->title;
  out["feature"] = settings ? json::value(write.reg.name) : nullptr;
  out["kind"] = kinds[static_cast<std::size_t>(write.kind)];
  out["lines"] = lines_json(write_lines(state, kept, info.hash, write));
  out["in_effect"] = std::find(info.shown.begin(), info.shown.end(), write.reg) != info.shown.end();
  return out;
}

struct MachineProgress {
  json::array machines;
  bool settled = true;  ///< every machine with a link has applied it, or said why it cannot
  bool applied = true;  ///< every machine with a link has applied it
};

MachineProgress machine_progress(const State& state, const base::Hash& commit) {
  std::map<base::MemberId, std::string> no_link;
  for (const Peer::LinkInfo& link : state.peer().links())
    if (!link.live) no_link[link.member] = link.state;
  MachineProgress out;
  for (const Peer::Progress& one : state.peer().progress(commit)) {
    const auto cut = no_link.find(one.member);
    std::string problem = base::printable_line(one.problem);
    if (problem.empty() && !one.stored && cut != no_link.end()) problem = cut->second;
    if (cut == no_link.end()) {
      out.settled = out.settled && (one.applied || !one.problem.empty());
      out.applied = out.applied && one.applied;
    }
    out.machines.push_back(json::object{{"host", host_of(state, one.member)},
                                        {"received", one.stored},
                                        {"applied", one.applied},
                                        {"problem", std::move(problem)}});
  }
  return out;
}

/// A commit by its id or a unique prefix; the newest without one.
base::Result<base::Hash> find_commit(const State& state, const std::optional<std::string>& id) {
  if (!id) {
    const auto newest = state.peer().newest_commits(1);
    if (!newest.empty()) return newest.front();
    return fail(ErrorCode::not_found, "Nothing has been committed yet.");
  }
  const std::string hex = lower(*id);
  if (hex.size() < 6 || hex.size() > 64 || hex.find_first_not_of("0123456789abcdef") != std::string::npos)
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a commit: give at least the first 6 of its "
                                              "64 hex digits.",
                                              *id));
  const auto found = state.peer().commits_by_prefix(hex);
  if (found.size() == 1) return found.front();
  if (found.empty()) return fail(ErrorCode::not_found, fmt::format("There is no commit {} on this machine.", *id));
  return fail(ErrorCode::usage, fmt::format("{} commits begin with {}: give more of its digits.", found.size(), *id));
}

json::object commit_json(const State& state, const base::Hash& hash) {
  json::object out = authorship(state, hash);
  const Peer::CommitInfo* info = state.peer().commit(hash);
  out["comment"] = info == nullptr ? std::string() : info->header.comment;
  return out;
}

void answer_detail(const State& state, const Call& call, const base::Hash& hash, const cluster::Values& kept) {
  const Peer::CommitInfo* info = state.peer().commit(hash);
  if (info == nullptr) return call.refuse(fail(ErrorCode::not_found, "The commit's header is not on this machine yet."));
  json::array writes;
  for (const cluster::Write& write : info->header.writes) writes.push_back(write_json(state, kept, *info, write));
  json::object out = commit_json(state, hash);
  out["writes"] = std::move(writes);
  out["machines"] = machine_progress(state, hash).machines;
  call.answer(std::move(out));
}

/// The values of one call at a time are in memory, and the thread that compares them has others to serve.
void read_next_detail(State& state, const base::UserId& user) {
  const auto at = state.details.find(user);
  if (at == state.details.end()) return;
  std::erase_if(at->second, [](const Detail& detail) { return detail.call.session() == nullptr; });
  if (at->second.empty()) {
    state.details.erase(at);
    return;
  }
  const Detail& next = at->second.front();
  state.house.stored_values(
      next.wanted, [weak = state.weak_from_this(), user, call = next.call, commit = next.commit](const cluster::Values& kept) {
        const auto alive = weak.lock();
        if (!alive) return;
        alive->details.at(user).pop_front();
        if (call.session() != nullptr) answer_detail(*alive, call, commit, kept);
        read_next_detail(*alive, user);
      });
}

void commit_detail(State& state, Session& session, const Call& call, Params& params) {
  const auto id = params.text_if("commit");
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto hash = find_commit(state, id);
  if (!hash) return call.refuse(hash.error());
  const Peer::CommitInfo* info = state.peer().commit(*hash);
  auto wanted = info == nullptr ? std::vector<base::Hash>() : values_wanted(state, *hash, info->header);
  if (wanted.empty()) return answer_detail(state, call, *hash, {});
  auto& queue = state.details[session.who.user];
  const auto own =
      std::ranges::count_if(queue, [&](const Detail& detail) { return detail.call.session_id() == call.session_id(); });
  if (own >= details_most)
    return call.refuse(fail(ErrorCode::busy, fmt::format("{} commits are looked up for this session already, which is "
                                                         "the limit. Wait for one of them.",
                                                         own)));
  queue.push_back({call, *hash, std::move(wanted)});
  if (queue.size() == 1) read_next_detail(state, session.who.user);
}

void commit_list(State& state, Session&, const Call& call, Params& params) {
  const std::int64_t limit = params.number("limit", 1, 1000, 20);
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  json::array out;
  for (const base::Hash& hash : state.peer().newest_commits(static_cast<std::size_t>(limit)))
    out.push_back(commit_json(state, hash));
  call.answer(json::object{{"commits", std::move(out)}});
}

void commit_wait(State& state, Session&, const Call& call, Params& params) {
  const auto id = params.text_if("commit");
  const std::int64_t seconds = params.number("seconds", 0, 600, 30);
  if (auto trouble = params.trouble()) return call.refuse(*trouble);
  auto hash = find_commit(state, id);
  if (!hash) return call.refuse(hash.error());
  const auto own =
      std::ranges::count_if(state.waits, [&](const auto& entry) { return entry.second.call.session_id() == call.session_id(); });
  if (own >= waits_most)
    return call.refuse(fail(ErrorCode::busy, fmt::format("{} commits are waited for in this session already, which is "
                                                         "the limit. Wait for one of them.",
                                                         own)));
  const std::uint64_t wait = ++state.last_wait;
  state.waits.emplace(wait, Wait{call, *hash});
  answer_waits(state);
  if (!state.waits.contains(wait)) return;
  state.house.after(seconds * 1000, [weak = state.weak_from_this(), wait] {
    const auto alive = weak.lock();
    if (!alive) return;
    const auto found = alive->waits.extract(wait);
    if (found.empty()) return;
    MachineProgress now = machine_progress(*alive, found.mapped().commit);
    found.mapped().call.answer(json::object{{"machines", std::move(now.machines)}, {"done", now.applied}});
  });
}

}  // namespace

void answer_waits(State& state) {
  for (auto at = state.waits.begin(); at != state.waits.end();) {
    MachineProgress now = machine_progress(state, at->second.commit);
    if (!now.settled) {
      ++at;
      continue;
    }
    const Call call = at->second.call;
    at = state.waits.erase(at);
    call.answer(json::object{{"machines", std::move(now.machines)}, {"done", now.applied}});
  }
}

json::object authorship(const State& state, const base::Hash& commit) {
  json::object out{{"commit", nullptr}, {"time", nullptr}, {"user", nullptr}, {"host", nullptr}};
  const Peer::CommitInfo* info = state.peer().commit(commit);
  if (info == nullptr) return out;
  out["commit"] = base::to_text(commit);
  out["time"] = info->header.wall_ms;
  out["user"] = info->header.author_name;
  out["host"] = host_of(state, info->header.login_host);
  return out;
}

const std::vector<Method>& history_methods() {
  static const std::vector<Method> methods = {
      {"commit.detail", commit_detail},
      {"commit.list", commit_list},
      {"commit.wait", commit_wait},
  };
  return methods;
}

}  // namespace postern::desk
