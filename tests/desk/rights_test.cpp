#include "desk/door/rights.h"

#include "calls.h"
#include "desk/settings/view.h"

#include <algorithm>
#include <set>

namespace postern::desk {
namespace {

using cluster::Role;

const commands::Table& table() {
  static const commands::Table made(loaded_schema());
  return made;
}

TEST(Rights, EveryMethodHasARowAndEveryRowAMethod) {
  std::set<std::string> methods;
  for (const auto* subject :
       {&session_methods(), &feature_methods(), &change_methods(), &commit_methods(), &history_methods(), &cluster_methods(),
        &join_methods(), &user_methods(), &status_methods(), &setup_methods(), &run_methods()})
    for (const Method& method : *subject) methods.emplace(method.name);
  std::set<std::string> rows;
  std::set<std::string> sampled;
  for (const Right& right : rights()) rows.emplace(right.method);
  for (const SampleCall& call : sample_calls()) sampled.emplace(call.method);
  EXPECT_EQ(rows, methods);
  EXPECT_EQ(rows.size(), rights().size()) << "a method has two rows";
  EXPECT_EQ(sampled, methods) << "a method is not tried";
  for (const Right& right : rights())
    EXPECT_EQ(right.needs == Needs::command || right.needs == Needs::pending, table().find(right.command) != nullptr)
        << right.method;
}

/// The doors of this version; a connection from any of them is one who sits here.
enum class Door { console, login, one_line };

/// A desk of its own, and who sits there with a role that the cluster's records say.
class Place : public DeskTest {
 public:
  Place(Door door, Role role) {
    house.elsewhere({house.item(cluster::user_register(user_id(2), "role"), cluster::encode_role(role))});
    // What the caller said at the door is of no account: the records are.
    Who sits = who("bob", 2, Role::administrator);
    sits.interactive = door == Door::login;
    if (door == Door::console) sits = {{}, "console", role, "console", false};
    sitter = std::make_unique<Sitter>(*desk, sits);
  }
  void TestBody() override {}
  using DeskTest::house;

  [[nodiscard]] std::string outcome(const SampleCall& call) {
    if (!call.mode.empty()) sitter->raw("session.mode", json::serialize(json::object{{"mode", call.mode}}));
    const json::object answer = sitter->raw(call.method, call.params);
    const json::value* error = answer.if_contains("error");
    if (error == nullptr) return "ok";
    return std::string(error->at("data").at("name").as_string());
  }

