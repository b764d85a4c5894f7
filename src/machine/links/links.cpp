#include "machine/links/links.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "features/features.h"

/// Links to the other machines: which key is which member, who dials whom, and where.
namespace postern::machine {

using base::Result;

namespace {

constexpr std::int64_t retry_set_up_ms = 10'000;

}  // namespace

const cluster::Member* Links::member_by_key(const std::string& key, bool host_key) const {
  for (const auto& member : truth_.peer().fleet().members) {
    const auto& known = host_key ? member.identity.host_key : member.identity.user_key;
    if (known == key && member.id != truth_.identity().member) return &member;
  }
  return nullptr;
}

Links::Links(const Parts& parts)
    : world_(parts.world),
      truth_(parts.truth),
      settings_(parts.settings),
      bind_address_(parts.bind_address),
      dial_back_ms_(parts.dial_back_ms) {}

void Links::up(transport::ConnectionId connection, const std::string& peer_key, bool we_dialed) {
  const auto* member = member_by_key(peer_key, we_dialed);
  if (member == nullptr) {
    world_.close(connection, "that machine is not a member of this cluster");
    return;
  }
  take_link(connection, base::MemberId(member->id), peer_key, we_dialed);
}

/// As a link with that member, instead of any that there is.
void Links::take_link(transport::ConnectionId connection, const base::MemberId& member, const std::string& key, bool we_dialed) {
  // Both ends may have dialed at once: the lower id's link stays, the same choice at both ends.
  const bool lower_dialed = we_dialed == (truth_.identity().member < member);
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
    truth_.tell(cluster::LinkDown{other});
    world_.close(other, "replaced by a newer link");
  }
  links_[connection] = Link{member, we_dialed, key, false, {}, {}};
  truth_.tell(cluster::LinkUp{connection, member});
  refresh();
}

/// Whoever admits a machine writes down its keys, and may write down another machine's. Only one can show such a key, and
/// it says who it is.
void Links::say_who(transport::ConnectionId connection, const base::MemberId& member) {
  const auto found = links_.find(connection);
  const auto* record = truth_.peer().fleet().member(member);
  if (found == links_.end() || record == nullptr || found->second.member == member || member == truth_.identity().member) return;
  const Link link = found->second;
  if ((link.we_dialed ? record->identity.host_key : record->identity.user_key) != link.key) return;
  links_.erase(found);
  truth_.tell(cluster::LinkDown{connection});
  take_link(connection, member, link.key, link.we_dialed);
}

void Links::message(transport::ConnectionId connection, const std::string& bytes) {
  if (!links_.contains(connection)) return;
  auto message = cluster::decode(bytes);
  if (!message) {
    world_.log("warning", "a member sent what cannot be read: " + to_text(message.error()));
    world_.close(connection, "malformed message");
    return;
  }
  if (const auto* hello = std::get_if<cluster::Hello>(&*message)) say_who(connection, base::MemberId(hello->member));
  if (!links_.contains(connection)) return;
  truth_.tell(cluster::Received{connection, std::move(*message), bytes.size()});
}

void Links::down(transport::ConnectionId connection) {
  if (links_.erase(connection) == 0) return;
  truth_.tell(cluster::LinkDown{connection});
  schedule_dial_back();
  refresh();
}

void Links::drop(const std::string& reason) {
  for (const auto& [connection, link] : std::exchange(links_, {})) world_.close(connection, reason);
}

std::uint16_t Links::dial_port(const cluster::Member& member) {
  const base::Mode mode{base::Level::machine, member.id.uuid};
  const auto text = truth_.peer().state().value(cluster::settings_register(mode, "interfaces"));
  auto& [known, port] = dial_ports_[member.id];
  if (known != text || known == nullptr) {
    known = text;
    const auto services = features::services(*settings_.tree_of("interfaces", text));
    const auto usable =
        std::find_if(services.begin(), services.end(), [](const auto& service) { return service.ssh || service.ccs; });
    port.reset();
    if (usable != services.end()) port = usable->ssh ? usable->ssh_port : usable->ccs_port;
  }
  return port.value_or(member.addresses.ssh_port);
}

