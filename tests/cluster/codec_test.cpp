#include "base/limits.h"
#include "base/printable.h"
#include "cluster/world.h"
#include "hostile.h"

#include <gtest/gtest.h>

#include <random>

namespace postern::cluster {
namespace {

Header some_header() {
  Header header;
  header.dot = {member_id(1), 0xfeedULL << 40, 3};
  header.stamp = {0x123456789abcULL};
  header.wall_ms = -5;
  header.prev = base::hash_bytes("prev");
  header.parents = {{{member_id(2), 7, 1}, base::hash_bytes("parent")}};
  header.author = {uuid(9)};
  header.author_name = "admin";
  header.login_host = member_id(1);
  header.comment = "why \xff\xfe";  // not UTF-8: carried all the same
  header.settings_version = base::hash_bytes("version");
  header.request_key = "key";
  header.writes = {{{Space::cluster_settings, uuid(5), "a"}, WriteKind::put, base::hash_bytes("x"), 1, {{member_id(1), 2, 3}}},
                   {{Space::cluster_settings, uuid(5), "b"}, WriteKind::clear, {}, 0, {}},
                   {{Space::user, uuid(5), "life"}, WriteKind::remove, {}, 0, {}}};
  header.trial_minutes = 5;
  header.outcome = Outcome::revert;
  header.outcome_of = {member_id(3), 1, 1};
  return header;
}

std::vector<Message> every_message() {
  const Vector tips = {{member_id(1), 7, 9, base::hash_bytes("tip")}, {member_id(2), 1, 1, base::hash_bytes("tip")}};
  Ship ship;
  ship.items.push_back({{encode_header(some_header()), {}}, {"one", std::string("\0two", 4)}, true});
  ship.more = true;
  return {Hello{1, {uuid(1)}, member_id(1), 77, base::hash_bytes("v"), "1.0", 5, tips, tips, tips},
          ship,
          Durable{7, 8, base::hash_bytes("tip")},
          Dropped{7, 0},
          Ack{tips},
          Pull{tips},
          Summary{{}},
          Ping{4, true, -7, base::hash_bytes("a"), base::hash_bytes("b")},
          LinkState{5, 6, member_id(1), {member_id(2), member_id(3)}, {"mail9 42 %"}},
          Applied{member_id(1), tips, "why not", tips},
          Relay{member_id(1), member_id(2), 3, true, std::string(1000, '\xff'), 4, 5, 2, base::hash_bytes("asked"), 6,
                base::sign(signing_key(1), "relay")}};
}

TEST(Codec, EveryMessageComesBackEqual) {
  for (const Message& message : every_message()) {
    const auto back = decode(encode(message));
    ASSERT_TRUE(back) << message_name(message) << back.error().text;
    EXPECT_EQ(*back, message) << message_name(message);
  }
}

TEST(Codec, HeaderComesBackEqual) {
  const auto back = decode_header(encode_header(some_header()));
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(*back, some_header());
}

TEST(Codec, HeaderHasOneFormOnly) {
  const std::string good = encode_header(some_header());
  EXPECT_FALSE(decode_header(good + std::string("\xf8\x3f\x01", 3))) << "unknown field";
  EXPECT_FALSE(decode_header(good + good)) << "fields twice";
  EXPECT_FALSE(decode_header(good.substr(0, good.size() - 1))) << "cut short";
  EXPECT_FALSE(decode_header(""));
  Header header = some_header();
  std::swap(header.writes[0], header.writes[1]);
  EXPECT_FALSE(decode_header(encode_header(header))) << "writes out of order";
  header = some_header();
  header.writes.push_back(header.writes.back());
  EXPECT_FALSE(decode_header(encode_header(header))) << "a register twice";
  header = some_header();
  header.writes[0].kind = WriteKind::remove;
  EXPECT_FALSE(decode_header(encode_header(header))) << "settings have no life to remove";
  header = some_header();
  header.writes[0].value = {};
  EXPECT_FALSE(decode_header(encode_header(header))) << "put without a value";
  header = some_header();
  header.comment.assign(base::limits::comment_bytes + 1, 'x');
  EXPECT_FALSE(decode_header(encode_header(header))) << "comment too long";
  header = some_header();
  header.dot.seq = 0;
  EXPECT_FALSE(decode_header(encode_header(header))) << "numbers begin at 1";
}

/// What others say in words is printable before anybody keeps it, or is no message.
TEST(Codec, TextsOfOthersArePrintable) {
  for (const std::string& text : test::hostile_characters()) {
    const auto applied = decode(encode(Message(Applied{member_id(1), {}, "a" + text + "\nb"})));
    if (applied) {
      const std::string problem = std::get<Applied>(*applied).problem;
      EXPECT_EQ(base::printable_text(problem), problem) << problem;
    }
    LinkState state;
    state.member = member_id(1);
    state.joining = {text};
    EXPECT_FALSE(decode(encode(Message(state))).has_value()) << text;
    Hello hello;
    hello.package_version = text;
    EXPECT_FALSE(decode(encode(Message(hello))).has_value()) << text;
  }
}

TEST(Codec, VectorsMustBeSorted) {
  const base::Hash tip = base::hash_bytes("tip");
  Vector tips = {{member_id(2), 7, 9, tip}, {member_id(1), 1, 1, tip}};
  EXPECT_FALSE(decode(encode(Message{Pull{tips}})));
  tips = {{member_id(2), 7, 9, tip}, {member_id(2), 7, 9, tip}};
  EXPECT_FALSE(decode(encode(Message{Pull{tips}})));
  tips.back().seq = 10;
  EXPECT_TRUE(decode(encode(Message{Ack{tips}}))) << "two branches of one incarnation";
}

TEST(Codec, UnknownKindIsUnsupportedAndEmptyIsDamaged) {
  const auto unknown = decode(std::string("\xa2\x01\x00", 3));  // field 20
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, base::ErrorCode::unsupported);
  ASSERT_FALSE(decode(""));
  EXPECT_EQ(decode("").error().code, base::ErrorCode::damaged);
}

TEST(Codec, DamagedBytesNeverBecomeAnotherHeader) {
  std::mt19937 random(7);
  const std::string good = encode_header(some_header());
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    if (random() % 2 == 0) bad.resize(random() % bad.size());
    const auto back = decode_header(bad);
    if (back) {
      EXPECT_EQ(encode_header(*back), bad);
    }
  }
  for (const Message& message : every_message()) {
    const std::string bytes = encode(message);
    for (int i = 0; i < 2'000; ++i) {
      std::string bad = bytes;
      bad[random() % bad.size()] = static_cast<char>(random());
      (void)decode(bad);
    }
  }
}

TEST(Codec, RecordsComeBackEqual) {
  MemberIdentity identity{"4F21A09C3B7E-K3QM7ZT2XW5A", {}, "ssh-ed25519 AAAA", "ssh-ed25519 BBBB", uuid(5)};
  identity.signing_key.bytes[3] = 9;
  EXPECT_EQ(*decode_identity(encode(identity)), identity);
  const MemberAddresses addresses{"mail.example.com", 2200, 2222};
  EXPECT_EQ(*decode_addresses(encode(addresses)), addresses);
  EXPECT_FALSE(decode_addresses(std::string("\x10\x80\x80\x04", 4))) << "port 65536";
}

}  // namespace
}  // namespace postern::cluster