  std::unique_ptr<Sitter> sitter;
};

std::string shown(Door door, Role role, const SampleCall& call) {
  return std::string(call.method) + " " + std::string(call.params) + " by " + cluster::role_name(role) + " at door " +
         std::to_string(static_cast<int>(door));
}

TEST(Rights, EachMethodIsDeniedToWhoMayNotAtEveryDoor) {
  for (const Door door : {Door::console, Door::login, Door::one_line})
    for (const Role role : {Role::none, Role::guest, Role::operator_, Role::administrator})
      for (const SampleCall& call : sample_calls()) {
        Place place(door, role);
        const std::string outcome = place.outcome(call);
        // It has no passphrase to change, and no keys of its own to name by a user's name.
        const bool passwd_at_console = door == Door::console && call.method == "user.passwd";
        const bool own_at_console = door == Door::console && call.method.starts_with("user.") && role < Role::administrator;
        const bool denied = role < call.least || passwd_at_console || own_at_console;
        EXPECT_EQ(outcome == "denied", denied) << shown(door, role, call) << ": " << outcome;
      }
}

TEST(Rights, NothingIsWrittenByACallThatIsDenied) {
  for (const SampleCall& call : sample_calls()) {
    if (call.least == Role::guest) continue;
    Place place(Door::login, call.least == Role::administrator ? Role::operator_ : Role::guest);
    const int commits = place.house.commits;
    ASSERT_EQ(place.outcome(call), "denied") << call.method;
    EXPECT_EQ(place.house.commits, commits) << call.method;
    EXPECT_TRUE(place.house.saved.empty()) << call.method;
    EXPECT_FALSE(place.house.joined_with.has_value()) << call.method;
  }
}

TEST_F(DeskTest, WritingAFeatureTakesTheRoleOfItsCommand) {
  for (const schema::Feature& feature : loaded_schema().features()) {
    Sitter operator_here(*desk, bob());
    const bool machine = feature.scope == schema::Scope::machine;
    const std::string params = json::serialize(
        json::object{{"feature", feature.name}, {"mode", machine ? "machine newyork" : "cluster"}, {"data", json::object{}}});
    const json::object answer = operator_here.raw("feature.put", params);
    const bool denied = answer.contains("error") && answer.at("error").at("data").at("name").as_string() == "denied";
    EXPECT_EQ(denied, table().find(feature.command)->least > Role::operator_) << feature.name;
  }
  Sitter operator_here(*desk, bob());
  EXPECT_EQ(operator_here.refused("denied", "feature.clear", R"({"feature":"interfaces"})").at("message"),
            "interfaceconfig needs the role administrator; yours is operator.");
  operator_here.refused("not-found", "feature.clear", R"({"feature":"nothing"})");
}

TEST_F(DeskTest, RestrictedCommandsAreRestrictedForEveryClient) {
  Sitter sitter(*desk, admin());
  for (const SampleCall& call : sample_calls()) {
    const Right* right = find_right(call.method);
    const commands::Command* command = table().find(right->command);
    if (command == nullptr || command->where != commands::Where::cluster) continue;
    EXPECT_EQ(sitter.refused("restricted", call.method, call.params).at("data").at("needs"), "cluster") << call.method;
  }
  Sitter guest(*desk, gina());
  guest.ok("user.passwd", R"({"old":"gina-secret","new":"a longer secret"})");
}

// Whoever has guessed too often is told so, not that the right one is wrong.
TEST_F(DeskTest, APassphraseThatWasNotCheckedIsNotCalledWrong) {
  Sitter guest(*desk, gina());
  house.refused_checks = "Too many wrong passphrases: try again later.";
  EXPECT_EQ(guest.refused("busy", "user.passwd", R"({"old":"gina-secret","new":"a longer secret"})").at("message").as_string(),
            house.refused_checks);
  house.refused_checks.clear();
  guest.ok("user.passwd", R"({"old":"gina-secret","new":"a longer secret"})");
}

TEST(Rights, SecretsAreForThoseWhoMayWriteThem) {
  schema::Form form;
  schema::Form list;
  list.name = "server";
  list.kind = model::Node::Kind::list;
  for (const auto& [name, secret] : {std::pair{"name", false}, {"passphrase", true}}) {
    schema::Form leaf;
    leaf.name = name;
    leaf.secret = secret;
    list.children.push_back(leaf);
    form.children.push_back(leaf);
  }
  form.children.push_back(list);
  const json::value data =
      json::parse(R"({"name":"a","passphrase":"x","server":[{"name":"b","passphrase":"y"},{"passphrase":"z"}],"unknown":"w"})");
  EXPECT_EQ(json::serialize(without_secrets(form, data)), R"({"name":"a","server":[{"name":"b"},{}]})");
  EXPECT_EQ(without_secrets(form, nullptr), nullptr);
}

TEST_F(DeskTest, AGuestSeesTheSettingsAsTheyAre) {
  Sitter writer(*desk, admin());
  writer.ok("feature.put", R"({"feature":"dns","mode":"cluster","data":{"source":"servers","server":["192.0.2.53"]}})");
  writer.ok("commit", R"({"request":"1"})");
  Sitter guest(*desk, gina());
  EXPECT_EQ(guest.ok("feature.get", R"({"feature":"dns","mode":"cluster"})").at("data"),
            writer.ok("feature.get", R"({"feature":"dns","mode":"cluster"})").at("data"));
}

/// An administrator's edit of the interfaces beside one of the DNS, and then no administrator any more.
class Lowered : public DeskTest {
 protected:
  static constexpr const char* interfaces =
      R"({"feature":"interfaces","mode":"machine newyork","data":{"interface":[
          {"name":"Management","address":"192.0.2.10/24","host-name":"newyork.example.com"}]}})";

  void set_role(Role role) {
    house.elsewhere({house.item(cluster::user_register(user_id(2), "role"), cluster::encode_role(role))});
  }
  static Who bob_in_batch() {
    Who out = bob();
    out.interactive = false;
    return out;
  }
};

