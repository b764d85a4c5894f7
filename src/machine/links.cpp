#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "features/features.h"
#include "machine/joiner.h"
#include "machine/machine.h"
#include "machine/own_settings.h"
#include "machine/sponsor.h"

/// Links to the other machines: which key is which member, who dials whom, and where.
namespace postern::machine {

using base::Result;

namespace {

constexpr std::int64_t retry_set_up_ms = 10'000;
constexpr std::size_t joiner_bytes = 64U << 10;  ///< of one message from whoever joins over this machine

/// Matches no passphrase; made with the costs of real ones.
constexpr std::string_view nobodys_hash =
    "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

}  // namespace

const cluster::Member* Machine::member_by_key(const std::string& key, bool host_key) const {
  for (const auto& member : peer_->fleet().members) {
    const auto& known = host_key ? member.identity.host_key : member.identity.user_key;
    if (known == key && member.id != identity_.member) return &member;
  }
  return nullptr;
}

void Machine::link_up(transport::ConnectionId connection, const std::string& peer_key, bool we_dialed) {
  const auto* member = member_by_key(peer_key, we_dialed);
  if (member == nullptr) {
    world_.close(connection, "that machine is not a member of this cluster");
    return;
  }
  take_link(connection, base::MemberId(member->id), peer_key, we_dialed);
}

/// As a link with that member, instead of any that there is.
void Machine::take_link(transport::ConnectionId connection, const base::MemberId& member, const std::string& key,
                        bool we_dialed) {
  // Both ends may have dialed at once: the lower id's link stays, the same choice at both ends.
  const bool lower_dialed = we_dialed == (identity_.member < member);
  const auto to_member = [&](const auto& entry) { return entry.second.member == member; };
  for (;;) {
    const auto known = std::find_if(links_.begin(), links_.end(), to_member);
    if (known == links_.end()) break;
    // One of the same direction is the other end's second try: it knows that the first is dead.
    if (known->second.we_dialed != we_dialed && !lower_dialed) {
      world_.close(connection, "a link with that machine is up already");
      return;
    }
    const auto other = known->first;
    links_.erase(known);
    step(cluster::LinkDown{other});
    world_.close(other, "replaced by a newer link");
  }
  links_[connection] = Link{member, we_dialed, key, false, {}, {}};
  step(cluster::LinkUp{connection, member});
  refresh_transport();
}

/// Whoever admits a machine writes down its keys, and may write down another machine's. Only one can show such a key, and
/// it says who it is.
void Machine::say_who(transport::ConnectionId connection, const base::MemberId& member) {
  const auto found = links_.find(connection);
  const auto* record = peer_->fleet().member(member);
  if (found == links_.end() || record == nullptr || found->second.member == member || member == identity_.member) return;
  const Link link = found->second;
  if ((link.we_dialed ? record->identity.host_key : record->identity.user_key) != link.key) return;
  links_.erase(found);
  step(cluster::LinkDown{connection});
  take_link(connection, member, link.key, link.we_dialed);
}

void Machine::link_message(transport::ConnectionId connection, const std::string& bytes) {
  if (!links_.contains(connection)) return;
  auto message = cluster::decode(bytes);
  if (!message) {
    world_.log("warning", "a member sent what cannot be read: " + to_text(message.error()));
    world_.close(connection, "malformed message");
    return;
  }
  if (const auto* hello = std::get_if<cluster::Hello>(&*message)) say_who(connection, base::MemberId(hello->member));
  if (!links_.contains(connection)) return;
  step(cluster::Received{connection, std::move(*message), bytes.size()});
}

void Machine::link_down(transport::ConnectionId connection) {
  if (links_.erase(connection) == 0) return;
  step(cluster::LinkDown{connection});
  schedule_dial_back();
  refresh_transport();
}

void Machine::drop_links(const std::string& reason) {
  for (const auto& [connection, link] : std::exchange(links_, {})) world_.close(connection, reason);
}

std::uint16_t Machine::dial_port(const cluster::Member& member) {
  const base::Mode mode{base::Level::machine, member.id.uuid};
  const auto text = peer_->state().value(cluster::settings_register(mode, "interfaces"));
  auto& [known, port] = dial_ports_[member.id];
  if (known != text || known == nullptr) {
    known = text;
    const auto services = features::services(*settings_->tree_of("interfaces", text));
    const auto usable = std::find_if(services.begin(), services.end(),
                                     [](const auto& service) { return service.ssh || service.ccs; });
    port.reset();
    if (usable != services.end()) port = usable->ssh ? usable->ssh_port : usable->ccs_port;
  }
  return port.value_or(member.addresses.ssh_port);
}

transport::Target Machine::target(const cluster::Member& member) {
  const auto& host = member.addresses.dial_host.empty() ? member.host_name : member.addresses.dial_host;
  return transport::Target{to_text(member.id), host, dial_port(member), member.identity.host_key};
}

/// The lower id dials; the higher helps out when no link came up for a while, because one direction may be
/// firewalled.
std::vector<transport::Target> Machine::targets() {
  std::vector<transport::Target> out;
  for (const auto& member : peer_->fleet().members) {
    if (member.id == identity_.member) continue;
    bool linked = false;
    bool ours = false;
    for (const auto& [connection, link] : links_) {
      linked |= link.member == member.id;
      ours |= link.member == member.id && link.we_dialed;
    }
    const bool dial = identity_.member < member.id || ours || (!linked && dial_back_);
    if (!dial) continue;
    out.push_back(target(member));
  }
  return out;
}

/// With jitter, so that two ends that lost each other at once do not dial in step.
void Machine::schedule_dial_back() {
  dial_back_ = false;
  const auto round = ++dial_back_round_;
  const auto jitter = static_cast<std::int64_t>(make_number(world_.random_bytes(8)) % 1'000);
  world_.after(setup_.dial_back_ms + jitter, [this, round] {
    if (round != dial_back_round_) return;
    dial_back_ = true;
    refresh_transport();
  });
}

void Machine::refresh_transport() {
  const base::Mode own{base::Level::machine, identity_.member.uuid};
  const bool gone = settings_->removed();
  const auto interfaces = settings_->tree_of("interfaces", gone || (settings_->mends() && !settings_->in_use().empty()) ? settings_->in_use("interfaces")
                                                                : settings_->at(cluster::settings_register(own, "interfaces")));
  transport::Setup next;
  for (const auto& service : features::services(*interfaces)) {
    if (service.ssh) next.ports.push_back({service.address, service.ssh_port, true});
    if (service.ccs) next.ports.push_back({service.address, service.ccs_port, false});
  }
  next.dns_servers = features::dns_servers(*settings_->tree_of("dns", gone ? settings_->in_use("dns") : settings_->effective("dns")));
  next.bind_address = setup_.facts.bind_address;
  if (std::exchange(known_members_, peer_->fleet().members.size()) < peer_->fleet().members.size())
    schedule_dial_back();
  if (!gone) next.targets = targets();
  for (const auto& member : peer_->fleet().members)
    if (member.id != identity_.member) next.members.push_back(target(member).host);
  if (next == transport_setup_) return;
  transport_setup_ = next;
  const auto result = world_.set_up(next);
  if (result) return;
  world_.log("error", to_text(result.error()));
  transport_setup_ = {};  // an address or port may be free later: tried again
  world_.after(retry_set_up_ms, [this] { refresh_transport(); });
}

struct Machine::LinkLook {
  std::vector<desk::LinkStatus> rows;
  std::size_t open = 0;  ///< rows whose names are not looked up yet
  std::vector<std::function<void(std::vector<desk::LinkStatus>)>> asked;
  void tell() {
    for (const auto& done : std::exchange(asked, {})) done(rows);
  }
};

/// Whoever asks while names are looked up gets what comes of it: each look asks for every member's name.
void Machine::link_status(std::function<void(std::vector<desk::LinkStatus>)> done) {
  if (const auto look = link_look_.lock(); look != nullptr && look->open > 0) {
    look->asked.push_back(std::move(done));
    return;
  }
  const auto look = std::make_shared<LinkLook>();
  link_look_ = look;
  look->asked.push_back(std::move(done));
  std::map<std::string, std::string> errors;
  for (auto& state : world_.dial_states()) errors.emplace(state.name, std::move(state.last_error));
  for (const auto& member : peer_->fleet().members) {
    desk::LinkStatus row;
    row.member = member.id;
    const auto where = target(member);
    row.dial = fmt::format("{}:{}", where.host, where.port);
    if (const auto error = errors.find(to_text(member.id)); error != errors.end()) row.last_error = error->second;
    look->rows.push_back(std::move(row));
  }
  look->open = look->rows.size();
  if (look->open == 0) return look->tell();
  for (std::size_t i = 0; i < look->rows.size(); ++i) {
    const auto& host = peer_->fleet().members[i].host_name;
    world_.resolve(host, [look, i](const transport::Transport::Resolution& found) {
      look->rows[i].addresses = found.addresses;
      look->rows[i].reverse = found.reverse;
      look->rows[i].resolve_problem = found.problem;
      if (--look->open == 0) look->tell();
    });
  }
}

void Machine::join_open(transport::ConnectionId connection, const std::string& user) {
  joins_[connection] = false;
  sponsor_->open(connection, user);
}

void Machine::join_message(transport::ConnectionId connection, const std::string& bytes) {
  const auto side = joins_.find(connection);
  if (side == joins_.end()) return;
  if (!side->second && bytes.size() > joiner_bytes) {
    world_.close(connection, "a joining machine says more than it has to say");
    return;
  }
  auto frame = cluster::decode_join(bytes);
  if (!frame) {
    world_.close(connection, to_text(frame.error()));
    return;
  }
  if (side->second)
    joiner_->receive(connection, std::move(*frame));
  else
    sponsor_->receive(connection, std::move(*frame));
}

void Machine::join_closed(transport::ConnectionId connection, const std::string& reason) {
  const auto side = joins_.find(connection);
  if (side == joins_.end()) return;
  const bool ours = side->second;
  joins_.erase(side);
  if (ours)
    joiner_->closed(connection, reason);
  else
    sponsor_->closed(connection);
}

void Machine::admit(const transport::LoginAsked& login, std::function<void(Admission)> done) {
  if (login.method == transport::LoginAsked::Method::public_key) return done(admit_key(login));
  if (login.machine_only) return done({});
  admit_passphrase(login, std::move(done));
}

Machine::Admission Machine::admit_key(const transport::LoginAsked& login) {
  Admission out;
  // A user's key stays one, whatever a member wrote down as some machine's.
  if (login.user == transport::machine_user) {
    if (member_by_key(login.public_line, false) != nullptr) out.verdict = transport::Verdict::machine;
    return out;
  }
  const auto* user = peer_->fleet().user_by_name(login.user);
  if (login.machine_only || user == nullptr || user->role == cluster::Role::none) return out;
  for (const auto& key : user->keys) {
    if (login.public_line != key.substr(0, login.public_line.size()) ||
        (key.size() != login.public_line.size() && key[login.public_line.size()] != ' '))
      continue;
    out.verdict = transport::Verdict::administrator;
    out.who = {user->id, user->name, user->role, "ssh " + login.source, true};
    out.credential_dots = user->credential_dots;
    out.key = key;
  }
  if (out.verdict == transport::Verdict::administrator) checks_.logged_in(user->name, login.from);
  return out;
}

void Machine::admit_passphrase(const transport::LoginAsked& login, std::function<void(Admission)> done) {
  const auto* user = peer_->fleet().user_by_name(login.user);
  Admission admission;
  std::string hash(nobodys_hash);  // as slow for a name that does not exist as for one that does
  if (user != nullptr && user->role != cluster::Role::none && !user->passphrase.empty()) {
    hash = user->passphrase;
    admission.verdict = transport::Verdict::administrator;
    admission.who = {user->id, user->name, user->role, "ssh " + login.source, true};
    admission.credential_dots = user->credential_dots;
  }
  checks_.check(login.user, login.from, std::move(hash), login.password,
                [this, admission, done = std::move(done)](const Checks::Outcome& outcome) {
                  const bool in = outcome.right && admission.verdict == transport::Verdict::administrator &&
                                  still_admitted(admission);
                  Admission refused;
                  refused.refusal = outcome.refused;
                  done(in ? admission : refused);
                });
}

/// The desk's question, for `passwd`: whoever sits there guesses on the same terms, from a network of that user's own.
void Machine::check_passphrase(std::string hash_text, std::string passphrase, std::function<void(bool)> done) {
  const auto& users = peer_->fleet().users;
  const auto user = std::find_if(users.begin(), users.end(), [&](const auto& one) { return one.passphrase == hash_text; });
  const std::string name = user == users.end() ? "" : user->name;
  const std::string place = "the desk of " + name;
  checks_.check(name, {place, place, place}, std::move(hash_text), std::move(passphrase),
                [done = std::move(done)](const Checks::Outcome& outcome) { done(outcome.right); });
}

bool Machine::still_admitted(const Admission& admission) const {
  const auto& users = peer_->fleet().users;
  const auto user = std::find_if(users.begin(), users.end(),
                                 [&](const auto& one) { return one.id == admission.who.user; });
  if (user == users.end() || user->role == cluster::Role::none) return false;
  if (!admission.key.empty()) return std::find(user->keys.begin(), user->keys.end(), admission.key) != user->keys.end();
  return user->credential_dots == admission.credential_dots;
}

}  // namespace postern::machine
