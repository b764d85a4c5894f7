#include "machine/join/joiner.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/printable.h"
#include "cluster/validate.h"
#include "machine/plane/own_settings.h"

namespace postern::machine {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::string_view administrator = "admin";

/// What a sponsor may send. All of it is in memory until the swap.
constexpr std::uint64_t most_commits = 1U << 20;
constexpr std::uint64_t most_late_commits = 1U << 16;  ///< made by others while the join ran
constexpr std::uint64_t most_bytes = 1U << 30;
constexpr std::int64_t look_ms = 30'000;
constexpr std::size_t shown_bytes = 512;

std::uint64_t size_of(const cluster::Ship::Item& item) {
  std::uint64_t bytes = sizeof item + item.envelope.header.size();
  for (const auto& value : item.values) bytes += sizeof value + value.size();
  return bytes;
}

/// "ssh-ed25519 AAAA…" without what may follow.
std::string_view bare_key(std::string_view line) {
  const auto first = line.find(' ');
  return first == std::string_view::npos ? line : line.substr(0, line.find(' ', first + 1));
}

/// Notes of what is this host's, and no setting: a join leaves them as they are.
bool is_hosts_own(std::string_view name) { return name.starts_with("setup/") || name.starts_with("mail/"); }

}  // namespace

struct JoinerSide::Attempt {
  std::uint64_t join = 0;
  transport::ConnectionId connection = 0;
  std::string address;
  std::uint16_t port = 0;
  desk::JoinRequest request;
  cluster::JoinOffer offer;
  std::string host_key;  ///< that a person has found right
  std::vector<cluster::Ship::Item> items;
  std::set<base::Hash> hashes;  ///< of the items
  std::uint64_t bytes = 0;      ///< of the items
  std::int64_t heard_mono_ms = 0;
  bool ready_sent = false;
  bool swapping = false;
  unsigned told_percent = 0;
  std::function<void(std::string)> progress;
  std::function<void(Result<void>)> done;
};

/// What the swap writes, made before anything is touched.
struct JoinerSide::Swap {
  Identity identity;
  std::vector<cluster::StoredCommit> commits;
  cluster::Values values;
  std::unique_ptr<cluster::Peer> peer;
};

JoinerSide::JoinerSide(Parts parts) : parts_(std::move(parts)) {}
JoinerSide::~JoinerSide() = default;

bool JoinerSide::has(transport::ConnectionId connection) const {
  return attempt_ && attempt_->connection != 0 && attempt_->connection == connection;
}

bool JoinerSide::swapping() const { return attempt_ && attempt_->swapping; }

/// Asked again before each step that cannot be taken back: it may have founded a cluster meanwhile, with others in it.
Result<void> JoinerSide::check_standalone() const {
  const auto& fleet = parts_.truth.peer().fleet();
  if (parts_.settings.removed())
    return fail(ErrorCode::exists, fmt::format("This machine was removed from the cluster {}. Set it up anew; then it "
                                               "can join a cluster.",
                                               fleet.cluster_name));
  if (!fleet.standalone())
    return fail(ErrorCode::exists, fmt::format("This machine is in the cluster {} already. A machine is in one "
                                               "cluster only: remove it there before it joins another.",
                                               fleet.cluster_name));
  return {};
}

