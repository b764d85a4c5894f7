#include "cluster/validate.h"

#include "cluster/world.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace postern::cluster {
namespace {

const base::ClusterId cluster{uuid(0x201)};

Header good() {
  Header header;
  header.dot = {member_id(0), 7, 1};
  header.login_host = member_id(0);
  header.prev = base::hash_bytes("admission");
  header.writes = {
      {settings_register({base::Level::cluster, cluster.uuid}, "smtp-routes"), WriteKind::put, base::hash_bytes("x"), 1, {}}};
  return header;
}

Write write_of(Space space, const base::Uuid& id, const std::string& name, WriteKind kind = WriteKind::put,
               std::uint64_t size = 1) {
  return {{space, id, name}, kind, kind == WriteKind::put ? base::hash_bytes("x") : base::Hash{}, size, {}};
}

/// Whom write_of may write so: a member's id is the hash of its identity.
base::Uuid subject(Space space, const std::string& name) {
  if (space == Space::cluster) return cluster.uuid;
  const bool identity = space == Space::member && name == "identity";
  return identity ? member_of(base::hash_bytes("x")).uuid : uuid(9);
}

bool takes(const Header& header) { return validate(cluster, header).has_value(); }
bool takes(const Write& write) {
  Header header = good();
  header.writes = {write};
  return takes(header);
}

TEST(Validate, EveryRegisterThatThereIsAndNoOther) {
  EXPECT_TRUE(takes(good()));
  const base::Uuid id = uuid(9);
  const std::vector<std::pair<Space, const char*>> all = {
      {Space::group, "name"},       {Space::member, "identity"}, {Space::member, "name"},
      {Space::member, "addresses"}, {Space::member, "group"},    {Space::user, "identity"},
      {Space::user, "role"},        {Space::user, "passphrase"}, {Space::user, "keys"}};
  const auto with_admission = [&](const std::string& name) {
    const base::Uuid whom = subject(Space::member, "identity");
    Header header = good();
    header.writes = {write_of(Space::member, whom, "identity"), write_of(Space::member, whom, name)};
    return takes(header);
  };
  for (const auto& [space, name] : all) {
    const bool own_word = space == Space::member && (name == std::string("name") || name == std::string("addresses"));
    EXPECT_EQ(takes(write_of(space, subject(space, name), name)), !own_word) << name;
    if (own_word) {
      EXPECT_TRUE(takes(write_of(space, member_id(0).uuid, name))) << name << " of its author";
      EXPECT_TRUE(with_admission(name)) << name << " of whom it admits";
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

/// Births and what a member or group is nothing without are never unset; each value has its length, and what a
/// header says of it counts.
TEST(Validate, EachRegisterHasItsLengthAndMayBeUnsetOrNot) {
  struct Row {
    Space space;
    const char* name;
    bool may_unset;
    std::uint64_t most_bytes;
  };
  const Row rows[] = {{Space::cluster, "name", true, 63},         {Space::group, "name", false, 63},
                      {Space::member, "identity", false, 16384},  {Space::member, "name", false, 253},
                      {Space::member, "addresses", false, 16384}, {Space::member, "group", false, 16},
                      {Space::user, "identity", false, 63},       {Space::user, "role", true, 63},
                      {Space::user, "passphrase", true, 512},     {Space::user, "keys", true, 262144}};
  for (const Row& row : rows) {
    const bool own_word = row.space == Space::member && row.name != std::string("identity") && row.name != std::string("group");
    const base::Uuid id = own_word ? member_id(0).uuid : subject(row.space, row.name);
    const std::string what = std::to_string(static_cast<int>(row.space)) + " " + row.name;
    EXPECT_EQ(takes(write_of(row.space, id, row.name, WriteKind::clear, 0)), row.may_unset) << what;
    EXPECT_TRUE(takes(write_of(row.space, id, row.name, WriteKind::put, row.most_bytes))) << what;
    EXPECT_FALSE(takes(write_of(row.space, id, row.name, WriteKind::put, row.most_bytes + 1))) << what;
    EXPECT_FALSE(takes(write_of(row.space, id, row.name, WriteKind::remove, 0))) << what;
  }
}

TEST(Validate, PlaceTimeAndTexts) {
  const auto with = [](auto change) {
    Header header = good();
    change(header);
    return takes(header);
  };
  EXPECT_FALSE(with([](Header& h) { h.login_host = member_id(1); })) << "made elsewhere";
  EXPECT_FALSE(with([](Header& h) {
    h.prev = {};
    h.dot.seq = 2;
  }));
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
    for (std::size_t i = 0; i <= parents_per_commit; ++i) h.parents.push_back({h.dot, base::hash_bytes(std::to_string(i))});
  }));
  EXPECT_FALSE(with([](Header& h) { h.writes.clear(); })) << "writes nothing and joins nothing";
  EXPECT_TRUE(with([](Header& h) {
    h.writes.clear();
    h.parents = {{{member_id(2), 1, 1}, base::hash_bytes("parent")}};
  }));
}

/// Each part of it counts: who could change one could take its links, or sign in its name.
TEST(Validate, AMembersIdIsTheHashOfItsIdentity) {
  const std::vector<std::function<void(MemberIdentity&)>> changes = {
      [](MemberIdentity& one) { one.serial += "x"; },
      [](MemberIdentity& one) { one.signing_key = base::verify_key(signing_key(4)); },
      [](MemberIdentity& one) { one.host_key += "x"; }, [](MemberIdentity& one) { one.user_key += "x"; },
      [](MemberIdentity& one) { one.drawn = uuid(77); }};
  const Register reg = member_register(member_id(3), "identity");
  const auto stands = [&](const std::string& value) {
    Header header = good();
    header.writes = {{reg, WriteKind::put, base::hash_bytes(value), value.size(), {}}};
    const bool by_header = validate(cluster, header).has_value();
    EXPECT_EQ(validate_value(reg, WriteKind::put, value).has_value(), by_header);
    return by_header;
  };
  EXPECT_TRUE(stands(encode(identity_of(3))));
  for (const auto& change : changes) {
    MemberIdentity other = identity_of(3);
    change(other);
    EXPECT_FALSE(stands(encode(other)));
  }
}

TEST(Validate, ValuesAreWhatTheirRegistersAreFor) {
  const auto takes_value = [](const Register& reg, const std::string& value) {
    return validate_value(reg, WriteKind::put, value).has_value();
  };
  const base::MemberId member = member_id(3);
  const base::UserId user{uuid(4)};
  const auto takes_identity = [&](const std::string& value) {
    return takes_value(member_register(member_of(base::hash_bytes(value)), "identity"), value);
  };
  MemberIdentity identity{"SERIAL", {}, "ssh-ed25519 AAAA", "ssh-ed25519 BBBB", {}};
  EXPECT_TRUE(takes_identity(encode(identity)));
  for (std::string MemberIdentity::*text : {&MemberIdentity::serial, &MemberIdentity::host_key, &MemberIdentity::user_key}) {
    MemberIdentity evil = identity;
    evil.*text = "a\nb";
    EXPECT_FALSE(takes_identity(encode(evil)));
    evil.*text = std::string(4097, 'x');
    EXPECT_FALSE(takes_identity(encode(evil)));
  }
  EXPECT_FALSE(takes_identity("\xff\xff"));
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
  EXPECT_TRUE(takes_value(settings_register({base::Level::cluster, cluster.uuid}, "dns"), "\x01\xff")) << "the schema's matter";
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
