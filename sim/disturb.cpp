// What a hostile or merely unlucky path does to messages: Network's other half.
#include <algorithm>

#include "cluster/message.h"
#include "sim/network.h"
#include "sim/world.h"

namespace postern::sim {
namespace {

constexpr std::size_t remembered = 8;

void flip_bit(std::string& bytes, Random& random) {
  const std::size_t place = static_cast<std::size_t>(random.below(bytes.size()));
  bytes[place] = static_cast<char>(bytes[place] ^ (1 << random.below(8)));
}

}  // namespace

void Network::disturb(std::size_t index, std::size_t to_end, const std::string& bytes) {
  Link& link = *links_[index];
  Lane& lane = link.lane[to_end];
  const std::size_t machine = link.machine[to_end];
  const Options& options = world_.options();
  if (options.may(Fault::garble) && random_.chance(2)) {
    // SSH's MAC would end the link; before that, no prefix of a message may crash anyone.
    const auto cut = cluster::decode(std::string_view(bytes).substr(0, random_.below(bytes.size())));
    world_.note(machine, cut ? "truncated message still decodes; link ends" : "truncated message; link ends");
    reset(link.machine[0], link.machine[1]);
  }
  if (options.may(Fault::forge) && random_.chance(50)) forge(index, to_end, bytes);
  if (options.may(Fault::replay) && !lane.recent.empty() && random_.chance(20)) {
    const auto old = cluster::decode(random_.pick(std::vector<std::string>(lane.recent.begin(), lane.recent.end())));
    world_.note(machine, "replayed message");
    world_.mark("replay");
    world_.give(machine, cluster::Received{link.id[to_end], *old, 0});
  }
  lane.recent.push_back(bytes);
  if (lane.recent.size() > remembered) lane.recent.pop_front();
}

void Network::inject(std::size_t from, std::size_t to, const cluster::Message& message) {
  for (const std::size_t index : living_) {
    const Link& link = *links_[index];
    for (std::size_t end = 0; end < 2; ++end) {
      if (link.machine[end] != to || link.machine[1 - end] != from || !link.open[end]) continue;
      return world_.give(to, cluster::Received{link.id[end], message, 0});
    }
  }
}

void Network::forge(std::size_t index, std::size_t to_end, const std::string& bytes) {
  auto message = cluster::decode(bytes);
  auto* ship = std::get_if<cluster::Ship>(&*message);
  if (ship == nullptr || ship->items.empty()) return;
  Link& link = *links_[index];
  const std::size_t to = link.machine[to_end];
  cluster::Ship::Item& item = ship->items[static_cast<std::size_t>(random_.below(ship->items.size()))];
  const std::uint64_t kind = random_.below(4);
  if (kind == 0) {
    std::array<std::uint8_t, 64>& signature = item.envelope.signature.bytes;
    signature[static_cast<std::size_t>(random_.below(signature.size()))] ^= 1U;
  } else if (kind == 1 && !item.values.empty() && !item.values.front().empty()) {
    flip_bit(item.values.front(), random_);
  } else if (kind == 2) {
    const auto broken = broken_chain(link.machine[1 - to_end], to);
    if (!broken) return;
    *ship = cluster::Ship{{*broken}, false};
  } else {
    flip_bit(item.envelope.header, random_);
  }
  world_.note(to, "forged commit");
  world_.mark("forgery");
  world_.give(to, cluster::Received{link.id[to_end], *ship, bytes.size()});
}

/// A commit that its author did sign, but whose `prev` is not the commit before it: what a machine gone
/// wrong might make. The receiver has all that comes before it.
std::optional<cluster::Ship::Item> Network::broken_chain(std::size_t author, std::size_t to) {
  const Machine& signer = world_.machine(author);
  const Machine& receiver = world_.machine(to);
  if (!receiver.up()) return std::nullopt;
  const auto held = world_.ledger().covered(receiver.peer->vector());
  const Entry* last = nullptr;
  for (const Entry& entry : world_.ledger().all())
    if (entry.machine == author && held && held->has(entry.index) && !entry.header.prev.is_nil()) last = &entry;
  if (last == nullptr) return std::nullopt;
  cluster::Header header = last->header;
  ++header.dot.seq;
  header.request_key += "-forged";
  cluster::Ship::Item item;
  item.envelope.header = cluster::encode_header(header);
  item.envelope.signature = base::sign(signer.self.key, cluster::signed_bytes(signer.self.cluster, item.envelope.header));
  const Image image = receiver.disk.reading();
  for (const cluster::Write& write : header.writes)
    if (!write.value.is_nil()) {
      const auto value = image.values.find(write.value);
      if (value == image.values.end()) return std::nullopt;
      item.values.push_back(value->second);
    }
  return item;
}

}  // namespace postern::sim
