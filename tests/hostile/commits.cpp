// Attacks by what is shipped: forged, misformed, or far too much of it.
#include "hostile/member.h"

#include <algorithm>
#include <limits>

namespace postern::hostile {
namespace {

using cluster::Header;
using cluster::Ship;
using cluster::WriteKind;

constexpr std::size_t items_a_message = 500;

bool push(Line& line, const std::vector<Ship::Item>& items) {
  for (std::size_t from = 0; from < items.size(); from += items_a_message) {
    const std::size_t to = std::min(items.size(), from + items_a_message);
    Ship part;
    part.items.assign(items.begin() + static_cast<std::ptrdiff_t>(from), items.begin() + static_cast<std::ptrdiff_t>(to));
    if (!line.say(cluster::encode(cluster::Message(part)))) return false;
  }
  return true;
}

/// And waits a little: it answers, or closes.
void ship(Line& line, const std::vector<Ship::Item>& items) {
  if (push(line, items)) (void)line.closes(700);
}

void ship_new(const Member& member, const Target& target, const std::vector<Ship::Item>& items) {
  Line line = greeted(member, target);
  ship(line, items);
}

/// One signed commit that does what no honest desk lets through.
void delete_the_cluster(const Member& member, const Target& target, std::uint64_t) {
  Header header = member.header(draw(), 1, {}, {cluster::Space::cluster, member.cluster().uuid, "life"}, "x");
  header.writes[0] = {{cluster::Space::cluster, member.cluster().uuid, "life"}, WriteKind::remove, {}, 0, {}};
  ship_new(member, target, {member.sign(header, {})});
}

/// A number that is drawn from a branch's first commit, as a machine might that names branches by numbers.
base::Incarnation branch_number(base::Incarnation incarnation, const base::Hash& first) {
  std::string bytes = "postern branch 1";
  bytes.push_back('\0');
  for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(incarnation >> shift & 0xff));
  bytes.append(first.bytes.begin(), first.bytes.end());
  base::Incarnation name = 0;
  for (std::size_t i = 0; i < sizeof name; ++i) name = name << 8 | base::hash_bytes(bytes).bytes[i];
  return name;
}

/// The same number twice, and then an incarnation under the name that the second branch gets.
void take_a_branchs_name(const Member& member, const Target& target, std::uint64_t) {
  const base::Incarnation incarnation = draw();
  std::vector<Ship::Item> items;
  for (const char* value : {"one", "two"})
    items.push_back(member.sign(member.header(incarnation, 1, {}, member.setting("hostile-e2"), value), {value}));
  for (const auto& branch : {items[0], items[1]}) {
    const auto name = branch_number(incarnation, branch.envelope.id());
    items.push_back(member.sign(member.header(name, 1, {}, member.setting("hostile-e2"), "three"), {"three"}));
  }
  ship_new(member, target, items);
  std::reverse(items.begin(), items.end());
  ship_new(member, target, items);
}

void many_incarnations(const Member& member, const Target& target, std::uint64_t size) {
  std::vector<Ship::Item> items;
  for (std::uint64_t i = 0; i < size; ++i) {
    const std::string value = "v" + std::to_string(i);
    items.push_back(member.sign(member.header(draw(), 1, {}, member.setting("hostile-" + value), value), {value}));
  }
  ship_new(member, target, items);
}

void many_heads(const Member& member, const Target& target, std::uint64_t size) {
  std::vector<Ship::Item> items;
  for (std::uint64_t i = 0; i < size; ++i) {
    const std::string value = "v" + std::to_string(i);
    items.push_back(member.sign(member.header(draw(), 1, {}, member.setting("hostile-heads"), value), {value}));
  }
  ship_new(member, target, items);
}

/// The next commit of another member's chain, signed with the own key.
void in_anothers_name(const Member& member, const Target& target, std::uint64_t) {
  std::vector<Ship::Item> items;
  for (const auto& tip : member.peer().vector()) {
    if (tip.member == member.id()) continue;
    Header header = member.header(tip.incarnation, tip.seq + 1, tip.hash, member.setting("smtp-routes"), "forged");
    header.dot.member = header.login_host = tip.member;
    items.push_back(member.sign(header, {"forged"}));
    header.dot = {tip.member, draw(), 1};
    header.prev = member.admission(tip.member);
    items.push_back(member.sign(header, {"forged"}));
  }
  ship_new(member, target, items);
}

/// Another key for a member, by an identity written anew, and then a commit under it.
void another_key_for_a_member(const Member& member, const Target& target, std::uint64_t) {
  const auto victim = member.another();
  auto identity = member.peer().fleet().member(victim)->identity;
  identity.signing_key = base::verify_key(member.key());
  const std::string value = cluster::encode(identity);
  const auto again = member.sign(member.header(draw(), 1, {}, cluster::member_register(victim, "identity"), value), {value});
  Header header = member.header(draw(), 1, again.envelope.id(), member.setting("smtp-routes"), "forged");
  header.dot.member = header.login_host = victim;
  ship_new(member, target, {again, member.sign(header, {"forged"})});
}

void wrong_signatures(const Member& member, const Target& target, std::uint64_t size) {
  std::vector<Ship::Item> items;
  for (std::uint64_t i = 0; i < size; ++i) {
    items.push_back(member.sign(member.header(draw(), 1, {}, member.setting("smtp-routes"), "forged"), {"forged"}));
    items.back().envelope.signature.bytes[i % 64] ^= 1;
    items.back().staged = i % 2 == 0;
  }
  ship_new(member, target, items);
}

/// Commits that wait for others which never come.
void fill_what_waits(const Member& member, const Target& target, std::uint64_t size) {
  const std::string value(1U << 10, 'm');
  std::vector<Ship::Item> items;
  for (std::uint64_t i = 0; i < size; ++i) {
    const auto nowhere = base::hash_bytes(std::to_string(draw()));
    items.push_back(member.sign(member.header(draw(), 2, nowhere, member.setting("hostile-waits"), value), {value}));
  }
  Line line = greeted(member, target);
  ship(line, items);
  (void)line.closes(2'000);
}

/// Texts that would take over a terminal, a log or a listing.
void texts_with_escapes(const Member& member, const Target& target, std::uint64_t) {
  const std::string evil =
      "x\x1b[2J\x1b]0;owned\x07\r\n\xe2\x80\xae"
      "evil\xc2\x9b"
      "31m";
  std::vector<Ship::Item> items;
  Header header = member.header(draw(), 1, {}, cluster::member_register(member.id(), "name"), evil);
  items.push_back(member.sign(header, {evil}));
  header = member.header(draw(), 1, {}, member.setting(evil), evil);
  header.comment = header.author_name = header.request_key = evil;
  items.push_back(member.sign(header, {evil}));
  ship_new(member, target, items);
}

/// Clocks and stamps at their ends.
void clocks_at_their_ends(const Member& member, const Target& target, std::uint64_t) {
  std::vector<Ship::Item> items;
  for (const std::int64_t wall : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    for (const std::uint64_t stamp : {std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max()}) {
      Header header = member.header(draw(), 1, {}, member.setting("hostile-clock"), "clock");
      header.wall_ms = wall;
      header.stamp.value = stamp;
      items.push_back(member.sign(header, {"clock"}));
    }
    Line line(target.link);
    auto hello = member.hello();
    hello.wall_ms = wall;
    line.say(cluster::encode(cluster::Message(hello)));
    line.say(cluster::encode(cluster::Message(cluster::Ping{1, false, wall, {}, {}})));
    (void)line.closes(300);
  }
  ship_new(member, target, items);
}

/// Numbers, parents and bases that are not what they say.
void wrong_context(const Member& member, const Target& target, std::uint64_t) {
  const auto tips = member.peer().vector();
  std::vector<Ship::Item> items;
  Header header = member.header(draw(), std::numeric_limits<std::uint64_t>::max(), {}, member.setting("smtp-routes"), "forged");
  items.push_back(member.sign(header, {"forged"}));
  header = member.header(draw(), 1, tips.front().hash, member.setting("smtp-routes"), "forged");  // no admission
  items.push_back(member.sign(header, {"forged"}));
  header = member.header(draw(), 1, {}, member.setting("smtp-routes"), "forged");
  header.parents = {{{member.id(), 1, 1}, tips.front().hash}};
  items.push_back(member.sign(header, {"forged"}));
  header = member.header(draw(), 1, {}, member.setting("hostile-base"), "base");
  for (std::uint64_t i = 1; i <= 1'000; ++i) header.writes[0].base.push_back({member.id(), i, i});
  items.push_back(member.sign(header, {"base"}));
  ship_new(member, target, items);
}

/// What it holds, over and over, and to whoever holds it.
void replay(const Member& member, const Target& target, std::uint64_t size) {
  Line line = greeted(member, target);
  line.say(cluster::encode(cluster::Message(member.hello())));
  for (std::uint64_t i = 0; i < size && push(line, member.past()); ++i) {
  }
  (void)line.closes(700);
}

/// Whom it admits are members until they are removed; a name that another has must not protect them.
void admit_a_namesake(const Member& member, const Target& target, std::uint64_t) {
  const auto victim = *member.peer().fleet().member(member.another());
  auto identity = victim.identity;
  identity.signing_key = base::verify_key(base::signing_key({1, 2, 3}));
  identity.host_key = "ssh-ed25519 AAAAnone";
  identity.user_key = "ssh-ed25519 AAAAnone2";
  for (auto& byte : identity.drawn.bytes) byte = static_cast<std::uint8_t>(draw());
  const base::MemberId id = cluster::member_of(identity);
  const std::string value = cluster::encode(identity);
  Header header = member.header(draw(), 1, {}, cluster::member_register(id, "identity"), value);
  header.writes.push_back(
      {cluster::member_register(id, "name"), WriteKind::put, base::hash_bytes(victim.host_name), victim.host_name.size(), {}});
  ship_new(member, target, {member.sign(header, {value, victim.host_name})});
}

}  // namespace

const std::vector<Attack>& commit_attacks() {
  static const std::vector<Attack> attacks = {
      {"e1", "a signed delete of the cluster itself", delete_the_cluster, 1},
      {"e2", "an incarnation under the name of a fork's branch", take_a_branchs_name, 1},
      {"k-name", "commits in another member's name", in_anothers_name, 1},
      {"k-key", "another key for a member, and a commit under it", another_key_for_a_member, 1},
      {"signatures", "wrong signatures", wrong_signatures, 1'000},
      {"m", "commits that wait for ever", fill_what_waits, 9'000},
      {"texts", "names and comments with escape sequences", texts_with_escapes, 1},
      {"clocks", "clocks and stamps at their ends", clocks_at_their_ends, 1},
      {"context", "numbers, parents and bases that are not what they say", wrong_context, 1},
      {"replay", "the whole past again and again", replay, 20},
      {"namesake", "an accomplice under an honest machine's name", admit_a_namesake, 1},
      {"f-heads", "heads of one register without end", many_heads, 6'000},
      {"f-incarnations", "incarnations without end", many_incarnations, 4'500},
  };
  return attacks;
}

}  // namespace postern::hostile
