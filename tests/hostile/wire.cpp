// Attacks by what is said on a link: claims, floods, frames.
#include "hostile/member.h"

#include <limits>

namespace postern::hostile {
namespace {

using cluster::Message;

std::string bytes_of(const Message& message) { return cluster::encode(message); }

void flood(const Member& member, const Target& target, std::uint64_t size, const std::function<Message(std::uint64_t)>& make) {
  Line line = greeted(member, target);
  for (std::uint64_t i = 0; i < size; ++i)
    if (!line.say(bytes_of(make(i)))) return;
  (void)line.closes(500);
}

base::MemberId nobody(std::uint64_t number) {
  base::MemberId id;
  for (std::size_t i = 0; i < 8; ++i) id.uuid.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

/// That others hold and run what they do not.
void claims_for_others(const Member& member, const Target& target, std::uint64_t) {
  Line line = greeted(member, target);
  auto vector = member.peer().vector();
  line.say(bytes_of(cluster::Ack{vector}));
  for (const auto& other : member.peer().fleet().members) {
    line.say(bytes_of(cluster::Applied{other.id, vector, "forged \x1b[31m problem"}));
    line.say(bytes_of(cluster::LinkState{7, std::numeric_limits<std::uint64_t>::max(), other.id, {}, {"forged 42 %"}}));
  }
  for (auto& tip : vector) line.say(bytes_of(cluster::Dropped{tip.incarnation, 0}));
  (void)line.closes(500);
}

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 128; value >>= 7) out += static_cast<char>(value % 128 + 128);
  return out + static_cast<char>(value);
}
std::string field(unsigned number, const std::string& content) {
  return varint(number * 8 + 2) + varint(content.size()) + content;
}

/// Few bytes that become much memory: empty parts of every kind of message.
void decode_bombs(const Member& member, const Target& target, std::uint64_t size) {
  const auto empty = [size](unsigned number) {
    std::string out;
    for (std::uint64_t i = 0; i < size; ++i) out += varint(number * 8 + 2) + std::string(1, '\0');
    return out;
  };
  const std::vector<std::string> bombs = {
      field(2, empty(1)),                       // a ship's items
      field(2, field(1, empty(3))),             // an item's values
      field(2, field(1, field(1, empty(12)))),  // a header's writes
      field(2, field(1, field(1, empty(5)))),   // a header's parents
      field(1, empty(8)),
      field(1, empty(9)),
      field(1, empty(10)),  // a hello's vectors
      field(5, empty(1)),
      field(6, empty(1)),
      field(7, empty(1)),  // ack, pull, summary
      field(9, empty(4)),
      field(9, empty(5)),
      field(10, empty(2)),  // link state, applied
  };
  for (const auto& bomb : bombs) {
    Line line = greeted(member, target);
    line.say(bomb);
    (void)line.closes(200);
  }
}

void truncated_frames(const Member& member, const Target& target, std::uint64_t) {
  const std::string hello = bytes_of(member.hello());
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, hello.size() / 2, hello.size() - 1}) {
    Line line(target.link);
    line.say(hello.substr(0, cut));
    line.raw(frame_head(static_cast<std::uint32_t>(hello.size())) + hello.substr(0, cut));
    (void)line.closes(100);
  }
}

void giant_frames(const Member& member, const Target& target, std::uint64_t size) {
  for (const std::uint32_t announced : {0xffffffffU, 0x7fffffffU, 41U << 20}) {
    Line line = greeted(member, target);
    line.raw(frame_head(announced) + std::string(1U << 16, 'g'));
    (void)line.closes(500);
  }
  Line line = greeted(member, target);
  line.raw(frame_head(static_cast<std::uint32_t>(40U << 20)) + std::string(size << 20, 'g'));
  (void)line.closes(500);
}

void pings(const Member& member, const Target& target, std::uint64_t size) {
  flood(member, target, size, [](std::uint64_t i) { return cluster::Ping{i, i % 3 == 0, 0, {}, {}}; });
}

/// Each asks for everything.
void pulls(const Member& member, const Target& target, std::uint64_t size) {
  flood(member, target, size, [](std::uint64_t) { return cluster::Pull{}; });
}

void summaries(const Member& member, const Target& target, std::uint64_t size) {
  flood(member, target, size, [&member](std::uint64_t i) {
    cluster::Vector vector;
    for (std::uint64_t tip = 1; tip <= 1'000; ++tip)
      vector.push_back({member.id(), i * 1'000 + tip, 1, base::hash_bytes(std::to_string(i * 1'000 + tip))});
    return cluster::Summary{std::move(vector)};
  });
}

void link_states(const Member& member, const Target& target, std::uint64_t size) {
  flood(member, target, size, [&member](std::uint64_t i) {
    return cluster::LinkState{1, i + 1, member.id(), {nobody(i), nobody(i + 1)}, {"host \x1b[2J 42 %"}};
  });
}

void dropped_and_durable(const Member& member, const Target& target, std::uint64_t size) {
  flood(member, target, size, [](std::uint64_t i) -> Message {
    if (i % 2 == 0) return cluster::Dropped{i, 0};
    return cluster::Durable{i, i, base::hash_bytes(std::to_string(i))};
  });
}

