#include "params.h"

#include <fmt/format.h>

namespace postern::desk {
namespace {

using Strings = std::vector<std::string>;

TEST_F(DeskTest, ACommitAnswersWhereItIs) {
  Sitter sitter(*desk, admin());
  sitter.refused("invalid", "commit", R"({"comment":"x","request":"1"})");
  sitter.ok("feature.put", put_dns("cluster", "root"));
  EXPECT_EQ(house.saved.size(), 1U);
  const json::value done = sitter.ok("commit", R"({"comment":"root servers","request":"2"})");
  EXPECT_EQ(done.at("commit").as_string().size(), 64U);
  EXPECT_EQ(done.at("members"), 3);
  EXPECT_EQ(done.at("durable"), 1);
  EXPECT_EQ(done.at("missing").as_array().size(), 2U);
  EXPECT_EQ(done.at("missing").at(0).at("host"), "losangeles.example.com");
  EXPECT_EQ(done.at("time"), house.clock.wall_ms);
  EXPECT_EQ(done.at("warnings").as_array().size(), 0U);
  EXPECT_TRUE(house.saved.empty()) << "the pending set goes with the commit";
  EXPECT_EQ(sitter.ok("session.hello", R"({"version":1})").at("pending"), false);
  EXPECT_EQ(sitter.ok("feature.get", R"({"feature":"dns","mode":"machine paris"})").at("effective_from"), "Cluster americas");
}

TEST_F(DeskTest, ARepeatedRequestGetsTheSameAnswer) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("cluster", "root"));
  const json::value first = sitter.ok("commit", R"({"comment":"","request":"same"})");
  const json::value again = sitter.ok("commit", R"({"comment":"","request":"same"})");
  EXPECT_EQ(first.at("commit"), again.at("commit"));
  EXPECT_EQ(first.at("durable"), again.at("durable"));
  EXPECT_EQ(house.commits, 1);
  // Somebody else's equal key is another request.
  Sitter other(*desk, bob());
  other.refused("invalid", "commit", R"({"comment":"","request":"same"})");
  sitter.refused("usage", "commit", R"({"comment":"","request":""})");
  sitter.refused("usage", "commit", R"({"comment":""})");
}

TEST_F(DeskTest, TheChangesOfAllLevelsAreShownCommittedAndDropped) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("cluster", "root"));
  sitter.ok("feature.put", put_dns("machine paris", "root"));
  sitter.ok("feature.put", routes({"a.example"}));
  const json::value shown = sitter.ok("changes.show").at("changes");
  ASSERT_EQ(shown.as_array().size(), 3U);
  EXPECT_EQ(shown.at(0).at("label"), "Cluster americas");
  EXPECT_EQ(shown.at(0).at("title"), "DNS");
  EXPECT_EQ(texts(shown.at(0).at("lines")), (Strings{"+ settings are defined here", "+ source: root"}));
  EXPECT_EQ(texts(shown.at(1).at("lines")), (Strings{"+ settings are defined here", "+ route 'a.example'", "+   action: drop"}));
  EXPECT_EQ(sitter.ok("changes.clear").at("dropped"), 3);
  EXPECT_EQ(sitter.ok("changes.clear").at("dropped"), 0);
  EXPECT_TRUE(house.saved.empty());
  EXPECT_EQ(house.commits, 0);
}

TEST_F(DeskTest, DifferencesAreReadable) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", routes({"a.example", "b.example"}));
  sitter.ok("commit", R"({"request":"1"})");
  sitter.ok("feature.edit", R"({"feature":"smtp-routes","mode":"cluster","edits":[
      {"op":"set","path":"route['a.example']/action","value":"mx"},
      {"op":"remove","path":"route['b.example']"}]})");
  const Strings lines = texts(sitter.ok("changes.show").at("changes").at(0).at("lines"));
  EXPECT_EQ(lines,
            (Strings{"  route 'a.example'", "-   action: drop", "+   action: mx", "- route 'b.example'", "-   action: drop"}));
  sitter.ok("changes.clear");
  sitter.ok("feature.clear", R"({"feature":"smtp-routes","mode":"cluster"})");
  EXPECT_NE(with(sitter.ok("changes.show").at("changes").at(0).at("lines"), "no longer defined"), "");
}

TEST_F(DeskTest, ARefusedOrDoubtfulCommitKeepsTheChanges) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("cluster", "root"));
  cluster::Answer answer;
  answer.what = cluster::Answer::What::refused;
  answer.reason = "the disk is full";
  house.answer_instead = answer;
  EXPECT_NE(sitter.refused("io", "commit", R"({"request":"1"})").at("message").as_string().find("disk is full"),
            json::string::npos);
  answer.what = cluster::Answer::What::in_doubt;
  house.answer_instead = answer;
  sitter.refused("in-doubt", "commit", R"({"request":"2"})");
  EXPECT_EQ(sitter.ok("changes.show").at("changes").as_array().size(), 1U);
  // It comes back by sync after all: the pending set goes.
  house.answer_instead.reset();
  cluster::LocalCommit what;
  what.request_key = "2";
  what.author = user_id(1);
  what.author_name = "admin";
  what.items = {house.item(cluster::settings_register({base::Level::cluster, cluster_id.uuid}, "dns"),
                           R"({"postern-dns:dns":{"source":"root"}})")};
  house.step(what);
  EXPECT_EQ(sitter.ok("changes.show").at("changes").as_array().size(), 0U);
  EXPECT_TRUE(sitter.heard("session.notices", "committed after all"));
}

