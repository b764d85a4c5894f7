// Edits that wait: kept over a start of the daemon, and what becomes of them when others were faster.
#include "desk/door/pending.h"

#include "params.h"

namespace postern::desk {
namespace {

using Strings = std::vector<std::string>;

TEST_F(DeskTest, PendingChangesOutliveTheDaemon) {
  {
    Sitter sitter(*desk, admin());
    sitter.ok("feature.put", put_dns("cluster", "root"));
    sitter.ok("feature.put", put_dns("machine paris", "system"));
    sitter.ok("feature.clear", R"({"feature":"dns","mode":"machine paris"})");
  }
  reopen();
  Sitter sitter(*desk, admin());
  EXPECT_EQ(sitter.ok("session.hello", R"({"version":1})").at("pending"), true);
  EXPECT_EQ(sitter.ok("changes.show").at("changes").as_array().size(), 1U);
  house.elsewhere(
      {house.item(cluster::settings_register({base::Level::cluster, cluster_id.uuid}, "dns"), R"({"postern-dns:dns":{}})")});
  sitter.refused("conflict", "commit", R"({"request":"1"})");  // the base was kept too
  sitter.ok("commit.resolve", R"({"how":"mine"})");
  sitter.ok("commit", R"({"request":"2"})");
}

TEST_F(DeskTest, DamagedPendingChangesAreSaid) {
  house.saved["x@y"] = "{";
  house.saved["z@y"] = R"({"pending":1,"edits":[{"level":"galaxy"}]})";
  reopen();
  Sitter sitter(*desk, admin());
  EXPECT_TRUE(sitter.heard("session.notices", "could not be read"));
}

TEST_F(DeskTest, AChangeThatCannotBeStoredIsNotMade) {
  Sitter sitter(*desk, admin());
  house.refuse_saves = true;
  EXPECT_EQ(sitter.refused("io", "feature.put", put_dns("cluster", "root")).at("message"), "The disk is full.");
  EXPECT_EQ(sitter.ok("changes.show").at("changes").as_array().size(), 0U);
}

// What an edit began with is what it is compared and merged with.
TEST(Pending, WhatIsStoredIsReadBack) {
  const auto text = [](const char* of) { return std::make_shared<const std::string>(of); };
  const cluster::Dot dot{member_id(1), 2, ~std::uint64_t{0}};
  cluster::Dot forked = dot;
  forked.branch = base::hash_bytes("a branch");
  Pending pending;
  pending.edits[{{base::Level::cluster, cluster_id.uuid}, "dns"}] = {{dot, forked}, text("before"), text("after")};
  pending.edits[{{base::Level::group, group_id(1).uuid}, "dns"}] = {{}, nullptr, text("new")};
  pending.edits[{{base::Level::machine, member_id(1).uuid}, "aliases"}] = {{dot}, text("old"), nullptr};
  const auto again = decode_pending(encode_pending(pending));
  ASSERT_TRUE(again) << base::to_text(again.error());
  ASSERT_EQ(again->edits.size(), 3U);
  for (const auto& [key, edit] : pending.edits) {
    const PendingEdit& read = again->edits.at(key);
    EXPECT_EQ(read.base, edit.base) << key.second;
    EXPECT_TRUE(model::same(read.base_text, edit.base_text)) << key.second;
    EXPECT_TRUE(model::same(read.text, edit.text)) << key.second;
  }
}

TEST_F(DeskTest, AConflictIsShownAndNothingIsLost) {
  Sitter mine(*desk, admin());
  Sitter theirs(*desk, bob());
  mine.ok("feature.put", routes({"a.example"}));
  theirs.ok("feature.put", routes({"b.example"}));
  theirs.ok("commit", R"({"comment":"mine first","request":"b"})");
  mine.refused("usage", "commit.resolve", R"({"how":"mine"})");
  const json::object error = mine.refused("conflict", "commit", R"({"request":"a"})");
  EXPECT_EQ(error.at("code"), -32005);
  EXPECT_NE(error.at("message").as_string().find("SMTP routes of Cluster americas were changed by bob"), json::string::npos);
  const json::value& one = error.at("data").at("conflicts").at(0);
  EXPECT_EQ(one.at("label"), "Cluster americas");
  EXPECT_EQ(one.at("mode"), "cluster");
  EXPECT_EQ(one.at("mergeable"), true);
  EXPECT_NE(with(one.at("yours"), "a.example"), "");
  EXPECT_NE(with(one.at("theirs"), "b.example"), "");
  EXPECT_EQ(one.at("shown").at("user"), "bob");
  EXPECT_EQ(one.at("shown").at("host"), "newyork.example.com");
  EXPECT_EQ(one.at("shown").at("time"), house.clock.wall_ms);
  EXPECT_EQ(mine.ok("session.hello", R"({"version":1})").at("pending"), true);
  EXPECT_EQ(domains(theirs), Strings{"b.example"});
  EXPECT_EQ(house.commits, 1) << "what cannot succeed is not sent";
}

class Conflict : public DeskTest {
 protected:
  Conflict() : mine(*desk, admin()), theirs(*desk, bob()) {
    theirs.ok("feature.put", routes({"common.example"}));
    theirs.ok("commit", R"({"request":"b0"})");
  }
  void clash(const Strings& my_domains, const Strings& their_domains) {
    mine.ok("feature.put", routes(my_domains));
    theirs.ok("feature.put", routes(their_domains));
    theirs.ok("commit", R"({"request":"b1"})");
    mine.refused("conflict", "commit", R"({"request":"a1"})");
  }
  Sitter mine;
  Sitter theirs;
};

TEST_F(Conflict, MergesWhatIsDisjoint) {
  clash({"common.example", "a.example"}, {"common.example", "b.example"});
  mine.ok("commit.resolve", R"({"how":"merge"})");
  mine.ok("commit", R"({"request":"a2"})");
  EXPECT_EQ(domains(theirs), (Strings{"a.example", "b.example", "common.example"}));
}

TEST_F(Conflict, KeepsMine) {
  clash({"a.example"}, {"b.example"});
  mine.ok("commit.resolve", R"({"how":"mine"})");
  mine.ok("commit", R"({"request":"a2"})");
  EXPECT_EQ(domains(theirs), Strings{"a.example"});
}

TEST_F(Conflict, DiscardsMineButNotTheRest) {
  mine.ok("feature.put", put_dns("cluster", "root"));
  clash({"a.example"}, {"b.example"});
  mine.ok("commit.resolve", R"({"how":"discard"})");
  mine.refused("usage", "commit.resolve", R"({"how":"discard"})");
  EXPECT_EQ(mine.ok("changes.show").at("changes").as_array().size(), 1U);
  mine.ok("commit", R"({"request":"a2"})");
  EXPECT_EQ(domains(mine), Strings{"b.example"});
}

TEST_F(Conflict, AThirdChangeIsShownBeforeMineIsKept) {
  clash({"a.example"}, {"b.example"});
  theirs.ok("feature.put", routes({"c.example"}));
  theirs.ok("commit", R"({"request":"b2"})");
  mine.ok("commit.resolve", R"({"how":"mine"})");
  const json::object error = mine.refused("conflict", "commit", R"({"request":"a2"})");
  EXPECT_NE(with(error.at("data").at("conflicts").at(0).at("theirs"), "c.example"), "");
  mine.ok("commit.resolve", R"({"how":"mine"})");
  mine.ok("commit", R"({"request":"a3"})");
  EXPECT_EQ(domains(theirs), Strings{"a.example"});
}

TEST_F(Conflict, RefusesToMergeOnePathChangedTwice) {
  mine.ok("feature.edit", R"({"feature":"smtp-routes","mode":"cluster","edits":[
      {"op":"set","path":"route['common.example']/action","value":"mx"}]})");
  theirs.ok("feature.put", routes({}));
  theirs.ok("commit", R"({"request":"b1"})");
  const json::object error = mine.refused("conflict", "commit", R"({"request":"a1"})");
  EXPECT_EQ(error.at("data").at("conflicts").at(0).at("mergeable"), false);
  mine.refused("conflict", "commit.resolve", R"({"how":"merge"})");
  mine.refused("usage", "commit.resolve", R"({"how":"shout"})");
  EXPECT_EQ(domains(mine), Strings{"common.example"}) << "still as I left it";
  mine.ok("commit.resolve", R"({"how":"mine"})");
  mine.ok("commit", R"({"request":"a2"})");
}