void JoinerSide::dial(std::string address, std::uint16_t port, std::function<void(Result<desk::JoinOffer>)> done) {
  if (auto alone = check_standalone(); !alone) return done(alone.error());
  if (attempt_ && attempt_->done)
    return done(fail(ErrorCode::busy, "Another join is under way on this machine. Wait for its end."));
  // One that nobody went on with, because its terminal was lost at the fingerprint, gives way.
  if (attempt_) finish(fail(ErrorCode::busy, "Another join was begun on this machine."));
  attempt_ = std::make_unique<Attempt>();
  attempt_->join = next_join_++;
  attempt_->address = address;
  attempt_->port = port;
  const auto join = attempt_->join;
  parts_.world.join_dial(std::move(address), port, [this, join, done](Result<transport::Transport::Fetched> fetched) {
    if (!attempt_ || attempt_->join != join) {
      if (fetched) parts_.world.close(fetched->connection, "another join was begun");
      return done(fail(ErrorCode::busy, "Another join was begun on this machine."));
    }
    Result<desk::JoinOffer> offer = desk::JoinOffer{};
    if (!fetched) {
      offer = fetched.error();
    } else if (fetched->is_ccs) {
      parts_.world.close(fetched->connection, "not an administrators' port");
      offer = fail(ErrorCode::invalid,
                   fmt::format("Port {} of {} is its Cluster Communication Service (CCS), which takes no passphrase. Give "
                               "the admin SSH port.",
                               attempt_->port, attempt_->address));
    } else if (auto prints = parts_.world.fingerprints(fetched->host_key); !prints) {
      offer = prints.error();
    } else {
      attempt_->connection = fetched->connection;
      attempt_->host_key = fetched->host_key;
      offer = desk::JoinOffer{join, prints->sha256, prints->md5};
    }
    if (!offer) attempt_.reset();
    done(std::move(offer));
  });
}

void JoinerSide::go(desk::JoinRequest request, std::function<void(std::string)> progress,
                    std::function<void(Result<void>)> done) {
  if (attempt_ && attempt_->done) return done(fail(ErrorCode::busy, "This join is under way already. Wait for its end."));
  if (!attempt_ || attempt_->join != request.join || attempt_->connection == 0)
    return done(fail(ErrorCode::unreachable, "The connection to the cluster has ended. Begin the join again."));
  if (request.passphrase.empty())
    return done(fail(ErrorCode::unsupported, "Joining with pre-shared keys is not in this version."));
  attempt_->request = std::move(request);
  attempt_->progress = std::move(progress);
  attempt_->done = std::move(done);
  if (auto alone = check_standalone(); !alone) return finish(alone.error());
  parts_.world.join_login(attempt_->connection, std::string(administrator), attempt_->request.passphrase,
                          [this, join = attempt_->join](Result<void> result) {
                            if (!attempt_ || attempt_->join != join) return;
                            attempt_->request.passphrase.clear();
                            if (!result) return finish(result.error());
                            parts_.world.send(attempt_->connection, cluster::encode_join(this->request()));
                            attempt_->heard_mono_ms = parts_.world.now().mono_ms;
                            watch();
                          });
}

void JoinerSide::cancel(std::uint64_t join) {
  if (!attempt_ || attempt_->join != join || attempt_->swapping) return;
  finish(fail(ErrorCode::usage, "The join was given up. This machine is standalone as before."));
}

cluster::JoinFrame JoinerSide::request() const {
  const auto* member = parts_.truth.peer().fleet().member(parts_.truth.identity().member);
  cluster::JoinRequest out;
  out.package_version = parts_.terms.version;
  out.settings_version = parts_.schema.settings_version();
  out.identity = parts_.truth.identity().record({});
  if (member != nullptr) {
    out.host_name = member->host_name;
    out.addresses = member->addresses;
  }
  return out;
}

void JoinerSide::receive(transport::ConnectionId connection, cluster::JoinFrame frame) {
  if (!has(connection) || attempt_->swapping) return;
  attempt_->heard_mono_ms = parts_.world.now().mono_ms;
  const bool offered = attempt_->offer.commits != 0;
  if (const auto* refusal = std::get_if<cluster::JoinRefusal>(&frame))
    return finish(fail(ErrorCode::denied, base::printable_line(refusal->text, shown_bytes)));
  if (const auto* offer = std::get_if<cluster::JoinOffer>(&frame); offer != nullptr && !offered) return take(*offer);
  if (auto* part = std::get_if<cluster::JoinPart>(&frame); part != nullptr && offered) return take(std::move(*part));
  if (std::holds_alternative<cluster::JoinComplete>(frame) && attempt_->ready_sent) return begin_swap();
  not_joined("The member answered out of turn.");
}

/// The connection ends; nothing here has changed.
void JoinerSide::not_joined(const std::string& why) {
  finish(fail(ErrorCode::damaged, why + " This machine is standalone as before."));
}

