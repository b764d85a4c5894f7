// Own commits: from the desk's wish to the flush that makes it true.
#include "base/assert.h"
#include "base/limits.h"
#include "cluster/core.h"
#include "cluster/graves.h"
#include "cluster/planted.h"
#include "cluster/validate.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::cluster {
namespace {

using What = Answer::What;

base::Stamp stamp_of(std::int64_t wall_ms, std::uint64_t counter) {
  return {static_cast<std::uint64_t>(std::max<std::int64_t>(wall_ms, 0)) << 16 | counter};
}

Ship ship_one(const Flight& flight, bool staged) {
  Ship::Item item{flight.envelope, {}, staged};
  for (const Write& write : flight.header.writes) {
    if (!write.value.is_nil()) item.values.push_back(flight.values.at(write.value));
  }
  Ship ship;
  ship.items.push_back(std::move(item));
  return ship;
}

}  // namespace

void Peer::Core::handle(const LocalCommit& what) {
  if (!planted(Planted::no_request_key) && answer_known(what)) return;
  std::string reason = past_limits(what);
  if (!reason.empty()) return refuse(what, std::move(reason));
  queue.push_back(what);
}

void Peer::Core::refuse(const LocalCommit& what, std::string reason) {
  Answer answer;
  answer.request_key = what.request_key;
  answer.content = content_of(what);
  answer.what = What::refused;
  answer.reason = std::move(reason);
  out.answers.push_back(std::move(answer));
}

/// A request that is known gets the answer of its commit, wherever that was made; one that is under way
/// is answered once, when it is done. A key that was used for something else is refused: whoever asked would take
/// another commit for his.
bool Peer::Core::answer_known(const LocalCommit& what) {
  const std::string& key = what.request_key;
  if (key.empty()) return false;
  std::optional<base::Hash> content;  // hashes all values: only where the key is known
  bool reused = false;
  const auto same = [&](const std::string& its_key, const auto& its_content) {
    if (its_key != key) return false;
    if (!content) content = content_of(what);
    const bool equal = planted(Planted::key_alone) || its_content() == *content;
    reused = reused || !equal;
    return equal;
  };
  const auto same_header = [&](const auto& one) {
    return same(one.header.request_key, [&one] { return content_of(one.header); });
  };
  if (std::any_of(flights.begin(), flights.end(), same_header)) return true;
  if (std::any_of(queue.begin(), queue.end(),
                  [&](const LocalCommit& one) { return same(one.request_key, [&one] { return content_of(one); }); }))
    return true;
  if (std::any_of(dues.begin(), dues.end(),
                  [&](const Due& one) { return same(one.request_key, [&one] { return one.content; }); }))
    return true;
  for (const Record* known : history.by_request_key(key)) {
    if (!same_header(known->info)) continue;
    out.answers.push_back(answer_for({key, *content, known->info.hash, 0, 0, false, {}}));
    return true;
  }
  for (const auto& [hash, one] : held) {
    if (!same_header(one)) continue;
    answer_held(what, one);
    return true;
  }
  if (reused) {
    refuse(what,
           "The request's key was used before for other changes or by another user. Nothing was "
           "written; repeat the command, so that it gets a key of its own");
  }
  return reused;
}

void Peer::Core::answer_held(const LocalCommit& what, const Held& one) {
  Answer answer;
  answer.request_key = what.request_key;
  answer.content = content_of(what);
  answer.what = What::in_doubt;
  answer.commit = one.hash;
  answer.dot = one.header.dot;
  answer.reason = fmt::format(
      "This commit was begun on {}, and whether it is durable there is not known here yet. "
      "Ask again when that machine is connected.",
      host_of(one.header.dot.member));
  out.answers.push_back(std::move(answer));
}

