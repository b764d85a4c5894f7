#include "cluster/validate.h"

#include "cluster/world.h"

#include <gtest/gtest.h>

#include <limits>

namespace postern::cluster {
namespace {

const base::ClusterId cluster{uuid(0x201)};

Header good() {
  Header header;
  header.dot = {member_id(0), 7, 1};
  header.login_host = member_id(0);
  header.prev = base::hash_bytes("admission");
  header.writes = {{settings_register({base::Level::cluster, cluster.uuid}, "smtp-routes"),
                    WriteKind::put,
                    base::hash_bytes("x"),
                    1,
                    {}}};
  return header;
}

Write write_of(Space space, const base::Uuid& id, const std::string& name,
               WriteKind kind = WriteKind::put, std::uint64_t size = 1) {
  return {{space, id, name}, kind, kind == WriteKind::put ? base::hash_bytes("x") : base::Hash{}, size, {}};
}

bool takes(const Header& header) {
  return validate(cluster, header).has_value();
}
bool takes(const Write& write) {
  Header header = good();
  header.writes = {write};
  return takes(header);
}

TEST(Validate, EveryRegisterThatThereIsAndNoOther) {
  EXPECT_TRUE(takes(good()));
  const base::Uuid id = uuid(9);
  const std::vector<std::pair<Space, const char*>> all = {
      {Space::group, "name"},     {Space::member, "identity"}, {Space::member, "name"},
      {Space::member, "addresses"}, {Space::member, "group"},  {Space::user, "identity"},
      {Space::user, "role"},      {Space::user, "passphrase"}, {Space::user, "keys"}};
  const auto with_admission = [&](const Write& write) {
    Header header = good();
    header.writes = {write_of(Space::member, id, "identity"), write};
    return takes(header);
  };
  for (const auto& [space, name] : all) {
    const bool own_word = space == Space::member && (name == std::string("name") || name == std::string("addresses"));
    EXPECT_EQ(takes(write_of(space, id, name)), !own_word) << name;
    EXPECT_TRUE(takes(write_of(space, member_id(0).uuid, name))) << name << " of its author";
    if (own_word) {
      EXPECT_TRUE(with_admission(write_of(space, id, name))) << name << " of whom it admits";
    }
    EXPECT_FALSE(takes(write_of(space, {}, name))) << name << " of nobody";
    EXPECT_FALSE(takes(write_of(space, id, std::string(name) + "s"))) << name;
  }
  EXPECT_TRUE(takes(write_of(Space::cluster, cluster.uuid, "name")));
  EXPECT_FALSE(takes(write_of(Space::cluster, id, "name"))) << "another cluster's";
  EXPECT_FALSE(takes(write_of(Space::cluster_settings, id, "dns")));
  EXPECT_FALSE(takes(write_of(Space::machine_settings, {}, "dns")));
  EXPECT_FALSE(takes(write_of(Space::cluster_settings, cluster.uuid, "d\ns")));
  EXPECT_FALSE(takes(write_of(Space::cluster_settings, cluster.uuid, "")));
}

TEST(Validate, WhatMayBeDeletedOrUnset) {
  for (const Space space : {Space::group, Space::member, Space::user})
    EXPECT_TRUE(takes(write_of(space, uuid(9), "life", WriteKind::remove, 0)));
  EXPECT_FALSE(takes(write_of(Space::cluster, cluster.uuid, "life", WriteKind::remove, 0)));
  EXPECT_FALSE(takes(write_of(Space::user, uuid(9), "life", WriteKind::remove, 16)));
  EXPECT_FALSE(takes(write_of(Space::user, uuid(9), "role", WriteKind::remove, 0)));
  EXPECT_TRUE(takes(write_of(Space::user, uuid(9), "keys", WriteKind::clear, 0)));
  EXPECT_FALSE(takes(write_of(Space::member, uuid(9), "identity", WriteKind::clear, 0)));
  EXPECT_FALSE(takes(write_of(Space::group, uuid(9), "name", WriteKind::clear, 0)));
  Write successor = write_of(Space::group, uuid(9), "life", WriteKind::remove, 16);
  successor.value = base::hash_bytes("sixteen bytes ..");
  EXPECT_TRUE(takes(successor));
  successor.value_size = 17;
  EXPECT_FALSE(takes(successor));
}

TEST(Validate, PlaceTimeAndTexts) {
  const auto with = [](auto change) {
    Header header = good();
    change(header);
    return takes(header);
  };
  EXPECT_FALSE(with([](Header& h) { h.login_host = member_id(1); })) << "made elsewhere";
  EXPECT_FALSE(with([](Header& h) { h.prev = {}; h.dot.seq = 2; }));
  EXPECT_TRUE(with([](Header& h) { h.dot.seq = std::numeric_limits<std::uint64_t>::max(); }));
  EXPECT_FALSE(with([](Header& h) { h.dot.branch = base::hash_bytes("x"); }));
  EXPECT_FALSE(with([](Header& h) { h.wall_ms = -1; }));
  EXPECT_FALSE(with([](Header& h) { h.wall_ms = std::numeric_limits<std::int64_t>::max(); }));
  EXPECT_TRUE(with([](Header& h) { h.stamp.value = std::numeric_limits<std::uint64_t>::max(); }));
  EXPECT_FALSE(with([](Header& h) { h.comment = "a\x1b[2J"; }));
  EXPECT_FALSE(with([](Header& h) { h.author_name = "ad\xe2\x80\xaemin"; }));
  EXPECT_FALSE(with([](Header& h) { h.request_key = "k\n"; }));
  EXPECT_FALSE(with([](Header& h) { h.parents = {{h.dot, h.prev}}; })) << "its parent is its prev";
  EXPECT_FALSE(with([](Header& h) {
    for (std::size_t i = 0; i <= parents_per_commit; ++i)
      h.parents.push_back({h.dot, base::hash_bytes(std::to_string(i))});
  }));
  EXPECT_FALSE(with([](Header& h) { h.writes.clear(); })) << "writes nothing and joins nothing";
  EXPECT_TRUE(with([](Header& h) {
    h.writes.clear();
    h.parents = {{{member_id(2), 1, 1}, base::hash_bytes("parent")}};
  }));
}

TEST(Validate, ValuesAreWhatTheirRegistersAreFor) {
  const auto takes_value = [](const Register& reg, const std::string& value) {
    return validate_value(reg, WriteKind::put, value).has_value();
  };
  const base::MemberId member = member_id(3);
  const base::UserId user{uuid(4)};
  MemberIdentity identity{"SERIAL", {}, "ssh-ed25519 AAAA", "ssh-ed25519 BBBB"};
  EXPECT_TRUE(takes_value(member_register(member, "identity"), encode(identity)));
  identity.serial = "a\nb";
  EXPECT_FALSE(takes_value(member_register(member, "identity"), encode(identity)));
  EXPECT_FALSE(takes_value(member_register(member, "identity"), "\xff\xff"));
  EXPECT_TRUE(takes_value(member_register(member, "addresses"), encode(MemberAddresses{"m", 22, 0})));
  EXPECT_FALSE(takes_value(member_register(member, "addresses"), encode(MemberAddresses{"m\r", 22, 0})));
  EXPECT_TRUE(takes_value(member_register(member, "group"), encode_group({uuid(5)})));
  EXPECT_FALSE(takes_value(member_register(member, "group"), std::string(15, 'x')));
  EXPECT_FALSE(takes_value(member_register(member, "group"), std::string(16, '\0')));
  EXPECT_FALSE(takes_value(member_register(member, "name"), ""));
  EXPECT_FALSE(takes_value(group_name_register({uuid(5)}), "a\x07"));
  EXPECT_TRUE(takes_value(group_name_register({uuid(5)}), "süd"));
  EXPECT_TRUE(takes_value(user_register(user, "role"), encode_role(Role::operator_)));
  EXPECT_FALSE(takes_value(user_register(user, "role"), "root"));
  EXPECT_TRUE(takes_value(user_register(user, "keys"), encode_keys({"ssh-ed25519 A a", "ssh-rsa B"})));
  EXPECT_FALSE(takes_value(user_register(user, "keys"), "ssh-ed25519 A \x1b[1m\n"));
  EXPECT_TRUE(takes_value(settings_register({base::Level::cluster, cluster.uuid}, "dns"), "\x01\xff"))
      << "the schema's matter";
}

/// What is refused from others cannot be made here either.
TEST(Validate, OwnCommitsObeyTheSameRules) {
  World world;
  world.found(2);
  const auto answer = [&](std::vector<LocalCommit::Item> items) {
    const std::string key = world.commit(0, std::move(items));
    world.run();
    return world.answer(0, key)->what;
  };
  EXPECT_EQ(answer({world.item(0, {Space::user, uuid(9), "shoe"}, "x")}), Answer::What::refused);
  EXPECT_EQ(answer({world.item(0, user_register({uuid(9)}, "role"), "root")}), Answer::What::refused);
  EXPECT_EQ(answer({world.item(0, world.setting("a\n"), "x")}), Answer::What::refused);
  EXPECT_EQ(answer({world.item(0, user_register({uuid(9)}, "role"), "guest")}), Answer::What::committed);
  world.pass(3000);
  world.expect_equal();
}

}  // namespace
}  // namespace postern::cluster
