// Attacks by what valid commits say: records whose reading costs more than they do, accomplices, other members' keys.
#include "hostile/member.h"

#include <algorithm>

namespace postern::hostile {
namespace {

using cluster::Header;
using cluster::Register;
using cluster::Ship;
using cluster::Space;
using cluster::Write;
using cluster::WriteKind;

base::Uuid draw_id() {
  base::Uuid id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(draw());
  return id;
}

/// One commit of many writes of texts.
class Writes {
 public:
  void put(const Register& reg, const std::string& value) { add(reg, WriteKind::put, value); }
  void remove(const Register& reg, const std::string& value) { add(reg, WriteKind::remove, value); }
  /// After `before`, or the first of a new incarnation.
  Ship::Item sign(const Member& member, const Ship::Item* before) {
    std::sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) { return a.first.reg < b.first.reg; });
    Header header = member.header(draw(), 1, {}, {}, "");
    if (before != nullptr) {
      const auto last = *cluster::decode_header(before->envelope.header);
      header.dot = {last.dot.member, last.dot.incarnation, last.dot.seq + 1};
      header.prev = before->envelope.id();
    }
    header.writes.clear();
    std::vector<std::string> values;
    for (auto& [write, value] : all_) {
      header.writes.push_back(write);
      if (!write.value.is_nil()) values.push_back(value);
    }
    return member.sign(header, std::move(values));
  }

 private:
  void add(const Register& reg, WriteKind kind, const std::string& value) {
    Write write{reg, kind, {}, value.size(), {}};
    if (!value.empty()) write.value = base::hash_bytes(value);
    all_.emplace_back(std::move(write), value);
  }
  std::vector<std::pair<Write, std::string>> all_;
};