/// Empty, or the sentence that refuses it.
std::string Peer::Core::past_limits(const LocalCommit& what) const {
  using namespace base::limits;
  if (what.items.empty()) return "The commit changes nothing.";
  if (what.items.size() > writes_per_commit) {
    return fmt::format("The commit writes {} settings at once; the limit is {}. Commit in smaller parts.", what.items.size(),
                       writes_per_commit);
  }
  if (what.comment.size() > comment_bytes) {
    return fmt::format("The comment is longer than {} bytes. Shorten it.", comment_bytes);
  }
  if (const auto good = validate_texts(what.author_name, what.comment, what.request_key); !good)
    return fmt::format("The commit cannot be made: {}.", good.error().text);
  std::set<Register> seen;
  std::size_t bytes = 0;
  for (const LocalCommit::Item& item : what.items) {
    if (item.reg.name.empty() || item.reg.name.size() > name_bytes || !seen.insert(item.reg).second) {
      return fmt::format("The commit writes {} twice or without a valid name.", to_text(item.reg));
    }
    const bool life = !is_settings(item.reg) && item.reg.name == "life";
    if (life != (item.kind == WriteKind::remove)) {
      return fmt::format("{} can only be deleted through its life, and nothing else can.", to_text(item.reg));
    }
    if (life && item.reg.space == Space::cluster) return "A cluster cannot be deleted; remove its machines.";
    bytes += item.value.size();
    if (item.value.size() > value_bytes || bytes > value_bytes) {
      return fmt::format("The settings of {} are {} bytes long; one commit can hold {} bytes.", item.reg.name, item.value.size(),
                         value_bytes);
    }
    auto good = validate_write(self.cluster, item.reg, item.kind, item.value.size());
    if (good) good = validate_value(item.reg, item.kind, item.value);
    if (!good) return fmt::format("The commit cannot be made: {}.", good.error().text);
  }
  return {};
}

/// Does it write the identity of somebody who has one?
bool Peer::Core::admits_known(const LocalCommit::Item& item) const {
  return is_identity(item.reg) && admitted.contains(base::MemberId{item.reg.id});
}

/// Membership: who was never admitted has no chain; who was removed has an ended one.
std::string Peer::Core::not_allowed(const LocalCommit& what) const {
  if (is_dead(self.member)) return "This machine was removed from the cluster; nothing can be committed on it.";
  for (const LocalCommit::Item& item : what.items) {
    if (!admits_known(item)) continue;
    return fmt::format(
        "The keys of machine {} were set when it was admitted and cannot be changed. Let that "
        "machine leave the cluster and join again.",
        base::to_text(base::MemberId{item.reg.id}));
  }
  if (admissions.count(self.member) != 0) return {};
  const bool founds = std::any_of(what.items.begin(), what.items.end(), [this](const LocalCommit::Item& item) {
    return item.reg == member_register(self.member, "identity");
  });
  if (history.size() == 0 && flights.empty() && founds) return {};
  return "This machine is not a member of the cluster yet; wait until its join is complete.";
}

/// At the start own commits wait a little for peers: they may hold more of this machine's own past
/// (2.2).
bool Peer::Core::may_author() {
  if (incarnation_ended && !flights.empty()) return false;
  if (authored || now.mono_ms >= started_at + tuning.start_wait_ms) return true;
  const std::vector<Member>& members = fleet().members;
  return std::all_of(members.begin(), members.end(),
                     [this](const Member& member) { return member.id == self.member || live_link(member.id) != nullptr; });
}

void Peer::Core::start_queued() {
  if (queue.empty() || !may_author()) return;
  std::set<Register> busy;
  for (const Flight& flight : flights) {
    for (const Write& write : flight.header.writes) busy.insert(write.reg);
  }
  std::deque<LocalCommit> later;
  while (!queue.empty()) {
    LocalCommit what = std::move(queue.front());
    queue.pop_front();
    bool wait =
        std::any_of(what.items.begin(), what.items.end(), [&busy](const auto& item) { return busy.count(item.reg) != 0; });
    wait = wait || (out.persist && !out.persist->retire.empty() && !what.retire.empty());
    wait = wait || (incarnation_ended && !flights.empty()) || (history.size() == 0 && !flights.empty());
    for (const LocalCommit::Item& item : what.items) busy.insert(item.reg);
    if (wait) {
      later.push_back(std::move(what));
    } else {
      begin(what);
    }
  }
  queue = std::move(later);
}

