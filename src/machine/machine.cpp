#include "features/features.h"
#include "machine/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "machine/join/joiner.h"
#include "machine/links/links.h"
#include "machine/plane/mail.h"
#include "machine/plane/plane.h"
#include "machine/join/sponsor.h"

namespace postern::machine {
namespace {

using base::Result;

constexpr std::string_view prejoin_prefix = "prejoin/";
constexpr std::size_t joiner_bytes = 64U << 10;  ///< of one message from whoever joins over this machine
constexpr std::int64_t settle_pause_ms = 1;
constexpr std::int64_t settle_most_ms = 50;  ///< a data plane may wait this long for an answer to be given first

/// Records of the fleet, and what the links' ports and names come from.
bool bears_on_links(const cluster::Register& reg) {
  return !cluster::is_settings(reg) || reg.name == "interfaces" || reg.name == "dns";
}

/// What it signs with another key than it was admitted with, it would answer as committed and nobody would take.
Result<void> check_key(const cluster::Peer& peer) {
  const auto* member = peer.fleet().member(peer.self().member);
  constexpr std::string_view words = "postern start";
  if (member == nullptr || member->identity.signing_key == base::VerifyKey{} ||
      base::verify(member->identity.signing_key, words, base::sign(peer.self().key, words)))
    return {};
  return base::fail(base::ErrorCode::damaged,
                    "The signing key in the store is not the one with which this machine was admitted. Restore the store from "
                    "a backup, or set the machine up anew and let it join again.");
}

/// Without that there are no settings that count, and mail would go where the factory's say.
Result<void> check_member(const cluster::Peer& peer) {
  if (peer.state().find(cluster::member_register(peer.self().member, "identity")) != nullptr) return {};
  const auto unproved = peer.unproved();
  const auto why = unproved.empty() ? std::string("its admission is not there")
                                    : fmt::format("commit {:.12} of {}: {}", to_text(unproved.front().hash),
                                                  unproved.front().host, unproved.front().why);
  return base::fail(base::ErrorCode::damaged,
                    fmt::format("The store does not prove that this machine is a member of its own cluster ({}). Restore "
                                "the store from a backup, or set the machine up anew and let it join again.",
                                why));
}

}  // namespace

Machine::Machine(World& world, const schema::Schema& schema, Terms terms, Identity identity)
    : world_(world),
      schema_(schema),
      terms_(std::move(terms)),
      identity_(std::move(identity)),
      verdicts_(schema, features::objectors()),
      settings_(std::make_unique<OwnSettings>(world, schema, verdicts_, static_cast<const Truth&>(*this))),
      plane_(std::make_unique<Plane>(Plane::Parts{world, schema, terms_.facts, *this, *settings_, notes_})),
      links_(std::make_unique<Links>(Links::Parts{world, *this, *settings_, terms_.facts.bind_address, terms_.dial_back_ms})),
      names_(std::make_unique<OwnNames>(world)),
      joiner_(std::make_unique<JoinerSide>(
          JoinerSide::Parts{world, schema, terms_, *this, *settings_, notes_,
                            [this](Identity joined, std::unique_ptr<cluster::Peer> peer, desk::SessionId session) {
                              become(std::move(joined), std::move(peer), session);
                            }})),
      sponsor_(std::make_unique<SponsorSide>(SponsorSide::Parts{world, schema, terms_, *this, notes_})) {}

Machine::~Machine() = default;

commands::MailEngine& Machine::mail_engine() { return plane_->mail(); }

commands::Names& Machine::names() { return *names_; }

Result<std::unique_ptr<Machine>> Machine::start(World& world, const schema::Schema& schema, Terms terms,
                                                store::Contents contents) {
  auto identity = read_identity(contents.notes);
  if (!identity) return identity.error();
  std::unique_ptr<Machine> out(new Machine(world, schema, std::move(terms), std::move(*identity)));
  auto peer = out->restore_peer(contents.commits);
  if (!peer) return peer.error();
  if (auto member = check_member(**peer); !member) return member.error();
  if (auto key = check_key(**peer); !key) return key.error();
  out->peer_ = std::move(*peer);
  for (const auto& one : contents.damaged)
    world.log("error", fmt::format("the stored commit {:.12} is damaged: it is not in effect here until another machine "
                                   "has sent it again",
                                   to_text(one.stored)));
  out->settings_->load(std::move(contents.damaged), std::move(contents.in_use));
  out->notes_ = std::move(contents.notes);
  out->pending_ = std::move(contents.pending);
  out->desk_ = std::make_unique<desk::Desk>(*out, out->verdicts_);
  out->links_->refresh();
  world.watch_data_plane([machine = out.get()](const applier::Outcome& outcome) { machine->plane_->changed(outcome); });
  out->settle();
  out->sponsor_->resume();
  out->step(cluster::Tick{});
  return out;
}

Result<std::unique_ptr<cluster::Peer>> Machine::restore_peer(const std::vector<cluster::StoredCommit>& past) {
  const auto self = identity_.self(schema_.settings_version(), terms_.version);
  const auto stored = [this](const base::Hash& hash) {
    auto value = world_.value(hash);
    return value ? std::optional(std::move(*value)) : std::nullopt;
  };
  auto peer = cluster::Peer::restore(self, terms_.tuning, past, make_number(world_.random_bytes(8)),
                                     make_number(world_.random_bytes(8)), world_.now(), stored);
  if (!peer) return peer;
  for (const auto& hash : (*peer)->missing_values()) {
    auto value = world_.value(hash);
    // The peer copes with a lost value (contract 2.5); a machine that does not start copes with nothing.
    if (!value)
      world_.log("error", to_text(value.error()));
    else
      (*peer)->supply_value(hash, std::move(*value));
  }
  for (const auto& one : (*peer)->unproved())
    world_.log("error", fmt::format("the stored commit {} of {} is not proved ({}): it is not in effect here", to_text(one.dot),
                                    one.host, one.why));
  return peer;
}

void Machine::step(cluster::Event event) {
  queue_.push_back(std::move(event));
  if (!stepping_) run_queue();
}

void Machine::run_queue() {
  stepping_ = true;
  while (!queue_.empty()) {
    const cluster::Event event = std::move(queue_.front());
    queue_.pop_front();
    perform(peer_->step(event, world_.now()));
  }
  stepping_ = false;
  if (std::exchange(links_unsettled_, false)) links_->refresh();
  desk_->progressed();
  if (unsettled_) settle_soon();
}

void Machine::settle() {
  unsettled_ = false;
  plane_->settle();
}

/// Whoever waits for a commit's answer comes first: bringing the data plane behind costs a machine some milliseconds,
/// and the others' confirmations arrive in just those. What comes within the pause is planned once, together.
void Machine::settle_soon() {
  bool& armed = waiting_.empty() ? settle_soon_ : settle_late_;
  if (std::exchange(armed, true)) return;
  world_.after(waiting_.empty() ? settle_pause_ms : settle_most_ms, [this, &armed] {
    armed = false;
    if (unsettled_) settle();
  });
}

/// In the order that cluster/effects.h demands.
void Machine::perform(cluster::Effects effects) {
  if (effects.persist) persist(std::move(*effects.persist));
  for (const auto& send : effects.sends) world_.send(send.link, cluster::encode(send.message));
  for (const auto& round : effects.ships) links_->ship(round);
  for (const auto link : effects.close) world_.close(link, "closed by the cluster's rules");
  for (const auto& one : effects.answers) answer(one);
  for (auto& one : effects.told) told(std::move(one));
  for (const auto& one : effects.asked) asked(one);
  if (!effects.changed.empty()) {
    unsettled_ = true;
    links_unsettled_ |= std::any_of(effects.changed.begin(), effects.changed.end(), bears_on_links);
    desk_->state_changed(effects.changed);
    sponsor_->state_changed();
  }
  if (mending_ && !settings_->mends()) {
    mending_ = false;
    unsettled_ = links_unsettled_ = true;
  }
  for (const auto& alert : effects.alerts)
    world_.log(alert.grade == cluster::Alert::Grade::info ? "info" : "warning", alert.about + ": " + alert.text);
  if (!effects.alerts.empty()) desk_->alerts(effects.alerts);
  wake_at(effects.wake_mono_ms);
}

void Machine::persist(cluster::Persist what) {
  const auto token = what.token;
  const bool flush = what.flush;
  if (!what.retire.empty()) pending_.erase(what.retire);
  store::Batch batch;
  batch.persist = std::move(what);
  world_.write(std::move(batch), [this, token, flush, epoch = epoch_](Result<void> result, bool unknown) {
    if (epoch != epoch_) return;
    if (result && !flush) return;
    cluster::Flushed flushed{token, cluster::Flushed::How::done, 0, {}};
    if (!result) {
      flushed.how = unknown ? cluster::Flushed::How::unknown : cluster::Flushed::How::failed;
      flushed.fresh = make_number(world_.random_bytes(8));
      flushed.reason = to_text(result.error());
      world_.log("error", "the store refused a write: " + flushed.reason);
    }
    step(std::move(flushed));
  });
}

void Machine::answer(const cluster::Answer& answer) {
  const auto found = waiting_.find({answer.request_key, answer.content});
  if (found == waiting_.end()) return;
  const auto callbacks = std::move(found->second);
  waiting_.erase(found);
  for (const auto& done : callbacks) done(answer);
}

void Machine::ask(base::MemberId member, std::string body, std::function<void(Result<std::string>)> done) {
  const auto id = ++last_ask_;
  asks_.emplace(id, std::move(done));
  step(cluster::Ask{id, member, std::move(body)});
}

void Machine::told(cluster::Told what) {
  auto found = asks_.extract(what.id);
  if (!found.empty()) found.mapped()(std::move(what.answer));
}

/// Its peer numbers questions anew after a join: what was asked before is not answered any more.
void Machine::asked(const cluster::Asked& what) {
  desk_->asked(what.from, what.body, [this, id = what.id, epoch = epoch_](std::string body) {
    if (epoch == epoch_) step(cluster::Reply{id, std::move(body)});
  });
}

void Machine::wake_at(std::int64_t mono_ms) {
  if (mono_ms == 0 || (wake_mono_ms_ != 0 && wake_mono_ms_ <= mono_ms)) return;
  wake_mono_ms_ = mono_ms;
  const auto wait = std::max<std::int64_t>(0, mono_ms - world_.now().mono_ms);
  world_.after(wait, [this, mono_ms] {
    if (wake_mono_ms_ != mono_ms) return;
    wake_mono_ms_ = 0;
    step(cluster::Tick{});
  });
}

void Machine::commit(cluster::LocalCommit what, std::function<void(const cluster::Answer&)> done) {
  if (joiner_->swapping()) {  // it would be of the membership that ends now
    cluster::Answer refused;
    refused.request_key = what.request_key;
    refused.what = cluster::Answer::What::refused;
    refused.reason = "This machine is joining a cluster: its own settings are being replaced.";
    return done(refused);
  }
  waiting_[{what.request_key, cluster::content_of(what)}].push_back(std::move(done));
  step(std::move(what));
}

base::Instant Machine::now() { return world_.now(); }

std::string Machine::random_bytes(std::size_t count) { return world_.random_bytes(count); }

void Machine::save_pending(const std::string& key, std::optional<std::string> bytes, std::function<void(Result<void>)> done) {
  if (bytes)
    pending_[key] = *bytes;
  else
    pending_.erase(key);
  store::Batch batch;
  batch.persist.flush = true;
  batch.pending[key] = std::move(bytes);
  world_.write(std::move(batch), [done = std::move(done)](Result<void> result, bool) { done(result); });
}

std::vector<std::pair<std::string, std::string>> Machine::pending() const { return {pending_.begin(), pending_.end()}; }

void Machine::hash_passphrase(std::string passphrase, std::function<void(std::string)> done) {
  world_.hash_passphrase(std::move(passphrase), std::move(done));
}

void Machine::join_dial(std::string address, std::uint16_t port, std::function<void(Result<desk::JoinOffer>)> done) {
  joiner_->dial(std::move(address), port, std::move(done));
}

void Machine::join_go(desk::JoinRequest request, std::function<void(std::string)> progress,
                      std::function<void(Result<void>)> done) {
  joiner_->go(std::move(request), std::move(progress), std::move(done));
}

void Machine::join_cancel(std::uint64_t join) { joiner_->cancel(join); }

void Machine::stored_values(std::vector<base::Hash> hashes, std::function<void(cluster::Values)> done) {
  world_.values(std::move(hashes), std::move(done));
}

desk::HostFingerprints Machine::host_fingerprints() const {
  const auto prints = world_.fingerprints(identity_.host_public);
  return prints ? desk::HostFingerprints{prints->sha256, prints->md5} : desk::HostFingerprints{};
}

std::vector<std::pair<std::string, std::string>> Machine::prejoin() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (auto it = notes_.lower_bound(std::string(prejoin_prefix)); it != notes_.end() && it->first.starts_with(prejoin_prefix);
       ++it)
    out.emplace_back(it->first.substr(prejoin_prefix.size()), it->second);
  return out;
}