TEST_F(Conflict, ADefinitionRemovedThereCanBeKeptOrDiscarded) {
  mine.ok("feature.put", routes({"common.example", "a.example"}));
  theirs.ok("feature.clear", R"({"feature":"smtp-routes","mode":"cluster"})");
  theirs.ok("commit", R"({"request":"b1"})");
  const json::object error = mine.refused("conflict", "commit", R"({"request":"a1"})");
  EXPECT_EQ(error.at("data").at("conflicts").at(0).at("mergeable"), false);
  EXPECT_NE(with(error.at("data").at("conflicts").at(0).at("theirs"), "no longer defined"), "");
  mine.ok("commit.resolve", R"({"how":"discard"})");
  EXPECT_EQ(mine.ok("changes.show").at("changes").as_array().size(), 0U);
  EXPECT_TRUE(house.saved.empty());
}

TEST_F(Conflict, WhatSeveralSessionsBeganIsNamedAfterItIsResolved) {
  {
    Sitter before(*desk, admin());
    before.ok("feature.put", routes({"a.example"}));
  }
  clash({"a.example", "c.example"}, {"b.example"});
  mine.ok("commit.resolve", R"({"how":"mine"})");
  EXPECT_EQ(texts(mine.ok("commit", R"({"request":"a2"})").at("earlier")), (Strings{"SMTP routes at Cluster americas"}));
}

}  // namespace
}  // namespace postern::desk