std::vector<Conflict> Peer::Core::conflicts(const LocalCommit& what) const {
  std::vector<Conflict> found;
  for (const LocalCommit::Item& item : what.items) {
    const RegisterState* state = builder.state().find(item.reg);
    const std::vector<Dot> heads = state == nullptr ? std::vector<Dot>() : state->base();
    std::vector<Dot> base = item.base;
    std::sort(base.begin(), base.end());
    bool current = base == heads;
    if (planted(Planted::base_is_shown) && state != nullptr && !state->heads.empty()) {
      current = std::count(base.begin(), base.end(), state->heads.front().dot) > 0;
    }
    if (current) continue;
    Conflict conflict{item.reg, {}};
    if (state != nullptr) {
      for (const Head& head : state->heads) conflict.heads.push_back(head.dot);
    }
    found.push_back(std::move(conflict));
  }
  return found;
}

/// max(wall, 1 + greatest seen stamp that is not absurdly ahead of the wall) (contract 2.3).
base::Stamp Peer::Core::make_stamp() const {
  const base::Stamp wall = stamp_of(now.wall_ms, 0);
  if (planted(Planted::wall_clock_winner)) return wall;
  base::Stamp limit = stamp_of(now.wall_ms + tuning.skew_follow_ms, 0xffff);
  if (planted(Planted::unbounded_stamps)) limit.value = ~std::uint64_t{0} - 1;
  base::Stamp seen = history.greatest_stamp(limit);
  for (const Flight& flight : flights) {
    if (flight.header.stamp <= limit) seen = std::max(seen, flight.header.stamp);
  }
  return std::max(wall, base::Stamp{seen.value + 1});
}

/// Its place in our chain, and as many as it may name of the commits that nothing here has seen yet.
void Peer::Core::set_predecessors(Header& header) const {
  const ChainId chain{self.member, incarnation};
  const std::uint64_t done = history.length(chain);
  header.dot = {self.member, incarnation, 1 + done + flights.size()};
  if (!flights.empty()) {
    header.prev = flights.back().hash;
  } else if (done > 0) {
    header.prev = history.at(chain, done)->info.hash;
  } else if (history.size() > 0) {
    header.prev = admissions.at(self.member);
  }
  if (planted(Planted::forget_parents)) return;
  for (const auto& [hash, dot] : history.maximal()) {
    if (hash == header.prev || (!flights.empty() && seen_by_flights.count(hash) != 0)) continue;
    header.parents.push_back({dot, hash});
    if (header.parents.size() == parents_per_commit) break;
  }
  std::sort(header.parents.begin(), header.parents.end());
}

/// The greatest heads that it was made over; conflicts() has seen that it was made over all.
std::vector<Dot> Peer::Core::named_base(const LocalCommit::Item& item) const {
  std::vector<Dot> base = item.base;
  std::sort(base.begin(), base.end());
  base.erase(std::unique(base.begin(), base.end()), base.end());
  const RegisterState* state = builder.state().find(item.reg);
  if (base.size() <= heads_per_base || state == nullptr) return base;
  base.clear();
  for (std::size_t i = 0; i < heads_per_base && i < state->heads.size(); ++i) base.push_back(state->heads[i].dot);
  std::sort(base.begin(), base.end());
  return base;
}