void say(Line& line, const std::vector<Ship::Item>& items) {
  for (const auto& item : items) line.say(cluster::encode(cluster::Message(Ship{{item}, false})));
  (void)line.closes(1'500);
}

/// Each dead group names the next one as its successor.
void successors(const Member& member, const Target& target, std::uint64_t size) {
  std::vector<base::Uuid> ids;
  for (std::uint64_t i = 0; i <= size; ++i) ids.push_back(draw_id());
  std::vector<Ship::Item> items;
  for (const bool birth : {true, false}) {
    for (std::uint64_t part = 0; part < size; part += 1'500) {  // a header holds no more
      Writes writes;
      for (std::uint64_t i = part; i < size && i < part + 1'500; ++i) {
        if (birth)
          writes.put({Space::group, ids[i], "name"}, "hostile" + std::to_string(i));
        else
          writes.remove({Space::group, ids[i], "life"}, {ids[i + 1].bytes.begin(), ids[i + 1].bytes.end()});
      }
      items.push_back(writes.sign(member, items.empty() ? nullptr : &items.back()));
    }
  }
  Line line = greeted(member, target);
  say(line, items);
}

void one_name(const Member& member, const Target& target, std::uint64_t size) {
  std::vector<Ship::Item> items;
  for (std::uint64_t part = 0; part < size; part += 2'500) {
    Writes births;
    for (std::uint64_t i = part; i < size && i < part + 2'500; ++i)
      births.put({Space::group, draw_id(), "name"}, "hostile-one-name");
    items.push_back(births.sign(member, items.empty() ? nullptr : &items.back()));
  }
  Line line = greeted(member, target);
  say(line, items);
}

/// It admits somebody whose keys it has as well, and vouches for whatever chains that one begins. More than the common
/// measure of chains keeps machines apart for a time (docs/SECURITY.md says so); these are as many as it holds.
void accomplice(const Member& member, const Target& target, std::uint64_t size) {
  size = std::min<std::uint64_t>(size, 450);  // at each of two machines, others
  const auto key = base::signing_key({7, 7, 7});
  static const cluster::MemberIdentity identity{"ACCOMPLICE", base::verify_key(key), "ssh-ed25519 AAAAp", "ssh-ed25519 AAAAq",
                                                draw_id()};
  const base::MemberId puppet = cluster::member_of(identity);
  Writes births;
  births.put(cluster::member_register(puppet, "identity"), cluster::encode(identity));
  births.put(cluster::member_register(puppet, "name"), "accomplice.example");
  const auto admission = births.sign(member, nullptr);
  std::vector<Ship::Item> items = {admission};
  for (std::uint64_t i = 0; i < size; ++i) {
    Header header = member.header(draw(), 1, admission.envelope.id(), member.setting("hostile-p"), "p");
    header.dot.member = header.login_host = puppet;
    if (i > 0) {
      const auto last = *cluster::decode_header(items.back().envelope.header);
      header.parents = {{last.dot, items.back().envelope.id()}};
    }
    Ship::Item item{{cluster::encode_header(header), {}}, {"p"}, false};
    item.envelope.signature = base::sign(key, cluster::signed_bytes(member.cluster(), item.envelope.header));
    items.push_back(std::move(item));
  }
  Line line = greeted(member, target);
  for (std::size_t from = 0; from < items.size(); from += 250) {
    Ship part;
    part.items.assign(items.begin() + static_cast<std::ptrdiff_t>(from),
                      items.begin() + static_cast<std::ptrdiff_t>(std::min(items.size(), from + 250)));
    line.say(cluster::encode(cluster::Message(part)));
  }
  (void)line.closes(2'000);
}

/// That it holds chains which nobody has, others each time.
void acks(const Member& member, const Target& target, std::uint64_t size) {
  Line line = greeted(member, target);
  std::uint64_t number = 0;
  for (std::uint64_t round = 0; round < size; ++round) {
    cluster::Ack ack;
    for (int i = 0; i < 100'000; ++i, ++number)
      ack.stored.push_back({member.id(), number, 7, base::hash_bytes(std::to_string(number)), {}});
    if (!line.say(cluster::encode(cluster::Message(ack)))) return;
  }
  (void)line.closes(1'500);
}

/// A chain that waits for its first commit, and then that all of it is held.
void long_wait(const Member& member, const Target& target, std::uint64_t size) {
  const auto reg = member.setting("hostile-waits");
  const auto incarnation = draw();
  auto last = member.sign(member.header(incarnation, 1, {}, reg, "w"), {"w"});
  Ship ship;
  cluster::Summary summary;
  for (std::uint64_t seq = 2; seq < size; ++seq) {
    last = member.sign(member.header(incarnation, seq, last.envelope.id(), reg, "w"), {"w"});
    ship.items.push_back(last);
    summary.vector.push_back({member.id(), incarnation, seq, last.envelope.id(), {}});
  }
  Line line = greeted(member, target);
  line.say(cluster::encode(cluster::Message(ship)));
  for (int i = 0; i < 40; ++i) {
    line.say(cluster::encode(cluster::Message(summary)));
    (void)line.closes(260);
  }
}

/// An accomplice with the public keys of an honest machine, first in every listing.
void anothers_keys(const Member& member, const Target& target, std::uint64_t) {
  const auto& victim = *member.peer().fleet().member(member.another());
  const cluster::MemberIdentity identity{"NAMESAKE", base::verify_key(base::signing_key({9, 9})), victim.identity.host_key,
                                         victim.identity.user_key, draw_id()};
  const base::MemberId puppet = cluster::member_of(identity);
  Writes births;
  births.put(cluster::member_register(puppet, "identity"), cluster::encode(identity));
  births.put(cluster::member_register(puppet, "name"), "a.example");
  Line line = greeted(member, target);
  say(line, {births.sign(member, nullptr)});
}

}  // namespace

const std::vector<Attack>& record_attacks() {
  static const std::vector<Attack> attacks = {
      {"acks", "acknowledgements of chains that nobody has", acks, 6},
      {"long-wait", "a long chain that waits, and word that all of it is held", long_wait, 3'500},
      {"one-name", "groups of one name", one_name, 5'000},
      {"successors", "deleted groups, each the next one's successor", successors, 1'500},
      {"accomplice", "chains of somebody whom it has admitted", accomplice, 400},
      {"anothers-keys", "an accomplice with an honest machine's public keys", anothers_keys, 1},
  };
  return attacks;
}

}  // namespace postern::hostile
