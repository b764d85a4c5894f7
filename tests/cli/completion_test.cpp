#include "cli/shell/completion.h"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "base/words.h"
#include "fake_desk.h"
#include "script_console.h"

namespace postern::cli::test {
namespace {

class Completions : public testing::Test {
 protected:
  Completions() {
    desk.answers["cluster.list"] = [](const auto&) -> protocol::Reply<protocol::Json> {
      return protocol::Json(boost::json::parse(
          R"({"name":"americas","groups":[{"name":"Main_Group","machines":[{"host":"newyork.example.com"}]},
              {"name":"usa","machines":[{"host":"paris.example.com"}]}]})"));
    };
    desk.settings[{desk.mode, "smtp-routes"}] =
        R"({"postern-smtp-routes:smtp-routes":{"route":[{"domain":"a.example","action":"mx"},{"domain":"b.example","action":"mx"}]}})";
    desk.settings[{desk.mode, "listeners"}] =
        R"({"postern-listeners:listeners":{"listener":[{"name":"In","type":"public","interface":"Data","rat":[{"address":"x.example","action":"accept"}]}]}})";
    desk.settings[{desk.mode, "dns"}] =
        R"({"postern-dns:dns":{"source":"root","domain-server":[{"domain":"inside.example","server":["192.0.2.53"]}]}})";
    EXPECT_EQ(session.refresh(), 0);
  }
  std::string at(std::string_view before) { return base::join(completions(session, before), " "); }

  FakeDesk desk{the_schema()};
  ScriptConsole console{""};
  Session session{desk, the_schema(), console};
};

TEST_F(Completions, BeginWithWhatThisVersionHas) {
  const std::string all = " " + at("") + " ";
  EXPECT_NE(all.find(" smtproutes "), std::string::npos);
  EXPECT_NE(all.find(" quit "), std::string::npos);
  EXPECT_EQ(all.find(" workqueue "), std::string::npos);
  EXPECT_EQ(at("smtp"), at(""));
  EXPECT_EQ(at("status; "), at(""));
}

TEST_F(Completions, AreTheWordsOfTheForms) {
  EXPECT_EQ(at("smtproutes "), "clear clusterset clustershow delete edit export import new print");
  EXPECT_EQ(at("commit "), "--force --wait= check resolve");
  EXPECT_EQ(at("commit resolve "), "--force --wait= discard merge mine");
  EXPECT_EQ(at("smtproutes import "), "--add --continue --format=");
  EXPECT_EQ(at("clusterconfig "), "addgroup connstatus create join list listdetail prejoin setgroup");
  EXPECT_EQ(at("listenerconfig rat In new y.example "), "--text= accept reject");
  EXPECT_EQ(at("dnsconfig "), "clear clusterset clustershow domain-server print root servers system");
  EXPECT_EQ(at("nonsense "), "");
}

TEST_F(Completions, AreNamesOfMembersModesAndCommands) {
  EXPECT_EQ(at("clustermode "), "cluster group machine");
  EXPECT_EQ(at("clustermode group "), "Main_Group usa");
  EXPECT_EQ(at("clustermode machine "), "newyork.example.com paris.example.com");
  EXPECT_EQ(at("clusterconfig setgroup paris.example.com "), "Main_Group usa");
  EXPECT_EQ(at("smtproutes clusterset copy "), "all-groups cluster group machine");
  EXPECT_NE(at("help ").find("wait"), std::string::npos);
  EXPECT_EQ(at("explain ").find("wait"), std::string::npos);
}

TEST_F(Completions, AreTheEntriesThatAreThere) {
  EXPECT_EQ(at("smtproutes edit "), "a.example b.example");
  EXPECT_EQ(at("smtproutes delete "), "a.example b.example");
  EXPECT_EQ(at("smtproutes new "), "");
  EXPECT_EQ(at("dnsconfig domain-server edit "), "inside.example");
  EXPECT_EQ(at("dnsconfig domain-server new "), "");
  EXPECT_EQ(at("listenerconfig rat "), "In");
  EXPECT_EQ(at("listenerconfig rat In delete "), "x.example");
}

TEST_F(Completions, ADeskThatDoesNotAnswerGivesNoNames) {
  desk.answers["cluster.list"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return refusal(base::ErrorCode::unreachable, "gone");
  };
  EXPECT_EQ(at("clustermode machine "), "");
  EXPECT_EQ(console.screen(), "") << "and says nothing";
}

}  // namespace
}  // namespace postern::cli::test