transport::Target Links::target(const cluster::Member& member) {
  const auto& host = member.addresses.dial_host.empty() ? member.host_name : member.addresses.dial_host;
  return transport::Target{to_text(member.id), host, dial_port(member), member.identity.host_key};
}

/// The lower id dials; the higher helps out when no link came up for a while, because one direction may be
/// firewalled.
std::vector<transport::Target> Links::targets() {
  std::vector<transport::Target> out;
  for (const auto& member : truth_.peer().fleet().members) {
    if (member.id == truth_.identity().member) continue;
    bool linked = false;
    bool ours = false;
    for (const auto& [connection, link] : links_) {
      linked |= link.member == member.id;
      ours |= link.member == member.id && link.we_dialed;
    }
    const bool dial = truth_.identity().member < member.id || ours || (!linked && dial_back_);
    if (!dial) continue;
    out.push_back(target(member));
  }
  return out;
}

/// With jitter, so that two ends that lost each other at once do not dial in step.
void Links::schedule_dial_back() {
  dial_back_ = false;
  const auto round = ++dial_back_round_;
  const auto jitter = static_cast<std::int64_t>(make_number(world_.random_bytes(8)) % 1'000);
  world_.after(dial_back_ms_ + jitter, [this, round] {
    if (round != dial_back_round_) return;
    dial_back_ = true;
    refresh();
  });
}

void Links::refresh() {
  const base::Mode own{base::Level::machine, truth_.identity().member.uuid};
  const bool gone = settings_.removed();
  const bool as_before = gone || (settings_.mends() && !settings_.in_use().empty());
  const auto interfaces = settings_.tree_of(
      "interfaces", as_before ? settings_.in_use("interfaces") : settings_.at(cluster::settings_register(own, "interfaces")));
  transport::Setup next;
  for (const auto& service : features::services(*interfaces)) {
    if (service.ssh) next.ports.push_back({service.address, service.ssh_port, true});
    if (service.ccs) next.ports.push_back({service.address, service.ccs_port, false});
  }
  const auto dns = settings_.tree_of("dns", as_before ? settings_.in_use("dns") : settings_.effective("dns"));
  next.dns_servers = features::dns_servers(*dns);
  next.bind_address = bind_address_;
  if (std::exchange(known_members_, truth_.peer().fleet().members.size()) < truth_.peer().fleet().members.size())
    schedule_dial_back();
  if (!gone) next.targets = targets();
  for (const auto& member : truth_.peer().fleet().members)
    if (member.id != truth_.identity().member) next.members.push_back(target(member).host);
  if (next == set_up_) return;
  set_up_ = next;
  const auto result = world_.set_up(next);
  if (result) return;
  world_.log("error", to_text(result.error()));
  set_up_ = {};  // an address or port may be free later: tried again
  world_.after(retry_set_up_ms, [this] { refresh(); });
}

struct Links::Look {
  std::vector<desk::LinkStatus> rows;
  std::size_t open = 0;  ///< rows whose names are not looked up yet
  std::vector<std::function<void(std::vector<desk::LinkStatus>)>> asked;
  void tell() {
    for (const auto& done : std::exchange(asked, {})) done(rows);
  }
};

/// Whoever asks while names are looked up gets what comes of it: each look asks for every member's name.
void Links::status(std::function<void(std::vector<desk::LinkStatus>)> done) {
  if (const auto look = look_.lock(); look != nullptr && look->open > 0) {
    look->asked.push_back(std::move(done));
    return;
  }
  const auto look = std::make_shared<Look>();
  look_ = look;
  look->asked.push_back(std::move(done));
  std::map<std::string, std::string> errors;
  for (auto& state : world_.dial_states()) errors.emplace(state.name, std::move(state.last_error));
  for (const auto& member : truth_.peer().fleet().members) {
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
    const auto& host = truth_.peer().fleet().members[i].host_name;
    world_.resolve(host, [look, i](const transport::Transport::Resolution& found) {
      look->rows[i].addresses = found.addresses;
      look->rows[i].reverse = found.reverse;
      look->rows[i].resolve_problem = found.problem;
      if (--look->open == 0) look->tell();
    });
  }
}

}  // namespace postern::machine