void relays(const Member& member, const Target& target, std::uint64_t size) {
  const auto members = member.peer().fleet().members;
  flood(member, target, size, [&](std::uint64_t i) {
    return cluster::Relay{member.id(), members[i % members.size()].id, i, false, std::string(64U << 10, 'r')};
  });
}

void hellos(const Member& member, const Target& target, std::uint64_t size) {
  flood(member, target, size, [&member](std::uint64_t i) {
    auto hello = member.hello();
    hello.boot_nonce = i;
    return hello;
  });
}

void long_hello(const Member& member, const Target& target, std::uint64_t size) {
  auto hello = member.hello();
  hello.vector.clear();
  for (std::uint64_t i = 1; i <= size; ++i) hello.vector.push_back({member.id(), i, i, base::hash_bytes(std::to_string(i))});
  hello.durable = hello.applied = hello.vector;
  Line line(target.link);
  line.say(bytes_of(hello));
  (void)line.closes(2'000);
}

/// As if it ran many times at once; then with one that was superseded.
void many_nonces(const Member& member, const Target& target, std::uint64_t size) {
  for (std::uint64_t i = 0; i < size; ++i) {
    Line line(target.link);
    auto hello = member.hello();
    hello.boot_nonce = i % (size / 2 + 1);
    line.say(bytes_of(hello));
    (void)line.closes(100);
  }
}

/// In another's name, of another cluster or version.
void wrong_hellos(const Member& member, const Target& target, std::uint64_t) {
  std::vector<cluster::Hello> wrong(6, member.hello());
  wrong[0].protocol = 0;
  wrong[1].protocol = 0xffffffff;
  wrong[2].member = member.another();
  wrong[3].cluster.uuid.bytes[0] ^= 1;
  wrong[4].settings_version = base::hash_bytes("another version");
  wrong[5].package_version = "\x1b[2J" + std::string(4'000, 'v');
  for (const auto& hello : wrong) {
    Line line(target.link);
    line.say(bytes_of(hello));
    line.say(bytes_of(cluster::Pull{}));
    (void)line.closes(200);
  }
}

/// Asks for all, and reads nothing.
void slow_reader(const Member& member, const Target& target, std::uint64_t size) {
  Line line = greeted(member, target);
  for (std::uint64_t i = 0; i < size; ++i) {
    if (!line.say(bytes_of(cluster::Pull{}), 200)) return;
    if (!line.say(bytes_of(cluster::Ping{i, false, 0, {}, {}}), 200)) return;
  }
}

void slow_writer(const Member& member, const Target& target, std::uint64_t size) {
  Line line(target.link);
  const std::string hello = bytes_of(member.hello());
  line.raw(frame_head(static_cast<std::uint32_t>(hello.size())));
  for (std::uint64_t i = 0; i < size && i < hello.size(); ++i) {
    line.raw(hello.substr(i, 1));
    if (line.closes(100)) return;
  }
}

void many_links(const Member& member, const Target& target, std::uint64_t size) {
  std::vector<Line> lines;
  for (std::uint64_t i = 0; i < size; ++i) {
    lines.emplace_back(target.link);
    lines.back().say(bytes_of(member.hello()), 1'000);
  }
  for (auto& line : lines) (void)line.closes(100);
}

void junk(const Member& member, const Target& target, std::uint64_t size) {
  for (std::uint64_t i = 0; i < size; ++i) {
    Line line = greeted(member, target);
    std::string bytes;
    for (int word = 0; word < 64; ++word) {
      const std::uint64_t drawn = draw();
      bytes.append(reinterpret_cast<const char*>(&drawn), sizeof drawn);
    }
    line.say(bytes);
    (void)line.closes(200);
  }
}

}  // namespace

const std::vector<Attack>& wire_attacks() {
  static const std::vector<Attack> attacks = {
      {"l", "claims about what others hold and run", claims_for_others, 1},
      {"n", "few bytes that become much memory, of each kind", decode_bombs, 60'000},
      {"truncated", "frames that break off", truncated_frames, 1},
      {"giant", "frames that announce too much", giant_frames, 4},
      {"pings", "a flood of pings", pings, 20'000},
      {"pulls", "a flood of pulls, each for everything", pulls, 2'000},
      {"summaries", "a flood of summaries", summaries, 200},
      {"link-states", "a flood of link states", link_states, 5'000},
      {"durables", "chains without end, said durable and dropped", dropped_and_durable, 20'000},
      {"relays", "a flood of relays", relays, 500},
      {"hellos", "a flood of hellos", hellos, 1'000},
      {"long-hello", "a hello with 200,000 tips, three times", long_hello, 200'000},
      {"nonces", "boot nonces, new and superseded", many_nonces, 6},
      {"versions", "hellos of others, other clusters and versions", wrong_hellos, 1},
      {"slow-reader", "asks for all and reads nothing", slow_reader, 1'000},
      {"slow-writer", "a byte now and then", slow_writer, 20},
      {"links", "many links at once", many_links, 12},
      {"junk", "random bytes", junk, 3},
  };
  return attacks;
}

}  // namespace postern::hostile
