#include "base/limits.h"
#include "base/printable.h"
#include "calls.h"
#include "desk/fleet/keys.h"
#include "desk/door/rights.h"
#include "hostile.h"

#include <algorithm>

/// Hostile texts in every place of every request: refused or harmless, never kept as they are.
namespace postern::desk {
namespace {

constexpr std::size_t any_length = std::string::npos;

/// Every string of a JSON value, by pointer; names of members are not among them.
void strings_of(json::value& value, std::vector<json::value*>& out) {
  if (value.is_string()) out.push_back(&value);
  if (value.is_array())
    for (json::value& item : value.get_array()) strings_of(item, out);
  if (value.is_object())
    for (auto& member : value.get_object()) strings_of(member.value(), out);
}

std::size_t strings_in(const json::value& value) {
  json::value copy = value;
  std::vector<json::value*> found;
  strings_of(copy, found);
  return found.size();
}

/// `value` with its n-th string replaced.
json::value with_string(json::value value, std::size_t n, std::string_view text) {
  std::vector<json::value*> found;
  strings_of(value, found);
  *found.at(n) = json::value(text);
  return value;
}

class Hostile : public DeskTest {
 protected:
  Hostile() : sitter(*desk, console()) {}

  json::object ask(const SampleCall& call, const json::value& params) {
    sitter.raw("session.mode", json::serialize(json::object{{"mode", call.mode}}));
    json::object request{{"jsonrpc", "2.0"}, {"id", ++next}, {"method", call.method}, {"params", params}};
    desk->receive(sitter.id, json::serialize(request));
    return sitter.last;
  }
  /// What the desk said, but for what it gives back of a passphrase.
  static void expect_printable(const json::value& value, const std::string& where) {
    json::value copy = value;
    std::vector<json::value*> found;
    strings_of(copy, found);
    for (const json::value* text : found)
      EXPECT_TRUE(base::is_printable_line(text->get_string(), any_length)) << where << ": " << json::serialize(*text);
  }
  void expect_nothing_kept(const std::string& where) {
    for (const base::Hash& hash : house.peer().newest_commits(1000)) {
      const auto* info = house.peer().commit(hash);
      EXPECT_TRUE(base::is_printable_line(info->header.comment, any_length)) << where;
      EXPECT_TRUE(base::is_printable_line(info->header.author_name, any_length)) << where;
    }
    const cluster::Fleet& fleet = house.peer().fleet();
    for (const auto& group : fleet.groups) EXPECT_TRUE(base::is_printable_line(group.name, any_length)) << where;
    for (const auto& user : fleet.users)
      for (const auto& key : user.keys) EXPECT_TRUE(base::is_printable_line(key, any_length)) << where;
    for (const auto& [reg, heads] : house.peer().state().all()) {
      const auto text = house.peer().state().value(reg);
      if (text && cluster::is_settings(reg)) {
        EXPECT_TRUE(base::is_printable_line(*text, any_length)) << where;
      }
    }
    for (const auto& [key, bytes] : house.saved) EXPECT_TRUE(base::is_printable_line(bytes, any_length)) << where;
  }