Header Peer::Core::make_header(const LocalCommit& what, Values& values) const {
  Header header;
  set_predecessors(header);
  header.stamp = make_stamp();
  header.wall_ms = std::max<std::int64_t>(now.wall_ms, 0);
  header.author = what.author;
  header.author_name = what.author_name;
  header.login_host = self.member;
  header.comment = what.comment;
  header.settings_version = self.settings_version;
  header.request_key = what.request_key;
  for (const LocalCommit::Item& item : what.items) {
    Write write{item.reg, item.kind, {}, 0, named_base(item)};
    const bool has_value = item.kind == WriteKind::put || (item.kind == WriteKind::remove && !item.value.empty());
    if (has_value) {
      write.value = base::hash_bytes(item.value);
      write.value_size = item.value.size();
      values[write.value] = item.value;
    }
    header.writes.push_back(std::move(write));
  }
  std::sort(header.writes.begin(), header.writes.end(), [](const Write& a, const Write& b) { return a.reg < b.reg; });
  return header;
}

void Peer::Core::new_incarnation() {
  incarnation_ended = false;
  const std::string seed =
      fmt::format("incarnation {} {} {} {} {}", incarnation, boot_nonce, ++incarnations_made, now.wall_ms, now.mono_ms);
  const base::Hash drawn = base::hash_bytes(seed);
  incarnation = 0;
  for (std::size_t i = 0; i < 8; ++i) incarnation = incarnation << 8 | drawn.bytes[i];
}

void Peer::Core::begin(const LocalCommit& what) {
  // It may have come from elsewhere while this one was waiting.
  if (!planted(Planted::no_request_key) && answer_known(what)) return;
  std::string reason = not_allowed(what);
  if (!reason.empty()) return refuse(what, std::move(reason));
  std::vector<Conflict> found = conflicts(what);
  if (!found.empty()) {
    ++counters.conflicts;
    Answer answer;
    answer.request_key = what.request_key;
    answer.content = content_of(what);
    answer.what = What::conflict;
    answer.conflicts = std::move(found);
    answer.reason = "Somebody else has changed the same settings meanwhile; nothing was committed.";
    out.answers.push_back(std::move(answer));
    return;
  }
  if (incarnation_ended) new_incarnation();
  join_parents();
  Flight flight;
  flight.header = make_header(what, flight.values);
  if (const auto good = validate(self.cluster, flight.header); !good)
    return refuse(what, fmt::format("The commit cannot be made: {}.", good.error().text));
  flight.envelope.header = encode_header(flight.header);
  if (flight.envelope.header.size() > base::limits::header_bytes) {
    return refuse(what, "The commit names too many settings and conflicts at once. Commit in smaller parts.");
  }
  flight.wait = what.wait;
  if (!what.retire.empty()) persist().retire = what.retire;
  launch(std::move(flight));
}

/// A commit must have seen all that is shown here, and a header names only so many: what is more than that is
/// joined by own commits without writes before it, in the same transaction.
void Peer::Core::join_parents() {
  for (;;) {
    Flight join;
    set_predecessors(join.header);
    if (join.header.parents.size() < parents_per_commit) return;
    join.header.stamp = make_stamp();
    join.header.wall_ms = std::max<std::int64_t>(now.wall_ms, 0);
    join.header.login_host = self.member;
    join.header.comment = "Joins concurrent commits";
    join.header.settings_version = self.settings_version;
    join.envelope.header = encode_header(join.header);
    join.wait = false;
    launch(std::move(join));
  }
}

void Peer::Core::launch(Flight flight) {
  flight.envelope.signature = base::sign(self.key, signed_bytes(self.cluster, flight.envelope.header));
  flight.hash = flight.envelope.id();
  Persist& write = persist();
  write.flush = true;
  write.commits.push_back({flight.envelope, false});
  write.values.insert(flight.values.begin(), flight.values.end());
  flight.token = write.token;
  if (flights.empty()) seen_by_flights.clear();
  if (flight.header.parents.size() < parents_per_commit) {
    for (const auto& [hash, dot] : history.maximal()) seen_by_flights.insert(hash);
  }
  seen_by_flights.insert(flight.header.prev);
  for (const ParentRef& parent : flight.header.parents) seen_by_flights.insert(parent.hash);
  authored = true;
  flights.push_back(std::move(flight));
  ship_staged(flights.back());
  if (planted(Planted::ack_before_sync)) finish_own(flights.back().token);
}

