#include "machine/join/sponsor.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include "base/limits.h"
#include "base/printable.h"
#include "cluster/founding.h"
#include "machine/plane/own_settings.h"

namespace postern::machine {
namespace {

constexpr std::size_t part_bytes = 1U << 20;
constexpr std::size_t part_commits = 4096;
constexpr std::size_t ahead_bytes = 1U << 20;  ///< the next part is read when at most this waits for a joiner
constexpr std::string_view note_prefix = "joining/";

/// Joins at once over this machine, and of them by one user.
constexpr std::size_t most_guests = 16;
constexpr std::ptrdiff_t most_guests_of_a_user = 8;
constexpr std::int64_t look_ms = 30'000;
constexpr std::size_t serial_bytes = 64;
constexpr std::size_t key_bytes = 1024;

std::string note_key(const base::MemberId& member) { return std::string(note_prefix) + to_text(member); }

/// What is applied here, in order, but for those.
std::deque<base::Hash> unsent(const cluster::Peer& peer, const std::set<base::Hash>& sent) {
  std::deque<base::Hash> out;
  for (const auto& hash : peer.commits_in_order())
    if (!sent.contains(hash)) out.push_back(hash);
  return out;
}

}  // namespace

struct SponsorSide::Guest {
  std::string user;
  std::int64_t began_mono_ms = 0;
  std::int64_t moved_mono_ms = 0;  ///< when the join last went on
  cluster::JoinRequest request;
  base::MemberId member;
  bool asked = false;
  bool ready = false;
  bool sending = false;         ///< a part is being read, or not far enough on its way
  std::deque<base::Hash> goal;  ///< what is still to be sent, in order
  std::set<base::Hash> sent;
  std::uint64_t total = 0;
  base::Hash admission;   ///< nil until committed
  bool complete = false;  ///< it was told so
};

SponsorSide::SponsorSide(const Parts& parts) : parts_(parts) {}
SponsorSide::~SponsorSide() = default;

void SponsorSide::open(transport::ConnectionId connection, const std::string& user) {
  const auto of_user =
      std::count_if(guests_.begin(), guests_.end(), [&user](const auto& entry) { return entry.second->user == user; });
  auto& guest = guests_[connection] = std::make_unique<Guest>();
  guest->user = user;
  guest->began_mono_ms = guest->moved_mono_ms = parts_.world.now().mono_ms;
  if (guests_.size() > most_guests || of_user >= most_guests_of_a_user)
    return refuse(connection,
                  "Too many machines are joining over this member now. Wait for one of them to end, or join "
                  "over another member.");
  watch_guest(connection);
}

/// A join that does not go on, or not fast enough, ends: its place and what is kept for it are for others.
void SponsorSide::watch_guest(transport::ConnectionId connection) {
  parts_.world.after(look_ms, [this, connection, epoch = parts_.truth.epoch()] {
    const auto found = guests_.find(connection);
    if (epoch != parts_.truth.epoch() || found == guests_.end()) return;
    const auto now_ms = parts_.world.now().mono_ms;
    const bool idle = now_ms - found->second->moved_mono_ms >= parts_.terms.join_idle_ms;
    if (!idle && now_ms - found->second->began_mono_ms < parts_.terms.join_most_ms) return watch_guest(connection);
    refuse(connection, idle ? "The join did not go on." : "The join took too long.");
  });
}

void SponsorSide::closed(transport::ConnectionId connection) {
  guests_.erase(connection);
  tell_progress();
}

void SponsorSide::refuse(transport::ConnectionId connection, const std::string& text) {
  parts_.world.log("info", "a join was refused: " + text);
  parts_.world.send(connection, cluster::encode_join(cluster::JoinRefusal{text}));
  parts_.world.close(connection, "the join was refused");
  guests_.erase(connection);
}

void SponsorSide::receive(transport::ConnectionId connection, cluster::JoinFrame frame) {
  const auto found = guests_.find(connection);
  if (found == guests_.end()) return;
  Guest& guest = *found->second;
  if (auto* request = std::get_if<cluster::JoinRequest>(&frame); request != nullptr && !guest.asked)
    return take(connection, guest, std::move(*request));
  guest.moved_mono_ms = parts_.world.now().mono_ms;
  if (std::holds_alternative<cluster::JoinReady>(frame) && guest.asked && guest.goal.empty() && !guest.ready) {
    guest.ready = true;
    return admit(connection, guest);
  }
  if (std::holds_alternative<cluster::Joined>(frame) && guest.complete) {
    settle_admission(guest.member);
    guests_.erase(found);
    return tell_progress();
  }
  refuse(connection, "The joining machine spoke out of turn.");
}

/// Why that machine cannot join, or empty.
std::string SponsorSide::objection(const Guest& guest, const cluster::JoinRequest& request) const {
  const auto& fleet = parts_.truth.peer().fleet();
  const auto* user = fleet.user_by_name(guest.user);
  if (user == nullptr || user->role != cluster::Role::administrator)
    return fmt::format("The user {} is not an administrator of this cluster.", base::printable_line(guest.user, 64));
  if (fleet.standalone())
    return fmt::format("{} is in no cluster. Create one there with clusterconfig, then join it.",
                       fleet.members.empty() ? std::string("That machine") : fleet.members.front().host_name);
  for (const auto& [text, most] : {std::pair(&request.package_version, base::limits::name_bytes),
                                   {&request.identity.serial, serial_bytes},
                                   {&request.identity.host_key, key_bytes},
                                   {&request.identity.user_key, key_bytes},
                                   {&request.addresses.dial_host, base::limits::host_name_bytes}})
    if (!base::is_printable_line(*text, most)) return "The joining machine says of itself what cannot be printed.";
  if (request.package_version != parts_.terms.version || request.settings_version != parts_.schema.settings_version())
    return fmt::format(
        "The cluster runs version {}, the joining machine version {}. All machines of a cluster run the "
        "same version: upgrade one side first.",
        parts_.terms.version, request.package_version);
  if (request.identity.serial.empty() || !is_host_name(parts_.schema, request.host_name))
    return "The joining machine did not name itself by a host name and a serial number.";
  if (const auto* twin = fleet.member_by_serial(request.identity.serial))
    return fmt::format(
        "{} is a member with the same serial number, {}. Two machines of one serial number cannot be in one "
        "cluster: remove that member first, or set the joining machine up anew if it is a copy.",
        twin->host_name, request.identity.serial);
  if (const auto* twin = fleet.member_by_host(request.host_name))
    return fmt::format("A member is named {} already (serial {}). Give the joining machine another host name.", twin->host_name,
                       twin->identity.serial);
  for (const auto& member : fleet.members)
    if (member.identity.user_key == request.identity.user_key || member.identity.host_key == request.identity.host_key ||
        member.identity.signing_key == request.identity.signing_key)
      return fmt::format("{} is a member with the same keys. A copy of a machine cannot join: set it up anew.", member.host_name);
  return {};
}

void SponsorSide::take(transport::ConnectionId connection, Guest& guest, cluster::JoinRequest request) {
  if (const auto why = objection(guest, request); !why.empty()) return refuse(connection, why);
  guest.asked = true;
  guest.request = std::move(request);
  guest.request.identity.drawn = make_uuid(parts_.world.random_bytes(16));
  guest.member = cluster::member_of(guest.request.identity);
  guest.goal = unsent(parts_.truth.peer(), guest.sent);
  guest.total = guest.goal.size();
  const auto& fleet = parts_.truth.peer().fleet();
  parts_.world.send(connection, cluster::encode_join(cluster::JoinOffer{fleet.cluster, fleet.cluster_name,
                                                                        fleet.groups.front().name, guest.member, guest.total}));
  tell_progress();
  send_next(connection);
}

void SponsorSide::send_next(transport::ConnectionId connection) {
  const auto found = guests_.find(connection);
  if (found == guests_.end()) return;
  Guest& guest = *found->second;
  if (guest.sending) return;
  if (guest.goal.empty()) return sent_all(connection, guest);
  guest.sending = true;
  std::vector<base::Hash> next;
  for (auto at = guest.goal.begin(); at != guest.goal.end() && next.size() < part_commits; ++at)
    if (!guest.sent.contains(*at)) next.push_back(*at);
  parts_.world.read_commits(std::move(next), part_bytes, [this, connection](base::Result<World::Items> items) {
    const auto guest_at = guests_.find(connection);
    if (guest_at == guests_.end()) return;
    if (!items || items->empty())
      return refuse(connection, "The member could not read its own store: " +
                                    (items ? std::string("commits are missing.") : to_text(items.error())));
    Guest& to = *guest_at->second;
    for (const auto& item : *items) to.sent.insert(item.envelope.id());
    while (!to.goal.empty() && to.sent.contains(to.goal.front())) to.goal.pop_front();
    parts_.world.send(connection, cluster::encode_join(cluster::JoinPart{std::move(*items)}));
    tell_progress();
    parts_.world.when_drained(connection, ahead_bytes, [this, connection] {
      const auto still = guests_.find(connection);
      if (still == guests_.end()) return;
      still->second->sending = false;
      still->second->moved_mono_ms = parts_.world.now().mono_ms;
      send_next(connection);
    });
  });
}

void SponsorSide::sent_all(transport::ConnectionId connection, Guest& guest) {
  if (guest.admission.is_nil() || guest.complete) return;
  guest.complete = true;
  parts_.world.send(connection, cluster::encode_join(cluster::JoinComplete{guest.admission}));
}

void SponsorSide::admit(transport::ConnectionId connection, Guest& guest) {
  if (const auto why = objection(guest, guest.request); !why.empty()) return refuse(connection, why);
  const auto& fleet = parts_.truth.peer().fleet();
  cluster::LocalCommit what;
  what.request_key = base::to_hex(parts_.world.random_bytes(16));
  what.author_name = guest.user;
  if (const auto* user = fleet.user_by_name(guest.user)) what.author = user->id;
  what.comment = "Admitted " + guest.request.host_name;
  what.wait = false;
  what.items = cluster::admission_items(
      {guest.member, guest.request.host_name, guest.request.identity, guest.request.addresses, fleet.groups.front().id});
  watch(guest.member);
  parts_.truth.commit(std::move(what), [this, connection](const cluster::Answer& answer) {
    const auto found = guests_.find(connection);
    if (found == guests_.end()) return;
    if (answer.what != cluster::Answer::What::committed)
      return refuse(connection, "The admission could not be committed: " + answer.reason);
    found->second->admission = answer.commit;
    found->second->goal = unsent(parts_.truth.peer(), found->second->sent);
    send_next(connection);
  });
}

/// What LIST and CONNSTATUS show on every machine while a join runs.
void SponsorSide::tell_progress() {
  cluster::Joining joining;
  for (const auto& [connection, guest] : guests_) {
    if (!guest->asked) continue;
    const auto percent = guest->total == 0 ? 100 : std::min<std::uint64_t>(100, guest->sent.size() * 100 / guest->total);
    joining.lines.push_back(fmt::format("{} {} %", guest->request.host_name, percent));
  }
  parts_.truth.tell(joining);
}

void SponsorSide::watch(const base::MemberId& member) {
  const auto key = note_key(member);
  parts_.notes[key] = "open";
  store::Batch batch;
  batch.notes[key] = "open";
  parts_.world.write(std::move(batch), [](base::Result<void>, bool) {});
  parts_.world.after(parts_.terms.join_lapse_ms, [this, member, epoch = parts_.truth.epoch()] {
    if (epoch == parts_.truth.epoch()) lapse(member);
  });
}

void SponsorSide::resume() {
  for (const auto& [key, value] : std::map(parts_.notes)) {
    if (!key.starts_with(note_prefix)) continue;
    const auto id = base::parse_uuid(std::string_view(key).substr(note_prefix.size()));
    if (id) watch(base::MemberId{*id});
  }
  state_changed();
}

void SponsorSide::state_changed() {
  const auto vector = parts_.truth.peer().vector();
  for (auto it = parts_.notes.lower_bound(std::string(note_prefix));
       it != parts_.notes.end() && it->first.starts_with(note_prefix);) {
    const auto id = base::parse_uuid(std::string_view(it->first).substr(note_prefix.size()));
    ++it;
    const auto arrived = [&](const cluster::Tip& tip) { return id && tip.member.uuid == *id; };
    if (std::any_of(vector.begin(), vector.end(), arrived)) settle_admission(base::MemberId{*id});
  }
}

void SponsorSide::settle_admission(const base::MemberId& member) {
  const auto key = note_key(member);
  parts_.notes.erase(key);
  store::Batch batch;
  batch.notes[key] = std::nullopt;
  parts_.world.write(std::move(batch), [](base::Result<void>, bool) {});
}

void SponsorSide::lapse(const base::MemberId& member) {
  if (!parts_.notes.contains(note_key(member))) return;
  settle_admission(member);
  const auto* record = parts_.truth.peer().fleet().member(member);
  if (record == nullptr) return;
  parts_.world.log("warning", record->host_name + " did not complete its join in time; its admission is removed");
  cluster::LocalCommit what;
  what.request_key = base::to_hex(parts_.world.random_bytes(16));
  what.author_name = "postern";
  what.comment = "The join of " + record->host_name + " was not completed";
  what.wait = false;
  what.items.push_back(
      cluster::item_over(parts_.truth.peer().state(), cluster::member_register(member, "life"), cluster::WriteKind::remove, {}));
  parts_.truth.commit(std::move(what), [](const cluster::Answer&) {});
}

}  // namespace postern::machine
