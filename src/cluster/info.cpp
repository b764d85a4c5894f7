// What others may look at between steps.
#include "cluster/core.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::cluster {

Peer::Peer(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Peer::~Peer() = default;

Effects Peer::step(const Event& event, base::Instant now) { return core_->step(event, now); }

std::vector<base::Hash> Peer::missing_values() const {
  std::vector<base::Hash> missing = core_->builder.missing_values();
  for (const auto& [hash, one] : core_->held) {
    for (const Write& write : one.header.writes) {
      if (!write.value.is_nil() && one.values.count(write.value) == 0) missing.push_back(write.value);
    }
  }
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  return missing;
}

std::size_t Peer::gaps() const {
  return static_cast<std::size_t>(
      std::count_if(core_->held.begin(), core_->held.end(), [](const auto& entry) { return entry.second.visible; }));
}

const Self& Peer::self() const { return core_->self; }
const State& Peer::state() const { return core_->builder.state(); }
const Fleet& Peer::fleet() const { return core_->fleet(); }
Vector Peer::vector() const { return core_->history.vector(); }
base::Hash Peer::vector_digest() const { return core_->history.digest(); }
std::optional<base::Incarnation> Peer::incarnation() const {
  if (core_->incarnation_ended) return std::nullopt;
  return core_->incarnation;
}
std::size_t Peer::askers() const { return core_->askers.size(); }
const Peer::Counters& Peer::counters() const { return core_->counters; }

const Peer::CommitInfo* Peer::commit(const base::Hash& hash) const {
  const Record* record = core_->history.find(hash);
  if (record == nullptr) return nullptr;
  record->info.shown.clear();
  for (const Write& write : record->info.header.writes) {
    const RegisterState* state = core_->builder.state().find(write.reg);
    const Head* head = state == nullptr ? nullptr : state->shown();
    if (head != nullptr && head->commit == hash) record->info.shown.push_back(write.reg);
  }
  return &record->info;
}

std::vector<base::Hash> Peer::newest_commits(std::size_t limit) const { return core_->history.newest(limit); }
std::optional<base::Hash> Peer::commit_of_request(const std::string& key) const {
  for (const Record* record : core_->history.by_request_key(key)) {
    if (record->info.dot.member == core_->self.member) return record->info.hash;
  }
  return std::nullopt;
}
std::vector<base::Hash> Peer::commits_in_order() const {
  std::vector<base::Hash> hashes;
  for (const Record* record : core_->history.order()) hashes.push_back(record->info.hash);
  return hashes;
}
const Peer::CommitInfo* Peer::commit_meant(const base::Hash& by, const Dot& dot) const {
  const Record* author = core_->history.find(by);
  const Record* record = author == nullptr ? nullptr : core_->history.meant(*author, dot);
  return record == nullptr ? nullptr : commit(record->info.hash);
}
std::vector<base::Hash> Peer::commits_by_prefix(std::string_view hex) const { return core_->history.by_prefix(hex); }

/// What a third machine says of one that has no link with us is not that machine's word.
void Peer::Core::as_told(Progress& one, const base::MemberId& by) {
  if (one.applied) {
    one.problem = fmt::format("in effect, as {} says", host_of(by));
  } else if (!one.problem.empty()) {
    one.problem += fmt::format(" (as {} says)", host_of(by));
  }
  one.applied = false;
}

std::vector<Peer::Progress> Peer::progress(const base::Hash& commit) const {
  std::vector<Progress> all;
  const Record* record = core_->history.find(commit);
  if (record == nullptr) return all;
  const Dot dot = record->info.dot;
  for (const Member& member : fleet().members) {
    const bool own = member.id == core_->self.member;
    const auto other = core_->others.find(member.id);
    const Vector nothing;
    const Vector& covers = own ? core_->covers : other == core_->others.end() ? nothing : other->second.covers;
    Progress one{member.id, own || member.id == dot.member || core_->holds(member.id, dot),
                 core_->history.covered(*record, covers), ""};
    const std::string problem = own ? core_->problem : other == core_->others.end() ? "" : other->second.problem;
    const Vector& tried = own ? core_->tried : other == core_->others.end() ? nothing : other->second.tried;
    // What was wrong before the commit came is no word about it.
    if (!one.applied && (tried.empty() || core_->history.covered(*record, tried))) one.problem = problem;
    if (!own && other != core_->others.end() && other->second.covers_told_by) core_->as_told(one, *other->second.covers_told_by);
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<Peer::LinkInfo> Peer::links() const {
  std::vector<LinkInfo> all;
  for (const Member& member : fleet().members) {
    if (member.id == core_->self.member) continue;
    LinkInfo info;
    info.member = member.id;
    info.state = "no link";
    for (const auto& [id, link] : core_->links) {
      if (link.member != member.id || !link.greeted || (info.live && !link.live)) continue;
      info.live = link.live;
      info.state = link.live ? "connected" : link.version_differs ? "version differs" : "no link";
      info.last_heard_mono_ms = link.heard_at;
      info.round_trip_ms = link.round_trip_ms;
      info.clock_ahead_ms = link.clock_ahead_ms;
      info.package_version = link.package_version;
    }
    const auto other = core_->others.find(member.id);
    if (other != core_->others.end() && other->second.link_state) {
      info.its_live = other->second.link_state->live;
      info.joining = other->second.link_state->joining;
      info.told_by = other->second.state_told_by;
    }
    all.push_back(std::move(info));
  }
  return all;
}

}  // namespace postern::cluster
