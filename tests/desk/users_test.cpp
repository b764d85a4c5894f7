#include "desk/fleet/keys.h"
#include "house.h"

namespace postern::desk {
namespace {

// Made by ssh-keygen, which also said the fingerprints.
const std::string ed25519 =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVAbBwOQYetuT1HVVywrxQYi+FWp6Bc1ns4QmJZDQEa anna@laptop "
    "one";
const std::string ed25519_print = "SHA256:VMRHj0F3qILGgd1e3f9UdbUUzBf4U9FOwcI/UsCAxm4";
const std::string ecdsa256 =
    "ecdsa-sha2-nistp256 "
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBExYmKk35zUEbPS2yPguJql2kWMAnGPKFWFZW"
    "Eldcz1E0Z7Fh8xXMsIMDoCIJIv7uDCLIXv15CPPQpZk+NNRocg= e256";
const std::string ecdsa521 =
    "ecdsa-sha2-nistp521 "
    "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBADztqMu0vMoYQVOL/cKXPGiHQ7klXNKIshg35"
    "2jjvPhyu+"
    "pJ5HXMfjag2oOFN46FWKBszcQqtKIU5pfmgB68eUPRQGYINiAM9qT0L9QzvOVjWTWPpg5xOs35cuj7vbjkhS8JIqx45dqq"
    "2hZJcxU"
    "yVu4tVYi5izBEU2cID+I2rHtce/8YQ==";
const std::string rsa1024 =
    "ssh-rsa "
    "AAAAB3NzaC1yc2EAAAADAQABAAAAgQCnLvdrRSvePMiorZeG+aAYQtHKPTVCCANluH2VAaibWHBZWz1WYBvWevX+"
    "Yz9GebHqCdv4cm"
    "I9vw2cTNUhxbldGegI4psdDuGRCrxi+EPdIkQgmQGOPxj+PrmuhuH/P3sahYJvLiglSi67YYjStJFaMzvtf/"
    "ppMAmaYbTO+KSQKw== r1024";
const std::string rsa2048 =
    "ssh-rsa "
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQDHDhZw7diCOqev4Un0XqwDyh8KFoBTl6EEe4fxP3d2tHruOKc3raK74rx3T9GOtU"
    "IAJ7mfcg"
    "ODFfTEjia4McMk7zxNveuXaIJasL9YE9WxJxxqm+"
    "powTDHUQcsMfsva9hNM50FprGSOoiqyg4aHZsuaJlrKxy1YGQA6cRgs2pnDDwBA69F9JCK"
    "FI2rHKhk5WPrjmJ35gjZhX2rEWlSPuLFnvw2EIb8xyGzQj83koBeAOwtmqhvQJe2Dj/jcroYCFPAPvJARYEAulx/FUbJ/"
    "8WwUX+yN3R/uWTgZ/"
    "5DooutpqqtJC4OJC8TYmgVpEOgierkggr5ajY7+EQ7xOk640lH r2048";

TEST(PublicKey, IsReadAsSshKeygenReadsIt) {
  const auto key = parse_public_key("  " + ed25519 + "\n");
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->type, "ssh-ed25519");
  EXPECT_EQ(key->fingerprint, ed25519_print);
  EXPECT_EQ(key->comment, "anna@laptop one");
  EXPECT_EQ(key->line, ed25519);
  EXPECT_EQ(parse_public_key(ecdsa256)->fingerprint, "SHA256:t3NE/5/V9BCzwZJ/B2nChnhkQ2okqpPfPo2UiXvPjXQ");
  EXPECT_EQ(parse_public_key(ecdsa521)->fingerprint, "SHA256:8j1p+0ERIwRH1Ttif6hazmE6h9JzTLN/Ycnooc9/Wtw");
  EXPECT_EQ(parse_public_key(rsa2048)->fingerprint, "SHA256:y6Q5MamDRks2oqzgYVDeWGmUKczUXfP4rl94u2No74k");
}

TEST(PublicKey, WhatIsNotOneIsRefused) {
  const auto refused = [](const std::string& line) {
    const auto key = parse_public_key(line);
    return key.has_value() ? std::string("accepted") : key.error().text;
  };
  EXPECT_NE(refused(rsa1024).find("1024 bits"), std::string::npos);
  EXPECT_NE(refused("command=\"sh\" " + ed25519).find("Options"), std::string::npos);
  EXPECT_NE(refused("").find("type"), std::string::npos);
  EXPECT_NE(refused("ssh-ed25519 !!!!").find("base64"), std::string::npos);
  EXPECT_NE(refused("ssh-rsa " + ed25519.substr(12)).find("different types"), std::string::npos);
  EXPECT_NE(refused(ed25519 + "\n" + ed25519).find("one line"), std::string::npos);
  // Every shortening of the blob, and anything after it.
  const auto blob = base::from_base64(ed25519.substr(12, 68));
  ASSERT_TRUE(blob.has_value());
  for (std::size_t size = 0; size < blob->size(); ++size)
    EXPECT_NE(refused("ssh-ed25519 " + base::to_base64(blob->substr(0, size))), "accepted");
  EXPECT_NE(refused("ssh-ed25519 " + base::to_base64(*blob + "x")), "accepted");
}

TEST_F(DeskTest, KeysAreListedAddedAndDeleted) {
  Sitter sitter(*desk, admin());
  EXPECT_EQ(sitter.ok("user.keys").at("keys").as_array().size(), 0U);
  const std::string add = json::serialize(json::object{{"line", ed25519}});
  EXPECT_EQ(sitter.ok("user.add_key", add).at("fingerprint"), ed25519_print.c_str());
  EXPECT_NE(sitter.refused("exists", "user.add_key", add).at("message").as_string().find(ed25519_print), json::string::npos);
  sitter.refused("invalid", "user.add_key", R"({"line":"ssh-dss AAAA"})");
  const json::value keys = sitter.ok("user.keys", R"({"user":"admin"})").at("keys");
  ASSERT_EQ(keys.as_array().size(), 1U);
  EXPECT_EQ(keys.at(0).at("comment"), "anna@laptop one");
  EXPECT_EQ(keys.at(0).at("line"), ed25519.c_str());
  const std::string print = json::serialize(json::object{{"fingerprint", ed25519_print}});
  sitter.ok("user.delete_key", print);
  sitter.refused("not-found", "user.delete_key", print);
  EXPECT_FALSE(sitter.hung_up) << "keys are no reason to end a session";
}

TEST_F(DeskTest, OthersKeysAreForAdministrators) {
  Sitter operator_here(*desk, bob());
  operator_here.refused("denied", "user.keys", R"({"user":"admin"})");
  operator_here.refused("denied", "user.keys", R"({"user":"nobody"})");
  operator_here.ok("user.keys", R"({"user":"bob"})");
  Sitter sitter(*desk, admin());
  sitter.ok("user.keys", R"({"user":"bob"})");
  const json::object error = sitter.refused("not-found", "user.keys", R"({"user":"nobody"})");
  EXPECT_EQ(error.at("message"), R"(There is no user "nobody". The users are admin, bob and gina.)");
  Sitter at_console(*desk, console());
  at_console.refused("usage", "user.keys");
  at_console.ok("user.keys", R"({"user":"admin"})");
}

TEST_F(DeskTest, APassphraseIsChangedByItsOwner) {
  Sitter guest(*desk, gina());
  Sitter same_user(*desk, gina());
  guest.refused("denied", "user.passwd", R"({"old":"wrong","new":"long enough"})");
  guest.refused("invalid", "user.passwd", R"({"old":"gina-secret","new":"short"})");
  EXPECT_FALSE(same_user.hung_up);
  guest.ok("user.passwd", R"({"old":"gina-secret","new":"long enough"})");
  EXPECT_TRUE(same_user.hung_up) << "other sessions of the user end";
  EXPECT_FALSE(guest.hung_up) << "the writer's own goes on";
  guest.ok("user.passwd", R"({"old":"long enough","new":"longer still"})");
  house.elsewhere({house.item(cluster::user_register(user_id(3), "passphrase"), "hash of other")});
  EXPECT_TRUE(guest.hung_up) << "but not over somebody else's change";
  Sitter at_console(*desk, console());
  at_console.ok("session.mode", R"({"mode":"cluster"})");
  at_console.refused("denied", "user.passwd", R"({"old":"a","new":"long enough"})");
}

TEST_F(DeskTest, TheWriterIsSparedUntilItsAnswerButNotOverAnothersChange) {
  Sitter guest(*desk, gina());
  house.late_answers = true;
  guest.send("user.passwd", R"({"old":"gina-secret","new":"long enough"})");
  EXPECT_FALSE(guest.hung_up) << "the change is there, its answer is not";
  house.release();
  EXPECT_EQ(guest.last.at("result"), json::object());
  EXPECT_FALSE(guest.hung_up);
  guest.send("user.passwd", R"({"old":"long enough","new":"longer still"})");
  house.elsewhere({house.item(cluster::user_register(user_id(3), "passphrase"), "hash of other")});
  house.release();
  EXPECT_TRUE(guest.hung_up);
}

TEST_F(DeskTest, APassphraseIsNotTheUsersName) {
  house.elsewhere({house.item(cluster::user_register(user_id(1), "identity"), "administrator")});
  Sitter sitter(*desk, who("administrator", 1, cluster::Role::administrator));
  sitter.ok("session.mode", R"({"mode":"cluster"})");
  const json::object error = sitter.refused("invalid", "user.passwd", R"({"old":"admin-secret","new":"Administrator"})");
  EXPECT_NE(error.at("message").as_string().find("name"), json::string::npos);
}

}  // namespace
}  // namespace postern::desk
