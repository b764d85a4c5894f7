#include "transport/admission.h"

#include "transport/addresses.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::transport {

namespace {

void add(std::map<std::string, int>& counts, const std::string& name, int by) {
  const auto place = counts.try_emplace(name, 0).first;
  place->second += by;
  if (place->second <= 0) counts.erase(place);
}

int count_of(const std::map<std::string, int>& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

}  // namespace

void Admission::Pot::add(Entry& entry) {
  const auto one_more = [](auto& counts, const std::string& name) {
    int& count = counts[name];
    ++count;
    return &count;
  };
  entry.region = one_more(regions, entry.source.region);
  entry.network = one_more(networks, entry.source.network);
  entry.address = one_more(addresses, entry.source.address);
  ++total;
}

void Admission::Pot::remove(const Entry& entry) {
  transport::add(regions, entry.source.region, -1);
  transport::add(networks, entry.source.network, -1);
  transport::add(addresses, entry.source.address, -1);
  --total;
}

/// How long a connection may take for its stage, from its coming.
std::int64_t Admission::patience(const Entry& entry) const {
  std::int64_t grace = limits_.login_grace_ms;
  switch (entry.stage) {
    case Stage::greeting: return std::min<std::int64_t>(grace, limits_.greeting_ms);
    case Stage::key_exchange: return std::min<std::int64_t>(grace, limits_.key_exchange_ms);
    case Stage::login:
      if (!entry.reserved && under_pressure(pot(entry))) grace /= 2;
      return grace;
    case Stage::asked: break;
  }
  return grace;
}

bool Admission::under_pressure(const Pot& pot) const { return pot.total * 2 > limits_.preauth_total; }

/// The share of its patience that it has been idle for. Those that wait for us are never idle.
double Admission::impatience(const Entry& entry, std::int64_t now_ms) const {
  if (entry.stage == Stage::asked) return -1;
  return static_cast<double>(now_ms - entry.progress_ms) / static_cast<double>(std::max<std::int64_t>(patience(entry), 1));
}

Admission::Entered Admission::enter(ConnectionId id, const base::Source& source, bool machine_only, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  Entry entry{source, false, machine_only, Stage::greeting, now_ms, now_ms};
  pot(entry).add(entry);  // it counts already: it may be the one too many
  auto entered = find_room(entry, now_ms);
  if (!entered.refused.empty()) {
    pot(entry).remove(entry);
    if (!is_favoured(source.address)) return entered;
    entered = take_reserved(entry, now_ms);
    if (!entered.refused.empty()) return entered;
    entry.reserved = true;
    ++reserved_total_;
    ++reserved_[source.address];
  }
  if (entered.leaves) erase(entries_.find(*entered.leaves));
  entries_.emplace(id, std::move(entry));
  return entered;
}

Admission::Entered Admission::find_room(const Entry& entry, std::int64_t now_ms) const {
  const auto& here = pot(entry);
  const auto own = load(entry);
  const bool too_many = own.address > limits_.preauth_per_source;
  if (here.total <= limits_.preauth_total && !too_many) return {};
  auto found = entries_.end();
  std::pair<Load, double> most{{}, -2};
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    const auto& other = it->second;
    if (other.reserved || other.machine_only != entry.machine_only) continue;
    if (too_many && other.address != entry.address) continue;
    const std::pair weight{load(other), impatience(other, now_ms)};
    if (weight <= most) continue;
    most = weight;
    found = it;
  }
  if (found != entries_.end()) {
    const auto& other = found->second;
    const bool is_idle = other.stage != Stage::asked && now_ms - other.progress_ms >= idle_ms;
    if (is_idle || own < most.first) return {{}, found->first};
  }
  return {too_many ? fmt::format("{} connections of this source are logging in already", own.address - 1)
                   : fmt::format("{} connections are logging in already", here.total - 1),
          std::nullopt};
}

/// Its own seats: the one that has waited longest makes room, so that whoever shares the address
/// with a member must be faster than the member to keep it out. When all seats there are, are taken, somebody of the
/// address that has most makes room, since members can name any number of addresses.
Admission::Entered Admission::take_reserved(const Entry& entry, std::int64_t now_ms) const {
  const int own = count_of(reserved_, entry.source.address);
  const bool own_full = own >= reserved_seats;
  if (!own_full && reserved_total_ < reserved_most) return {};
  std::optional<ConnectionId> found;
  std::pair<int, double> most{0, -2};
  for (const auto& [id, other] : entries_) {
    if (!other.reserved || (own_full && other.source.address != entry.source.address)) continue;
    const int seats = count_of(reserved_, other.source.address);
    const bool is_idle = other.stage != Stage::asked && now_ms - other.progress_ms >= idle_ms;
    if (!own_full && seats <= own && !is_idle) continue;
    const std::pair weight{seats, impatience(other, now_ms)};
    if (found && weight <= most) continue;
    most = weight;
    found = id;
  }
  if (found) return {{}, found};
  return {"all seats that are kept for members are taken", std::nullopt};
}

void Admission::progress(ConnectionId id, Stage stage, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.stage == stage) return;
  found->second.stage = stage;
  found->second.progress_ms = now_ms;
}

void Admission::leave(ConnectionId id) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = entries_.find(id); found != entries_.end()) erase(found);
}

void Admission::erase(Entries::iterator entry) {
  if (entry->second.reserved) {
    add(reserved_, entry->second.source.address, -1);
    --reserved_total_;
  } else {
    pot(entry->second).remove(entry->second);
  }
  entries_.erase(entry);
}

std::vector<Admission::Overdue> Admission::overdue(std::int64_t now_ms) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Overdue> list;
  for (const auto& [id, entry] : entries_) {
    if (now_ms - entry.came_ms < patience(entry)) continue;
    list.push_back({id, entry.stage == Stage::greeting       ? "it did not begin SSH in time"
                        : entry.stage == Stage::key_exchange ? "its key exchange took too long"
                                                             : "login took too long"});
  }
  return list;
}

void Admission::set_members(std::set<std::string> addresses) {
  const std::scoped_lock lock(mutex_);
  members_ = std::move(addresses);
}

void Admission::remember(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  if (members_.contains(address)) return;
  std::erase(remembered_, address);
  remembered_.push_back(address);
  const auto network = [](const std::string& one) {
    const auto parsed = parse_address(one, 0);
    return parsed ? source_of(*parsed).network : one;
  };
  const auto is_near = [&](const std::string& one) { return network(one) == network(address); };
  if (static_cast<std::size_t>(std::ranges::count_if(remembered_, is_near)) > remembered_of_network)
    remembered_.erase(std::ranges::find_if(remembered_, is_near));
  if (remembered_.size() > remembered) remembered_.erase(remembered_.begin());
}

bool Admission::is_favoured(const std::string& address) const {
  return members_.contains(address) || std::find(remembered_.begin(), remembered_.end(), address) != remembered_.end();
}

bool Admission::favours(const std::string& address) const {
  const std::scoped_lock lock(mutex_);
  return is_favoured(address);
}

bool Admission::enter_administrator() {
  const std::scoped_lock lock(mutex_);
  if (administrators_ >= limits_.admin_sessions) return false;
  ++administrators_;
  return true;
}

void Admission::leave_administrator() {
  const std::scoped_lock lock(mutex_);
  --administrators_;
}

std::size_t Admission::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

}  // namespace postern::transport