TEST_F(DeskTest, NothingChangesWhileACommitIsUnderWay) {
  Sitter first(*desk, admin());
  Sitter second(*desk, admin());
  first.ok("feature.put", put_dns("cluster", "root"));
  house.before_commit = [&] {
    second.refused("busy", "feature.put", put_dns("cluster", "system"));
    second.refused("busy", "changes.clear");
    second.refused("busy", "commit", R"({"request":"other"})");
  };
  first.ok("commit", R"({"request":"1"})");
  EXPECT_EQ(house.commits, 1);
  second.ok("feature.put", put_dns("cluster", "system"));
}

TEST_F(DeskTest, ChangesOfADeletedGroupAreNotCommitted) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("group europe", "root"));
  cluster::LocalCommit::Item remove;
  remove.reg = cluster::group_life_register(group_id(3));
  remove.kind = cluster::WriteKind::remove;
  remove.value = cluster::encode_group(group_id(2));
  house.elsewhere({remove});
  const json::object error = sitter.refused("invalid", "commit", R"({"request":"1"})");
  EXPECT_NE(error.at("message").as_string().find("clearchanges"), json::string::npos);
}

TEST_F(DeskTest, CommitDetailTellsWhatAndWhere) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("cluster", "root"));
  sitter.ok("commit", R"({"comment":"first","request":"1"})");
  for (const char* unrelated : {"a.example", "b.example"}) {
    sitter.ok("feature.put", routes({unrelated}));
    sitter.ok("commit", std::string(R"({"request":")") + unrelated + "\"}");
  }
  sitter.ok("feature.put", put_dns("cluster", "system"));
  const std::string id(sitter.ok("commit", R"({"comment":"second","request":"2"})").at("commit").as_string());
  const json::value newest = sitter.ok("commit.detail");
  EXPECT_EQ(newest.at("commit"), id.c_str());
  EXPECT_EQ(newest.at("user"), "admin");
  EXPECT_EQ(newest.at("host"), "newyork.example.com");
  EXPECT_EQ(newest.at("comment"), "second");
  const json::value& write = newest.at("writes").at(0);
  EXPECT_EQ(write.at("label"), "Cluster americas");
  EXPECT_EQ(write.at("title"), "DNS");
  EXPECT_EQ(write.at("kind"), "put");
  EXPECT_EQ(write.at("in_effect"), true);
  EXPECT_EQ(texts(write.at("lines")), (Strings{"- source: root", "+ source: system"}));
  ASSERT_EQ(newest.at("machines").as_array().size(), 3U);
  EXPECT_EQ(newest.at("machines").at(0).at("received"), false);
  EXPECT_EQ(newest.at("machines").at(0).at("problem"), "no link");

  const json::value list = sitter.ok("commit.list", R"({"limit":4})").at("commits");
  ASSERT_EQ(list.as_array().size(), 4U);
  const std::string older(list.at(3).at("commit").as_string());
  const json::value first = sitter.ok("commit.detail", R"({"commit":")" + older.substr(0, 8) + "\"}");
  EXPECT_EQ(first.at("comment"), "first");
  EXPECT_EQ(first.at("writes").at(0).at("in_effect"), false);
  EXPECT_EQ(texts(first.at("writes").at(0).at("lines")), (Strings{"+ settings are defined here", "+ source: root"}));
  sitter.refused("usage", "commit.detail", R"({"commit":"12ab"})");
  sitter.refused("usage", "commit.detail", R"({"commit":"nothex!"})");
  sitter.refused("not-found", "commit.detail", R"({"commit":"000000000000"})");
  sitter.refused("usage", "commit.list", R"({"limit":0})");
}

TEST_F(DeskTest, ACommitNamesWhatAnotherSessionLeftPending) {
  auto before = std::make_unique<Sitter>(*desk, admin());
  before->ok("feature.put", put_dns("cluster", "root"));
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("machine paris", "root"));
  before.reset();
  const json::value answer = sitter.ok("commit", R"({"request":"1"})");
  EXPECT_EQ(texts(answer.at("earlier")), (Strings{"DNS at Cluster americas"}));
  sitter.ok("feature.put", put_dns("cluster", "system"));
  EXPECT_EQ(texts(sitter.ok("commit", R"({"request":"2"})").at("earlier")), Strings{});
  // One that this session goes on with is not its own alone.
  before = std::make_unique<Sitter>(*desk, admin());
  before->ok("feature.put", routes({"a.example"}));
  before.reset();
  sitter.ok("feature.put", routes({"a.example", "b.example"}));
  EXPECT_EQ(texts(sitter.ok("commit", R"({"request":"3"})").at("earlier")), (Strings{"SMTP routes at Cluster americas"}));
}

