#include "cluster/fleet.h"
#include "cluster/join.h"
#include "fuzz/seeds/seeds.h"
#include "transport/frames.h"

namespace postern::fuzz {
namespace {

using namespace cluster;

base::Uuid uuid(std::uint8_t n) {
  base::Uuid id;
  id.bytes.fill(n);
  return id;
}
base::MemberId member(std::uint8_t n) { return {uuid(n)}; }

Header first_header() {
  Header header;
  header.dot = {member(1), 7, 1};
  header.stamp = {0x123456789abcU};
  header.author_name = "admin";
  header.comment = "Two routes";
  header.writes = {{{Space::cluster_settings, uuid(5), "dns"}, WriteKind::put, base::hash_bytes("x"), 1, {}}};
  return header;
}

Header long_header() {
  Header header = first_header();
  header.dot = {member(1), 7, 2};
  header.prev = base::hash_bytes(encode_header(first_header()));
  header.wall_ms = -5;
  header.parents = {{{member(2), 7, 1}, base::hash_bytes("parent")}};
  header.author = {uuid(9)};
  header.login_host = member(1);
  header.settings_version = base::hash_bytes("version");
  header.request_key = "key";
  header.writes = {{{Space::group_settings, uuid(5), "a"}, WriteKind::put, base::hash_bytes("x"), 1, {{member(1), 2, 3}}},
                   {{Space::group_settings, uuid(5), "b"}, WriteKind::clear, {}, 0, {}},
                   {{Space::user, uuid(5), "life"}, WriteKind::remove, {}, 0, {}}};
  header.trial_minutes = 5;
  header.outcome = Outcome::revert;
  header.outcome_of = {member(3), 1, 1};
  return header;
}

std::vector<Ship::Item> items() {
  return {{{encode_header(long_header()), {}}, {"one", std::string("\0two", 4)}, true},
          {{encode_header(first_header()), {}}, {"x"}, false}};
}

/// One commit twice, and one that waits for it and for another that is not here.
std::vector<Ship::Item> doubled() {
  const Ship::Item first{{encode_header(first_header()), {}}, {"x"}, false};
  return {first, first, {{encode_header(long_header()), {}}, {"one", "two"}, false}};
}

std::vector<std::string> messages() {
  const Vector tips = {{member(1), 7, 9, base::hash_bytes("tip")}, {member(2), 1, 1, base::hash_bytes("tip")}};
  std::vector<std::string> out;
  for (const Message& message : std::vector<Message>{
           Hello{1, {uuid(1)}, member(1), 77, base::hash_bytes("v"), "1.0", 5, tips, tips, tips}, Ship{items(), true},
           Durable{7, 8, base::hash_bytes("tip")}, Dropped{7, 0}, Ack{tips}, Pull{tips}, Summary{{}},
           Ping{4, true, -7, base::hash_bytes("a"), base::hash_bytes("b")},
           LinkState{5, 6, member(1), {member(2), member(3)}, {"mail9 42 %"}}, Applied{member(1), tips, "why not"},
           Relay{member(1), member(2), 3, true, "body"}, Relay{member(2), member(1), 4, false, "asked", 5, 6, 0, {}, 2, {}}})
    out.push_back(encode(message));
  out.emplace_back("\xa2\x01\x00", 3);
  return out;
}

MemberIdentity identity() {
  MemberIdentity out{"4F21A09C3B7E-K3QM7ZT2XW5A", {}, "ssh-ed25519 AAAA", "ssh-ed25519 BBBB", {}};
  out.signing_key.bytes[3] = 9;
  return out;
}

std::vector<std::string> join_frames() {
  std::vector<std::string> out;
  for (const JoinFrame& frame : std::vector<JoinFrame>{
           JoinRequest{"1.0", base::hash_bytes("v"), "mail9.example.com", identity(), {"mail9.example.com", 22, 2222}},
           JoinRefusal{"No."}, JoinOffer{{uuid(1)}, "americas", "Main_Group", member(4), 12}, JoinPart{items()},
           JoinPart{doubled()}, JoinReady{}, JoinComplete{base::hash_bytes("a")}, Joined{}})
    out.push_back(encode_join(frame));
  out.emplace_back("\xa2\x01\x00", 3);
  return out;
}

/// Behind the byte that says how the stream is cut.
std::vector<std::string> frames(const std::vector<std::string>& contents) {
  transport::FrameQueue queue;
  for (const std::string& each : contents) queue.push(each);
  std::string all(1, '\3');
  while (!queue.front().empty()) {
    all += queue.front();
    queue.pop(queue.front().size());
  }
  return {all, std::string("\1\0\0\0\0", 5), "\2" + std::string("\xff\xff\xff\xff", 4), "\5" + std::string("\0\0", 2)};
}

}  // namespace

std::vector<Seeds> wire_seeds() {
  return {
      {"message", messages()},
      {"join", join_frames()},
      {"header", {encode_header(first_header()), encode_header(long_header()), encode_header(first_header()) + "x"}},
      {"record",
       {encode(identity()), encode(MemberAddresses{"mail.example.com", 2200, 2222}), std::string("\x10\x80\x80\x04", 4), "\xff"}},
      {"frame", frames({"a", "", std::string(300, 'b')})}};
}

}  // namespace postern::fuzz