/// One that keeps the connection and says nothing is given up.
void JoinerSide::watch() {
  parts_.world.after(look_ms, [this, join = attempt_->join] {
    if (!attempt_ || attempt_->join != join || attempt_->swapping) return;
    const auto silent_ms = parts_.world.now().mono_ms - attempt_->heard_mono_ms;
    if (silent_ms < parts_.terms.join_idle_ms) return watch();
    not_joined(fmt::format("The member has sent nothing for {} s.", silent_ms / 1'000));
  });
}

void JoinerSide::take(const cluster::JoinOffer& offer) {
  if (offer.commits == 0 || offer.commits > most_commits)
    return not_joined(
        fmt::format("The member announces {} commits; a machine that joins takes 1 to {}.", offer.commits, most_commits));
  attempt_->offer = offer;
}

/// At most what was announced, and what came since; each once.
void JoinerSide::take(cluster::JoinPart part) {
  const auto most = attempt_->offer.commits + (attempt_->ready_sent ? most_late_commits : 0);
  for (auto& item : part.items) {
    attempt_->bytes += size_of(item);
    if (!attempt_->hashes.insert(item.envelope.id()).second) return not_joined("The member sends commits twice.");
    if (attempt_->items.size() >= most) return not_joined("The member sends more commits than it announced.");
    if (attempt_->bytes > most_bytes) return not_joined(fmt::format("The member sends more than {} MiB.", most_bytes >> 20));
    attempt_->items.push_back(std::move(item));
  }
  const auto have = attempt_->items.size();
  const auto want = attempt_->offer.commits;
  if (have > want) return;
  const auto percent = static_cast<unsigned>(have * 100 / want);
  if (percent >= attempt_->told_percent + 10 && want > 50) {
    attempt_->told_percent = percent;
    attempt_->progress(fmt::format("Received {} of {} commits ({} %).", have, want, percent));
  }
  if (have != want || attempt_->ready_sent) return;
  attempt_->ready_sent = true;
  parts_.world.send(attempt_->connection, cluster::encode_join(cluster::JoinReady{}));
}

void JoinerSide::closed(transport::ConnectionId connection, const std::string& reason) {
  if (!has(connection) || attempt_->swapping) return;
  finish(fail(ErrorCode::unreachable, fmt::format("The connection to {} was lost ({}). This machine is standalone as before.",
                                                  attempt_->address, base::printable_line(reason, shown_bytes))));
}

void JoinerSide::finish(Result<void> result) {
  const auto attempt = std::move(attempt_);
  if (attempt->connection != 0) parts_.world.close(attempt->connection, "the join is over");
  if (attempt->done) attempt->done(std::move(result));
}

/// J4's first question: CCS on the first interface, as part of what this machine brings along.
Result<std::string> JoinerSide::with_ccs(const std::string& interfaces) const {
  auto tree = parts_.schema.parse("interfaces", interfaces);
  if (!tree) return tree.error();
  const auto& entries = tree->entries("interface");
  if (entries.empty()) return interfaces;
  const model::Path ccs{{"interface", entries.front().key_values(1)}, {"ccs", {}}};
  model::Path enabled = ccs;
  model::Path port = ccs;
  enabled.push_back({"enabled", {}});
  port.push_back({"port", {}});
  auto edited = model::apply(
      *tree,
      {{model::Edit::Op::set, enabled, "true", {}}, {model::Edit::Op::set, port, std::to_string(attempt_->request.ccs_port), {}}},
      parts_.schema.shapes("interfaces"));
  if (!edited) return edited.error();
  auto canonical = parts_.schema.canonical("interfaces", *edited);
  if (!canonical) return canonical.error();
  return parts_.schema.print("interfaces", *canonical);
}

/// The settings that never leave the machine (spec M8): the joiner keeps them and publishes them.
Result<std::vector<cluster::LocalCommit::Item>> JoinerSide::own_settings(const base::MemberId& member) const {
  const base::Mode now{base::Level::machine, parts_.truth.identity().member.uuid};
  const base::Mode then{base::Level::machine, member.uuid};
  std::vector<cluster::LocalCommit::Item> out;
  for (const auto& feature : parts_.schema.features()) {
    if (feature.scope != schema::Scope::machine) continue;
    const auto text = parts_.truth.peer().state().value(cluster::settings_register(now, feature.name));
    if (text == nullptr) continue;
    std::string value = *text;
    if (feature.name == "interfaces" && attempt_->request.enable_ccs) {
      auto enabled = with_ccs(value);
      if (!enabled) return enabled.error();
      value = std::move(*enabled);
    }
    out.push_back({cluster::settings_register(then, feature.name), cluster::WriteKind::put, std::move(value), {}});
  }
  return out;
}

Result<void> JoinerSide::author_first_commit(Swap& swap) {
  auto items = own_settings(swap.identity.member);
  if (!items) return items.error();
  cluster::LocalCommit first;
  first.request_key = base::to_hex(parts_.world.random_bytes(16));
  first.author_name = std::string(administrator);
  if (const auto* user = swap.peer->fleet().user_by_name(administrator)) first.author = user->id;
  first.comment = "Joined the cluster";
  first.items = std::move(*items);
  first.wait = false;
  auto effects = swap.peer->step(first, parts_.world.now());
  if (!effects.persist || effects.persist->commits.empty())
    return fail(ErrorCode::internal, "This machine could not make its first commit in the cluster.");
  for (auto& commit : effects.persist->commits) swap.commits.push_back(std::move(commit));
  swap.values.merge(effects.persist->values);
  return {};
}

/// A peer over all that the swap writes. Errors: damaged, naming a commit that is not proved, and in whose name it came:
/// whoever sponsors a join can speak for himself only (P15).
Result<std::unique_ptr<cluster::Peer>> JoinerSide::proved(const Swap& swap) const {
  const auto self = swap.identity.self(parts_.schema.settings_version(), parts_.terms.version);
  auto tuning = parts_.terms.tuning;
  tuning.start_wait_ms = 0;
  const auto value_of = [&swap](const base::Hash& hash) {
    const auto found = swap.values.find(hash);
    return found == swap.values.end() ? std::nullopt : std::optional(found->second);
  };
  auto peer = cluster::Peer::restore(self, tuning, swap.commits, make_number(parts_.world.random_bytes(8)),
                                     make_number(parts_.world.random_bytes(8)), parts_.world.now(), value_of);
  if (!peer) return peer;
  bool whole = true;
  for (const auto& hash : (*peer)->missing_values()) {
    const auto value = swap.values.find(hash);
    whole = whole && value != swap.values.end();
    if (value != swap.values.end()) (*peer)->supply_value(hash, value->second);
  }
  if (const auto unproved = (*peer)->unproved(); !unproved.empty()) {
    const auto& wrong = unproved.front();
    return fail(ErrorCode::damaged,
                fmt::format("Commit {:.12} in the name of {} is not proved: {}. The member at {} is damaged, or it lies: "
                            "join over another one. This machine is standalone as before.",
                            to_text(wrong.hash), base::printable_line(wrong.host, 255), wrong.why, attempt_->address));
  }
  if ((*peer)->commits_in_order().size() != swap.commits.size())
    return fail(ErrorCode::damaged,
                "The member sent commits that build on others, and not those. This machine is "
                "standalone as before.");
  if (!whole)
    return fail(ErrorCode::damaged, "The member did not send the whole settings. This machine is standalone as before.");
  return peer;
}

/// Is it the cluster that was meant: with this machine under its own keys, and with the one that sponsors?
Result<void> JoinerSide::check_membership(const cluster::Fleet& fleet, const base::MemberId& own) const {
  const auto* member = fleet.member(own);
  if (member == nullptr || member->identity != parts_.truth.identity().record(member->identity.drawn))
    return fail(ErrorCode::damaged,
                "The cluster's records do not name this machine with its keys. It is standalone as "
                "before.");
  const auto sponsors = [this, &own](const cluster::Member& one) {
    return one.id != own && bare_key(one.identity.host_key) == bare_key(attempt_->host_key);
  };
  if (std::none_of(fleet.members.begin(), fleet.members.end(), sponsors))
    return fail(ErrorCode::damaged, fmt::format("The cluster's records have no machine with the host key of {}. This "
                                                "machine is standalone as before.",
                                                attempt_->address));
  return {};
}

/// A commit's values are what their registers are for. What its header may say is judged when it is restored.
Result<void> JoinerSide::check_values(const cluster::Envelope& envelope, const cluster::Values& values) const {
  const auto header = cluster::decode_header(envelope.header);
  if (!header) return header.error();
  const auto good = cluster::validate_values(*header, values);
  if (good) return {};
  return fail(ErrorCode::damaged, fmt::format("Commit {:.12} cannot be: {}. The member at {} is damaged, or it lies: join "
                                              "over another one. This machine is standalone as before.",
                                              to_text(envelope.id()), good.error().text, attempt_->address));
}

Result<std::unique_ptr<JoinerSide::Swap>> JoinerSide::prepare_swap() {
  auto out = std::make_unique<Swap>();
  out->identity = parts_.truth.identity();
  out->identity.cluster = attempt_->offer.cluster;
  out->identity.member = attempt_->offer.member;
  for (auto& item : attempt_->items) {
    cluster::Values values;
    for (auto& value : item.values) {
      const auto hash = base::hash_bytes(value);
      values.emplace(hash, std::move(value));
    }
    if (auto good = check_values(item.envelope, values); !good) return good.error();
    out->values.merge(values);
    out->commits.push_back({std::move(item.envelope), false});
  }
  auto ordered = cluster::order_causally(std::move(out->commits));
  if (!ordered) return fail(ErrorCode::damaged, ordered.error().text + " This machine is standalone as before.");
  out->commits = std::move(*ordered);

  auto peer = proved(*out);
  if (!peer) return peer.error();
  out->peer = std::move(*peer);
  if (auto member = check_membership(out->peer->fleet(), out->identity.member); !member) return member.error();
  if (auto authored = author_first_commit(*out); !authored) return authored.error();
  peer = proved(*out);  // with the own first commit in it: this one goes on after the swap
  if (!peer) return peer.error();
  out->peer = std::move(*peer);
  return out;
}

/// What was asked of the store before is done and answered first, or it would be lost when it was answered as kept.
void JoinerSide::begin_swap() {
  attempt_->swapping = true;
  parts_.world.write({}, [this](const Result<void>& result, bool) {
    if (!result) return finish(result.error());
    swap();
  });
}

void JoinerSide::swap() {
  if (auto alone = check_standalone(); !alone) return finish(alone.error());
  auto prepared = prepare_swap();
  if (!prepared) return finish(prepared.error());
  attempt_->progress("Applying the cluster's settings.");
  store::Batch next;
  next.persist.commits = (*prepared)->commits;
  next.persist.values = (*prepared)->values;
  next.notes = to_notes((*prepared)->identity);
  const base::Mode own{base::Level::machine, parts_.truth.identity().member.uuid};
  for (const auto& feature : parts_.schema.features())
    if (const auto text = parts_.truth.peer().state().value(cluster::settings_register(own, feature.name)))
      next.notes["prejoin/" + feature.name] = *text;
  // The host's own stay in the store as they are, those too that are written while it is replaced.
  for (const auto& [name, value] : parts_.notes)
    if (!is_hosts_own(name)) next.notes.try_emplace(name, std::nullopt);
  for (const auto& [feature, text] : parts_.settings.in_use()) next.in_use[feature] = *text;
  auto held = std::make_shared<std::unique_ptr<Swap>>(std::move(*prepared));
  auto notes = next.notes;
  parts_.world.replace_all(std::move(next), [this, held, notes](Result<void> result) {
    if (!result) return finish(result.error());
    take_notes(notes);
    swapped(std::move(*held));
  });
}

void JoinerSide::take_notes(const Notes& written) {
  std::erase_if(parts_.notes, [](const auto& note) { return !is_hosts_own(note.first); });
  for (const auto& [name, value] : written)
    if (value) parts_.notes[name] = *value;
}

void JoinerSide::swapped(std::unique_ptr<Swap> swap) {
  parts_.world.send(attempt_->connection, cluster::encode_join(cluster::Joined{}));
  parts_.become(swap->identity, std::move(swap->peer), attempt_->request.session);
  finish({});
}

}  // namespace postern::machine
