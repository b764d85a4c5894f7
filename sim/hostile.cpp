#include "sim/hostile.h"

#include <limits>
#include <utility>

#include "cluster/fleet.h"
#include "sim/admins.h"
#include "sim/asks.h"
#include "sim/world.h"

namespace postern::sim {
namespace {

const std::string written = "hostile";

}  // namespace

Hostile::Hostile(World& world, Random random) : world_(world), random_(random) {}

void Hostile::strike() {
  const auto author = static_cast<std::size_t>(random_.below(world_.size()));
  const auto victim = static_cast<std::size_t>(random_.below(world_.size()));
  if (author == victim || !world_.machine(victim).awake()) return;
  world_.note(victim, "attacked");
  world_.mark("attack");
  switch (random_.below(11)) {
    case 0: return flood(author, victim);
    case 1: return half_chain(author, victim);
    case 2: return vouch(author, victim);
    case 3:
    case 4:
    case 5:
    case 6: return invalid(author, victim);
    case 10: return ask_for(author, victim);
    default: return reuse_key(author, victim);
  }
}

/// A first commit of a new incarnation, on the author's admission.
std::optional<cluster::Header> Hostile::first(std::size_t author) {
  const base::MemberId member = world_.machine(author).self.member;
  const cluster::Register identity = cluster::member_register(member, "identity");
  const std::vector<std::size_t>& writers = world_.ledger().writers(identity);
  if (writers.empty()) return std::nullopt;
  cluster::Header header;
  header.dot = {member, random_.next(), 1};
  header.login_host = member;
  header.prev = world_.ledger().at(writers.front()).id;
  header.wall_ms = 1'700'000'000'000;
  header.stamp.value =
      random_.chance(100) ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(header.wall_ms) << 16U;
  const base::Mode all{base::Level::cluster, world_.machine(author).self.cluster.uuid};
  header.writes = {
      {cluster::settings_register(all, "smtproutes"), cluster::WriteKind::put, base::hash_bytes(written), written.size(), {}}};
  return header;
}

cluster::Ship::Item Hostile::sign(std::size_t author, const cluster::Header& header, bool enters) {
  const cluster::Self& self = world_.machine(author).self;
  cluster::Ship::Item item;
  item.envelope.header = cluster::encode_header(header);
  item.envelope.signature = base::sign(self.key, cluster::signed_bytes(self.cluster, item.envelope.header));
  for (const cluster::Write& write : header.writes)
    if (!write.value.is_nil()) item.values.push_back(written);
  if (!enters) return item;
  const Entry* entry = world_.ledger().enter(item.envelope, header, author, world_.now());
  if (entry != nullptr) world_.ledger().at(entry->index).hostile = true;
  return item;
}

void Hostile::send(std::size_t author, std::size_t victim, Items items) {
  world_.network().inject(author, victim, cluster::Ship{std::move(items), false});
}

/// Chains that nobody has seen, one after the other.
void Hostile::flood(std::size_t author, std::size_t victim) {
  Items items;
  const auto count = static_cast<std::uint64_t>(random_.between(5, 40));
  for (std::uint64_t i = 0; i <= count; ++i)
    if (const auto header = first(author)) items.push_back(sign(author, *header, true));
  send(author, victim, std::move(items));
}

/// What no sound machine signs; the ledger does not know it, so whoever stores it stores what nobody made.
void Hostile::invalid(std::size_t author, std::size_t victim) {
  auto header = first(author);
  if (!header) return;
  cluster::Write& write = header->writes.front();
  const std::uint64_t kind = random_.below(5);
  if (kind == 0) {
    write = {{cluster::Space::cluster, world_.machine(author).self.cluster.uuid, "life"}, cluster::WriteKind::remove, {}, 0, {}};
  } else if (kind == 1) {
    write.reg = cluster::user_register(base::UserId{random_.uuid()}, "role");  // the value is none
  } else if (kind == 2) {
    header->login_host = world_.machine(victim).self.member;
  } else if (kind == 3) {
    header->comment = "\x1b[2J";
  } else {
    return impersonate(author, victim, *header);
  }
  send(author, victim, {sign(author, *header, false)});
}

/// A key of its own for a machine, and a commit in that machine's name under it.
void Hostile::impersonate(std::size_t author, std::size_t victim, cluster::Header admission) {
  auto identity = world_.machine(victim).identity;
  identity.signing_key = base::verify_key(world_.machine(author).self.key);
  const std::string value = cluster::encode(identity);
  const base::MemberId member = world_.machine(victim).self.member;
  admission.writes = {
      {cluster::member_register(member, "identity"), cluster::WriteKind::put, base::hash_bytes(value), value.size(), {}}};
  auto item = sign(author, admission, false);
  item.values = {value};
  auto forged = *first(author);
  forged.dot.member = forged.login_host = member;
  forged.prev = item.envelope.id();
  send(author, victim, {std::move(item), sign(author, forged, false)});
}

/// More of it than there is room for; what it builds on never comes.
void Hostile::half_chain(std::size_t author, std::size_t victim) {
  Items items;
  for (std::uint64_t i = 0; i < 600; ++i) {
    auto header = first(author);
    if (!header) return;
    header->dot.seq = 2;
    header->prev = base::hash_bytes(std::to_string(random_.next()));
    items.push_back(sign(author, *header, false));
  }
  send(author, victim, std::move(items));
}

/// It says that everybody has everything.
void Hostile::vouch(std::size_t author, std::size_t victim) {
  for (std::size_t other = 0; other < world_.size(); ++other) {
    if (other == author || other == victim) continue;
    world_.network().inject(author, victim,
                            cluster::Applied{world_.machine(other).self.member, world_.machine(victim).peer->vector(), ""});
  }
}

/// A commit of its own under the key of somebody's request.
void Hostile::reuse_key(std::size_t author, std::size_t victim) {
  std::vector<std::string> keys;
  for (const auto& [key, request] : world_.admins().requests())
    if (request.tries == 0 || request.waiting) keys.push_back(key);
  auto header = first(author);
  if (keys.empty() || !header) return;
  header->request_key = random_.pick(keys);
  send(author, victim, {sign(author, *header, true)});
}

void Hostile::send_signed(std::size_t author, std::size_t victim, cluster::Relay what) {
  const cluster::Self& self = world_.machine(author).self;
  what.signature = base::sign(self.key, cluster::signed_bytes(self.cluster, what));
  world_.network().inject(author, victim, what);
}

void Hostile::answer_for(std::size_t author, std::size_t victim) {
  const auto asked = world_.asks().last_of(victim);
  const cluster::Self& self = world_.machine(author).self;
  if (!asked || asked->to == self.member) return;
  world_.mark("false answer");
  cluster::Relay lie{asked->to, asked->from, asked->number, true, "a lie", asked->to_nonce, asked->from_nonce};
  lie.about = base::hash_bytes(cluster::signed_bytes(self.cluster, *asked));
  send_signed(author, victim, std::move(lie));
}

/// In the name of a third machine, under a number that it has not used yet.
void Hostile::ask_for(std::size_t author, std::size_t victim) {
  const auto other = static_cast<std::size_t>(random_.below(world_.size()));
  if (other == author || other == victim) return;
  const Machine& third = world_.machine(other);
  const std::uint64_t number = 100'000 + random_.below(100'000);
  send_signed(author, victim,
              cluster::Relay{third.self.member, world_.machine(victim).self.member, number, false, "a lie", third.nonce,
                             world_.machine(victim).nonce});
}

}  // namespace postern::sim