  std::int64_t next = 1'000'000;
  Sitter sitter;
};

TEST_F(Hostile, EveryTextOfEveryMethodIsRefusedOrHarmless) {
  std::size_t refused = 0;
  for (const SampleCall& call : sample_calls()) {
    const json::value params = json::parse(std::string(call.params));
    const Right* right = find_right(call.method);
    for (std::size_t n = 0; n < strings_in(params); ++n)
      for (const std::string& text : test::hostile_characters()) {
        const json::value asked = with_string(params, n, text);
        const std::string where = std::string(call.method) + " " + json::serialize(asked);
        const json::object answer = ask(call, asked);
        ASSERT_TRUE(answer.contains("result") || answer.contains("error")) << where;
        if (right->unlike.empty()) {
          EXPECT_TRUE(answer.contains("error") && answer.at("error").at("data").at("name").as_string() == "invalid")
              << where << ": " << json::serialize(answer);
        }
        refused += answer.contains("error") ? 1 : 0;
        if (call.method != "setup.check") expect_printable(answer, where);
      }
    sitter.raw("commit", R"({"request":"after-)" + std::to_string(next) + R"("})");
    expect_nothing_kept(std::string(call.method));
  }
  EXPECT_GT(refused, 1000U);
}

TEST_F(Hostile, BytesThatAreNoUtf8AreNoRequest) {
  for (const SampleCall& call : sample_calls()) {
    const json::value params = json::parse(std::string(call.params));
    for (std::size_t n = 0; n < strings_in(params); ++n)
      for (const std::string& text : test::hostile_bytes()) {
        const json::object answer = ask(call, with_string(params, n, text));
        ASSERT_TRUE(answer.contains("error")) << call.method;
        EXPECT_EQ(answer.at("error").at("code"), -32700) << call.method;
      }
  }
}

TEST_F(Hostile, ALongTextIsRefusedAndNotRepeated) {
  for (const SampleCall& call : sample_calls()) {
    const json::value params = json::parse(std::string(call.params));
    for (std::size_t n = 0; n < strings_in(params); ++n) {
      const json::object answer = ask(call, with_string(params, n, std::string(1U << 20U, 'x')));
      ASSERT_TRUE(answer.contains("error")) << call.method;
      EXPECT_LT(json::serialize(answer).size(), 4096U) << call.method;
    }
  }
}

TEST_F(Hostile, NamesOfParametersAreTextsToo) {
  for (const SampleCall& call : sample_calls())
    for (const std::string& text : test::hostile_characters()) {
      json::value params = json::parse(std::string(call.params));
      params.as_object()[text] = 1;
      const json::object answer = ask(call, params);
      ASSERT_TRUE(answer.contains("error")) << call.method;
      expect_printable(answer, std::string(call.method));
      if (call.method == "feature.edit") {
        params = json::parse(std::string(call.params));
        params.as_object()["edits"].as_array()[0].as_object()[text] = "x";
        const json::object inside = ask(call, params);
        ASSERT_TRUE(inside.contains("error"));
        expect_printable(inside, "feature.edit");
      }
      if (call.method != "feature.put") continue;
      params = json::parse(std::string(call.params));
      params.as_object()["data"].as_object()[text] = 1;
      const json::object inside = ask(call, params);
      ASSERT_TRUE(inside.contains("error"));
      expect_printable(inside, "feature.put");
    }
}

TEST_F(Hostile, TheEnvelopeIsNoWayRound) {
  for (const std::string& text : test::hostile_characters()) {
    desk->receive(sitter.id, json::serialize(json::object{{"jsonrpc", "2.0"}, {"id", 1}, {"method", text}}));
    EXPECT_EQ(sitter.last.at("error").at("code"), -32601);
    expect_printable(sitter.last, "method");
    desk->receive(sitter.id, json::serialize(json::object{{"jsonrpc", "2.0"}, {"id", text}, {"method", "status"}}));
    EXPECT_EQ(sitter.last.at("error").at("code"), -32600) << json::serialize(json::value(text));
    desk->receive(sitter.id, json::serialize(json::object{{"jsonrpc", "2.0"}, {"id", 1}, {"method", "status"}, {text, 1}}));
    EXPECT_EQ(sitter.last.at("error").at("code"), -32600);
    expect_printable(sitter.last.at("error"), "member");
  }
  desk->receive(sitter.id,
                json::serialize(json::object{{"jsonrpc", "2.0"}, {"id", std::string(129, 'i')}, {"method", "status"}}));
  EXPECT_EQ(sitter.last.at("error").at("code"), -32600);
  desk->receive(sitter.id, json::serialize(json::object{{"jsonrpc", "2.0"}, {"id", "a-1"}, {"method", "status"}}));
  EXPECT_TRUE(sitter.last.contains("result"));
}

TEST_F(Hostile, ARequestOfTooManyValuesIsNotReadAtAll) {
  std::string values;
  for (int i = 0; i < 500'000; ++i) values += "[],";
  const std::string line =
      R"({"jsonrpc":"2.0","id":1,"method":"feature.put","params":{"feature":"dns","data":[)" + values + "[]]}}";
  desk->receive(sitter.id, line);
  EXPECT_EQ(sitter.last.at("error").at("code"), -32600);
  // As many commas within a text are one value.
  desk->receive(sitter.id, R"({"jsonrpc":"2.0","id":1,"method":"session.mode","params":{"mode":"\",)" +
                               std::string(500'000, ',') + R"("}})");
  EXPECT_EQ(sitter.last.at("error").at("data").at("name"), "invalid");
}

TEST_F(Hostile, APassphraseMayHoldAnythingButNul) {
  Sitter gina_here(*desk, gina());
  const auto change = [&](const std::string& old, const std::string& fresh) {
    return json::serialize(json::object{{"old", old}, {"new", fresh}});
  };
  const std::string odd = "gina\tsecret \x1b \xe2\x80\xae";
  gina_here.ok("user.passwd", change("gina-secret", odd));
  gina_here.refused("invalid", "user.passwd", change(odd, std::string("nul\0nul nul", 11)));
  gina_here.refused("invalid", "user.passwd", change(odd, std::string(1025, 'x')));
}

TEST_F(Hostile, AKeyIsOneLineAndOneThatIsKeptIsListedAndDeleted) {
  const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVAbBwOQYetuT1HVVywrxQYi+FWp6Bc1ns4QmJZDQEa";
  house.elsewhere({house.item(cluster::user_register(user_id(2), "keys"), cluster::encode_keys({key + " bob,  at home"}))});
  const json::value keys = sitter.ok("user.keys", R"({"user":"bob"})").at("keys");
  ASSERT_EQ(keys.as_array().size(), 1U);
  EXPECT_EQ(keys.at(0).at("comment"), "bob,  at home");
  expect_printable(keys, "user.keys");
  sitter.ok("user.delete_key", json::serialize(json::object{{"user", "bob"}, {"fingerprint", keys.at(0).at("fingerprint")}}));
  EXPECT_EQ(sitter.ok("user.keys", R"({"user":"bob"})").at("keys").as_array().size(), 0U);
  for (const std::string& text : test::hostile_characters()) EXPECT_FALSE(parse_public_key(key + " a" + text + "z").has_value());
}

TEST_F(Hostile, WhatOtherMachinesSayIsShownAsOneLine) {
  house.links = {{member_id(3),
                  "paris.example.com:22",
                  "\x1b[2Jrefused",
                  {},
                  "\xc2\x9b"
                  "2J",
                  "no\nsuch name"}};
  sitter.ok("session.mode", R"({"mode":"cluster"})");
  const json::value machines = sitter.ok("cluster.connstatus").at("machines");
  expect_printable(machines, "cluster.connstatus");
  EXPECT_EQ(machines.at(2).at("last_error"), "\\x1b[2Jrefused");
}

/// Whatever the method, what a user has under way is bounded, in however many sessions.
TEST_F(Hostile, CallsThatAreNotAnsweredYetAreCounted) {
  Sitter one(*desk, gina());
  Sitter two(*desk, gina());
  Sitter other(*desk, admin());
  house.names_are_slow = true;
  for (std::size_t i = 0; i < base::limits::calls_per_user / 2; ++i) {
    one.send("cluster.connstatus");
    two.send("cluster.connstatus");
  }
  EXPECT_EQ(house.looks.size(), base::limits::calls_per_user);
  one.refused("busy", "cluster.connstatus");
  two.refused("busy", "cluster.list");
  other.ok("cluster.list");
  for (auto& done : house.looks) done(house.links);
  house.looks.clear();
  house.names_are_slow = false;
  for (std::size_t i = 0; i < 3 * base::limits::calls_per_user; ++i) {
    one.ok("cluster.list");  // answered ones and refused ones are not under way
    one.raw("no.method");
    one.raw("session.mode", R"({"mode":"nowhere"})");
  }
}

/// Whoever hangs up and comes back does not have others under way beside them.
TEST_F(Hostile, CallsOfSessionsThatEndedCountUntilTheyAreDone) {
  house.names_are_slow = true;
  for (int login = 0; login < 10; ++login) {
    Sitter one(*desk, gina());
    for (std::size_t i = 0; i < base::limits::calls_per_user; ++i) one.send("cluster.connstatus");
  }
  EXPECT_LE(house.looks.size(), base::limits::calls_per_user);
  house.names_are_slow = false;
  for (auto& done : house.looks) done(house.links);
  house.looks.clear();
  Sitter again(*desk, gina());
  again.ok("cluster.connstatus");
}

}  // namespace
}  // namespace postern::desk