void Machine::stats(std::function<void(Stats)> done) { world_.stats(std::move(done)); }

std::vector<std::string> Machine::host_addresses() const { return world_.host_addresses(); }

void Machine::link_up(transport::ConnectionId connection, const std::string& peer_key, bool we_dialed) {
  links_->up(connection, peer_key, we_dialed);
}

void Machine::link_message(transport::ConnectionId connection, const std::string& bytes) { links_->message(connection, bytes); }

void Machine::link_down(transport::ConnectionId connection) { links_->down(connection); }

void Machine::link_status(std::function<void(std::vector<desk::LinkStatus>)> done) { links_->status(std::move(done)); }

void Machine::become(Identity identity, std::unique_ptr<cluster::Peer> peer, desk::SessionId joined_from) {
  epoch_++;
  links_->drop("this machine joined another cluster");
  identity_ = std::move(identity);
  pending_.clear();
  waiting_.clear();
  const auto asks = std::exchange(asks_, {});
  queue_.clear();
  wake_mono_ms_ = 0;
  peer_ = std::move(peer);
  plane_->replaced();
  desk_->replaced(joined_from);
  for (const auto& [id, done] : asks)
    done(base::fail(base::ErrorCode::unreachable, "This machine joined another cluster meanwhile."));
  links_->refresh();
  settle();
  step(cluster::Tick{});
}

void Machine::join_open(transport::ConnectionId connection, const std::string& user) { sponsor_->open(connection, user); }

void Machine::join_message(transport::ConnectionId connection, const std::string& bytes) {
  const bool ours = joiner_->has(connection);
  if (!ours && bytes.size() > joiner_bytes) {
    world_.close(connection, "a joining machine says more than it has to say");
    return;
  }
  auto frame = cluster::decode_join(bytes);
  if (!frame) {
    world_.close(connection, to_text(frame.error()));
    return;
  }
  if (ours)
    joiner_->receive(connection, std::move(*frame));
  else
    sponsor_->receive(connection, std::move(*frame));
}

void Machine::join_closed(transport::ConnectionId connection, const std::string& reason) {
  if (joiner_->has(connection))
    joiner_->closed(connection, reason);
  else
    sponsor_->closed(connection);
}

}  // namespace postern::machine