TEST_F(DeskTest, WaitingEndsWhenAppliedOrWhenTimeIsUp) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("cluster", "root"));
  const std::string id(sitter.ok("commit", R"({"request":"1"})").at("commit").as_string());
  sitter.send("commit.wait", R"({"commit":")" + id + R"(","seconds":1})");
  house.pass(500);
  EXPECT_TRUE(sitter.last.contains("result") == false || !sitter.last["result"].as_object().contains("done"));
  house.pass(600);
  EXPECT_EQ(sitter.last["result"].at("done"), false);
  sitter.send("commit.wait", R"({"commit":")" + id + R"(","seconds":30})");
  house.step(cluster::DataPlane{house.peer().vector(), {}});
  EXPECT_EQ(sitter.last["result"].at("done"), true) << "at once";
}

TEST_F(DeskTest, WaitingForAMendDoesNotEndWithTheProblemBefore) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", put_dns("cluster", "root"));
  sitter.ok("commit", R"({"request":"1"})");
  house.step(cluster::DataPlane{{}, "These settings do not check."});
  sitter.ok("feature.put", put_dns("cluster", "system"));
  sitter.ok("commit", R"({"request":"2"})");
  sitter.send("commit.wait", R"({"seconds":30})");
  EXPECT_FALSE(sitter.last.contains("result") && sitter.last["result"].as_object().contains("done"));
  house.step(cluster::DataPlane{{}, "These settings do not check."});
  EXPECT_EQ(sitter.last["result"].at("done"), false) << "its own problem ends it at once";
}

TEST_F(DeskTest, AnAnswerToAClosedSessionGoesNowhere) {
  auto sitter = std::make_unique<Sitter>(*desk, admin());
  sitter->ok("feature.put", put_dns("cluster", "root"));
  house.before_commit = [&] { desk->close_session(sitter->id); };
  sitter->send("commit", R"({"request":"1"})");
  EXPECT_EQ(house.commits, 1);
  auto next = std::make_unique<Sitter>(*desk, admin());
  EXPECT_EQ(next->ok("session.hello", R"({"version":1})").at("pending"), false);
  sitter.reset();
  next->send("commit.wait", R"({"seconds":30})");
  next.reset();
  house.desk = nullptr;
  desk.reset();
  house.pass(31'000);  // the waiting call's timer finds nobody
  EXPECT_EQ(house.timers(), 0U);
}

/// Has a commit whose differences need a value that only the store has.
struct Details : DeskTest {
  Details() {
    Sitter sitter(*desk, admin());
    sitter.ok("feature.put", put_dns("cluster", "root"));
    sitter.ok("commit", R"({"request":"1"})");
    sitter.ok("feature.put", put_dns("cluster", "system"));
    sitter.ok("commit", R"({"request":"2"})");
    house.slow_store = true;
  }
};

TEST_F(Details, OfOneUserAreLookedUpOneAfterAnother) {
  Sitter here(*desk, gina());
  Sitter there(*desk, gina());
  Sitter other(*desk, admin());
  for (Sitter* sitter : {&here, &here, &there}) sitter->send("commit.detail", "{}");
  EXPECT_EQ(house.reads.size(), 1U) << "in whichever sessions";
  other.send("commit.detail", "{}");
  EXPECT_EQ(house.reads.size(), 2U) << "others have theirs";
  for (int answered = 0; answered < 4; ++answered) {
    ASSERT_FALSE(house.reads.empty());
    house.read_one();
  }
  EXPECT_TRUE(house.reads.empty());
  for (Sitter* sitter : {&here, &there, &other})
    EXPECT_EQ(texts(sitter->last["result"].at("writes").at(0).at("lines")), (Strings{"- source: root", "+ source: system"}));
}

TEST_F(Details, ASessionHasAFewAndThoseOfOneThatEndsAreNotLookedUp) {
  auto leaver = std::make_unique<Sitter>(*desk, gina());
  Sitter stays(*desk, gina());
  for (int i = 0; i < 16; ++i) leaver->send("commit.detail", "{}");
  leaver->refused("busy", "commit.detail", "{}");
  stays.send("commit.detail", "{}");
  leaver.reset();
  house.read_one();
  ASSERT_EQ(house.reads.size(), 1U) << "none for who is gone";
  house.read_one();
  EXPECT_TRUE(stays.last["result"].as_object().contains("writes"));
  stays.send("commit.detail", "{}");
  EXPECT_EQ(house.reads.size(), 1U);
}

}  // namespace
}  // namespace postern::desk