TEST_F(Lowered, WhatIsPendingIsCommittedByWhomItIsAllowedNow) {
  set_role(Role::administrator);
  const int commits = house.commits;
  {
    Sitter before(*desk, bob_in_batch());
    before.ok("feature.put", interfaces);
    before.ok("feature.put", R"({"feature":"dns","mode":"cluster","data":{"source":"root"}})");
    set_role(Role::operator_);
    EXPECT_TRUE(before.hung_up) << "a batch's session ends as every other";
  }
  reopen();
  Sitter after(*desk, bob_in_batch());
  EXPECT_EQ(after.ok("session.hello", R"({"version":1})").at("pending"), true);
  EXPECT_EQ(after.refused("denied", "commit", R"({"request":"1"})").at("message"),
            "You have pending changes of Interfaces, which need the role administrator; yours is operator now. "
            "clearchanges drops your changes.");
  after.refused("denied", "commit.resolve", R"({"how":"mine"})");
  EXPECT_EQ(house.commits, commits);
  set_role(Role::guest);
  Sitter guest(*desk, bob_in_batch());
  guest.refused("denied", "commit", R"({"request":"1"})");
  set_role(Role::operator_);
  Sitter again(*desk, bob_in_batch());
  EXPECT_EQ(again.ok("changes.clear").at("dropped"), 2);
  again.ok("feature.put", R"({"feature":"dns","mode":"cluster","data":{"source":"root"}})");
  again.ok("commit", R"({"request":"2"})");
  set_role(Role::administrator);
  Sitter raised(*desk, bob_in_batch());
  raised.ok("feature.put", interfaces);
  raised.ok("commit", R"({"request":"3"})");
  raised.ok("feature.clear", R"({"feature":"interfaces","mode":"machine newyork"})");
  set_role(Role::operator_);
  Sitter lowered(*desk, bob_in_batch());
  lowered.refused("denied", "commit", R"({"request":"4"})");  // to unset is to write
}

TEST_F(Lowered, PendingChangesAreOneUsersOwn) {
  set_role(Role::administrator);
  Sitter mine(*desk, bob());
  mine.ok("feature.put", interfaces);
  Sitter other(*desk, admin());
  Sitter at_console(*desk, console());
  for (Sitter* one : {&other, &at_console}) {
    EXPECT_EQ(one->ok("changes.show").at("changes").as_array().size(), 0U);
    one->refused("invalid", "commit", R"({"request":"theirs"})");
  }
}

TEST_F(Lowered, AWritersSessionDoesNotOutliveAChangeOfItsRole) {
  Sitter writer(*desk, bob());
  writer.ok("session.mode", R"({"mode":"cluster"})");
  house.late_answers = true;
  writer.send("user.passwd", R"({"old":"bob-secret","new":"a longer secret"})");
  set_role(Role::guest);
  EXPECT_FALSE(writer.hung_up) << "its answer comes first";
  house.release();
  EXPECT_TRUE(writer.hung_up);
}

TEST_F(Lowered, AChangeThatFailedCanBeTriedAgain) {
  Sitter writer(*desk, bob());
  writer.ok("session.mode", R"({"mode":"cluster"})");
  cluster::Answer no;
  no.what = cluster::Answer::What::refused;
  no.reason = "the disk is full";
  house.answer_instead = no;
  writer.refused("io", "user.passwd", R"({"old":"bob-secret","new":"a longer secret"})");
  EXPECT_FALSE(writer.hung_up);
  writer.refused("io", "user.passwd", R"({"old":"bob-secret","new":"a longer secret"})");
  house.answer_instead.reset();
  writer.ok("user.passwd", R"({"old":"bob-secret","new":"a longer secret"})");
}

TEST_F(DeskTest, OnePassphraseIsHashedAtATimeForASession) {
  Sitter sitter(*desk, gina());
  house.late_answers = true;
  sitter.send("user.passwd", R"({"old":"gina-secret","new":"long enough"})");
  sitter.refused("busy", "user.passwd", R"({"old":"gina-secret","new":"long enough"})");
  house.release();
  house.late_answers = false;
  sitter.ok("user.passwd", R"({"old":"long enough","new":"longer still"})");
}

TEST_F(DeskTest, ASessionWaitsForAFewCommitsAtATime) {
  Sitter sitter(*desk, admin());
  Sitter guest(*desk, gina());
  for (int i = 0; i < 16; ++i) guest.send("commit.wait", R"({"seconds":600})");
  const std::size_t waiting = house.timers();
  ASSERT_EQ(waiting, 16U) << "nobody has applied the commit";
  guest.refused("busy", "commit.wait", R"({"seconds":600})");
  EXPECT_EQ(house.timers(), waiting);
  sitter.send("commit.wait", R"({"seconds":600})");
  EXPECT_EQ(house.timers(), waiting + 1) << "others have theirs";
  house.elsewhere({house.item(cluster::group_name_register(group_id(9)), "asia")});
  guest.refused("busy", "commit.wait", R"({"seconds":600})");
  EXPECT_EQ(house.timers(), waiting + 1) << "of whichever commits";
}

TEST_F(DeskTest, WhatASessionWaitsForEndsWithIt) {
  Sitter sitter(*desk, admin());
  for (int i = 0; i < 20; ++i) Sitter(*desk, gina()).send("commit.wait", R"({"seconds":600})");
  EXPECT_EQ(sitter.ok("stats").at("counters").at("desk.waits"), 0);
  sitter.send("commit.wait", R"({"seconds":600})");
  EXPECT_EQ(sitter.ok("stats").at("counters").at("desk.waits"), 1);
}

}  // namespace
}  // namespace postern::desk