/// Beside the flush; the others keep it staged until we say that it is durable. A link that lacks
/// what comes before in our chain gets it later, in order.
void Peer::Core::ship_staged(Flight& flight) {
  const ChainId chain = chain_of(flight.header.dot);
  for (Link* to : live_links()) {
    if (reach(*to, chain) != flight.header.dot.seq - 1) continue;
    send(to->id, ship_one(flight, true));
    to->sent[chain] = flight.header.dot.seq;
    flight.shipped.insert(to->id);
  }
}

void Peer::Core::finish_own(Token token) {
  std::map<LinkId, Durable> say;
  bool any = false;
  while (!flights.empty() && flights.front().token == token) {
    Flight flight = std::move(flights.front());
    flights.pop_front();
    const Dot dot = flight.header.dot;
    for (const LinkId id : flight.shipped) say[id] = {dot.incarnation, dot.seq, flight.hash};
    if (!flight.header.writes.empty()) {
      dues.push_back({flight.header.request_key,
                      content_of(flight.header),
                      flight.hash,
                      now.mono_ms + tuning.answer_wait_ms / 4,
                      now.mono_ms + tuning.answer_wait_ms,
                      flight.wait,
                      {}});
    }
    const Record& record = apply(std::move(flight.header), flight.hash, flight.values);
    for (const base::MemberId& member : flight.stored) history.raise(others[member].stored, record);
    ++counters.commits_authored;
    any = true;
  }
  if (!any) return;
  for (const auto& [id, durable_now] : say) {
    if (link(id) != nullptr) send(id, durable_now);
  }
  leave_dead();
  for (Link* to : live_links()) {
    if (say.count(to->id) == 0) push(*to);
  }
}

/// The dot of a flush that failed is never used again: somebody may have seen it (contract 2.2).
/// What is in flight after it goes with it, for it stands on it.
void Peer::Core::fail_own(const Flushed& why) {
  const bool ours =
      std::any_of(flights.begin(), flights.end(), [&why](const Flight& flight) { return flight.token == why.token; });
  if (!ours) return;
  const ChainId chain = chain_of(flights.front().header.dot);
  const std::uint64_t done = flights.front().header.dot.seq - 1;
  for (const Flight& flight : flights) {
    persist().drop.push_back(flight.hash);
    if (flight.header.writes.empty()) continue;  // nobody asked for it
    Answer answer;
    answer.request_key = flight.header.request_key;
    answer.content = content_of(flight.header);
    const bool in_doubt = !flight.shipped.empty() || why.how == Flushed::How::unknown;
    answer.what = in_doubt ? What::in_doubt : What::refused;
    answer.commit = flight.hash;
    answer.dot = flight.header.dot;
    answer.reason = fmt::format("This machine could not write the commit to its disk: {} Your changes are kept.",
                                why.reason.empty() ? "No reason is known." : why.reason);
    out.answers.push_back(std::move(answer));
  }
  flights.clear();
  for (Link* to : live_links()) {
    send(to->id, Dropped{chain.incarnation, done});
    if (known_seq(to->sent, chain) > done) to->sent[chain] = done;
  }
  alert(Alert::Grade::critical, "disk", self.member,
        fmt::format("A commit could not be written to this machine's disk: {}.", why.reason));
  if (planted(Planted::flush_failure_keeps_incarnation)) return;
  end_incarnation();
  if (why.fresh == 0) return;
  incarnation = why.fresh;
  incarnation_ended = false;
}

/// The next own commit starts a new chain.
void Peer::Core::end_incarnation() { incarnation_ended = true; }

}  // namespace postern::cluster
