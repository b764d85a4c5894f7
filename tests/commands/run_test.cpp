#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "base/limits.h"
#include "tests/commands/fake_site.h"

namespace postern::commands {
namespace {

namespace json = boost::json;

/// A command on a fake machine; its answers.
struct RunTest : testing::Test {
  void run(std::string_view command, const json::object& parameters) {
    ASSERT_NE(find_run(command), nullptr) << command;
    protocol::Params params(parameters);
    find_run(command)(fake.site(), caller, params,
                      [this](base::Result<json::object> came) { answers.push_back(std::move(came)); });
  }
  json::object ok(std::string_view command, const json::object& parameters) {
    answers.clear();
    run(command, parameters);
    EXPECT_EQ(answers.size(), 1U);
    if (answers.size() != 1) return {};
    EXPECT_TRUE(answers[0]) << (answers[0] ? "" : base::to_text(answers[0].error()));
    return answers[0] ? *answers[0] : json::object();
  }
  base::Error refused(std::string_view command, const json::object& parameters) {
    answers.clear();
    run(command, parameters);
    EXPECT_EQ(answers.size(), 1U);
    if (answers.size() != 1 || answers[0]) {
      ADD_FAILURE() << json::serialize(parameters) << " was taken";
      return {};
    }
    return answers[0].error();
  }

  test::FakeSite fake;
  Caller caller{base::UserId{base::Uuid{{7}}}, {}, {}};
  std::vector<base::Result<json::object>> answers;
};

TEST_F(RunTest, EveryCommandThatRunsShowsItsAnswer) {
  for (const char* command : {"status", "version", "nslookup", "hoststatus", "suspendlistener", "resumelistener"})
    EXPECT_NE(find_run(command), nullptr) << command;
  EXPECT_EQ(find_run("commit"), nullptr);
  EXPECT_EQ(find_run(""), nullptr);
  for (const char* command : {"status", "version"}) EXPECT_EQ(refused(command, {{"x", 1}}).code, base::ErrorCode::usage);
}

TEST_F(RunTest, NslookupTellsRecordsAndWhyThereAreNone) {
  fake.names.add("example.com", "MX", "mx1.example.com", 10);
  const auto answer = ok("nslookup", {{"host", "example.com"}, {"type", "MX"}});
  EXPECT_EQ(
      answer.at("records"),
      (json::value{{{"name", "example.com"}, {"type", "MX"}, {"ttl", 3'600}, {"data", "mx1.example.com"}, {"preference", 10}}}));
  EXPECT_EQ(refused("nslookup", {{"host", "example.com"}, {"type", "A"}}).code, base::ErrorCode::not_found);
  fake.names.answers[{"silent.example", "A"}].problem = "no DNS server answers";
  EXPECT_EQ(refused("nslookup", {{"host", "silent.example"}, {"type", "A"}}).code, base::ErrorCode::unreachable);
}

TEST_F(RunTest, NslookupRefusesWhatIsNoQuestion) {
  EXPECT_EQ(refused("nslookup", {{"host", "example.com"}, {"type", "AXFR"}}).code, base::ErrorCode::usage);
  EXPECT_EQ(refused("nslookup", {{"host", ""}, {"type", "A"}}).code, base::ErrorCode::usage);
  EXPECT_EQ(refused("nslookup", {{"host", std::string(base::limits::host_name_bytes + 1, 'a')}, {"type", "A"}}).code,
            base::ErrorCode::usage);
  EXPECT_EQ(refused("nslookup", {{"host", 7}, {"type", "A"}}).code, base::ErrorCode::usage);
  EXPECT_EQ(refused("nslookup", {{"type", "A"}}).code, base::ErrorCode::usage);
  for (const char* host : {".", "..", "real.x..", "[1.2.3.4]", "*", "a/b", "192.0.2.1", "1.2.3", "\xff.example"})
    EXPECT_EQ(refused("nslookup", {{"host", host}, {"type", "A"}}).code, base::ErrorCode::usage) << host;
  for (const char* host : {"*", "..", "1.2.3"})
    EXPECT_EQ(refused("nslookup", {{"host", host}, {"type", "PTR"}}).code, base::ErrorCode::usage) << host;
  EXPECT_NE(refused("nslookup", {{"host", "\xff.example"}, {"type", "A"}}).text.find("xn--"), std::string::npos);
  EXPECT_NE(refused("hoststatus", {{"host", "\xff.example"}}).text.find("xn--"), std::string::npos);
  EXPECT_TRUE(fake.names.asked.empty());
}

TEST_F(RunTest, NslookupTakesNamesAndAddresses) {
  for (const auto& [host, type] : {std::pair{"_dmarc.example.com", "TXT"},
                                   {"example.com.", "A"},
                                   {"192.0.2.1", "PTR"},
                                   {"2001:db8::1", "PTR"},
                                   {"1.2.0.192.in-addr.arpa", "PTR"}})
    EXPECT_EQ(refused("nslookup", {{"host", host}, {"type", type}}).code, base::ErrorCode::not_found) << host;
  EXPECT_EQ(fake.names.asked[1], "A example.com");
}

TEST_F(RunTest, NslookupTellsWhatIsCutOrDamaged) {
  fake.names.add("example.com", "A", "192.0.2.1");
  EXPECT_EQ(ok("nslookup", {{"host", "example.com"}, {"type", "A"}}),
            (json::object{{"host", "example.com"},
                          {"type", "A"},
                          {"records", {{{"name", "example.com"}, {"type", "A"}, {"ttl", 3'600}, {"data", "192.0.2.1"}}}}}))
      << "nothing of MX records, and nothing cut";
  fake.names.answers[{"example.com", "A"}].cut = true;
  EXPECT_EQ(ok("nslookup", {{"host", "example.com"}, {"type", "A"}}).at("cut"), true);
  fake.names.answers[{"example.com", "MX"}] = {base::DnsAnswer::Outcome::damaged, {}, false, "it cannot be read"};
  EXPECT_EQ(refused("nslookup", {{"host", "example.com"}, {"type", "MX"}}).code, base::ErrorCode::damaged);
}

TEST_F(RunTest, HoststatusPutsQueueRouteAndRecordsTogether) {
  fake.names.add("example.com", "MX", "mx2.example.com", 20);
  fake.names.add("example.com", "MX", "mx1.example.com", 10);
  fake.names.add("mx1.example.com", "A", "192.0.2.1");
  fake.names.add("mx1.example.com", "AAAA", "2001:db8::1");
  fake.mail.routes["example.com"] = "smtp:[10.0.0.1]:25";
  fake.mail.queued.emplace("example.com", base::QueuedMail{{1, 3, 0}, 2, 1'749'999'000, "connect timed out", true});
  const auto answer = ok("hoststatus", {{"host", "Example.COM."}});
  EXPECT_EQ(answer.at("host"), "example.com");
  EXPECT_EQ(answer.at("route"), "smtp:[10.0.0.1]:25");
  EXPECT_EQ(answer.at("queue").at("deferred"), 3);
  EXPECT_EQ(answer.at("queue").at("oldest_ms"), 1'749'999'000'000);
  ASSERT_EQ(answer.at("mx").as_array().size(), 2U);
  EXPECT_EQ(answer.at("mx").at(0).at("addresses"), (json::value{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(answer.at("mx").at(1).at("addresses"), json::array());
}

TEST_F(RunTest, ADomainWithoutMxRecordsIsItsOwnHost) {
  fake.names.add("example.com", "A", "192.0.2.7");
  const auto answer = ok("hoststatus", {{"host", "example.com"}});
  EXPECT_EQ(answer.at("mx").at(0).at("host"), "example.com");
  EXPECT_EQ(answer.at("mx").at(0).at("addresses"), (json::value{"192.0.2.7"}));
  fake.names.answers[{"example.com", "MX"}].problem = "nobody answers";
  const auto silent = ok("hoststatus", {{"host", "example.com"}});
  EXPECT_TRUE(silent.at("mx").as_array().empty()) << "that there is none is not known";
  EXPECT_EQ(silent.at("mx_problem"), "nobody answers");
  fake.names.answers[{"example.com", "MX"}] = {base::DnsAnswer::Outcome::damaged, {}, false, "it cannot be read"};
  const auto damaged = ok("hoststatus", {{"host", "example.com"}});
  EXPECT_TRUE(damaged.at("mx").as_array().empty()) << "nor then";
  EXPECT_EQ(damaged.at("mx_problem"), "it cannot be read");
}

TEST_F(RunTest, AnAddressThatCouldNotBeLookedUpIsNotNone) {
  using Outcome = base::DnsAnswer::Outcome;
  fake.names.add("example.com", "MX", "mx1.example.com", 10);
  fake.names.add("example.com", "MX", "mx2.example.com", 20);
  fake.names.add("example.com", "MX", "mx3.example.com", 30);
  fake.names.answers[{"mx1.example.com", "A"}] = {Outcome::no_answer, {}, false, "A: nobody answers."};
  fake.names.answers[{"mx1.example.com", "AAAA"}] = {Outcome::no_answer, {}, false, "AAAA: nobody answers."};
  fake.names.add("mx2.example.com", "A", "192.0.2.2");
  fake.names.answers[{"mx2.example.com", "AAAA"}] = {Outcome::damaged, {}, false, "It cannot be read."};
  const auto answer = ok("hoststatus", {{"host", "example.com"}});
  EXPECT_EQ(answer.at("mx").at(0).at("address_problem"), "A: nobody answers.");
  EXPECT_EQ(answer.at("mx").at(1).at("addresses"), (json::value{"192.0.2.2"}));
  EXPECT_EQ(answer.at("mx").at(1).at("address_problem"), "It cannot be read.");
  EXPECT_FALSE(answer.at("mx").at(2).as_object().contains("address_problem")) << "that there is none is a server's word";
}

TEST_F(RunTest, AliasesAreNeitherExchangersNorAddresses) {
  fake.names.add("example.com", "MX", "mx1.example.com", 10);
  fake.names.answers[{"example.com", "MX"}].records.insert(fake.names.answers[{"example.com", "MX"}].records.begin(),
                                                           {"example.com", "CNAME", 60, 0, "other.example"});
  fake.names.add("mx1.example.com", "A", "192.0.2.1");
  fake.names.answers[{"mx1.example.com", "A"}].records.insert(fake.names.answers[{"mx1.example.com", "A"}].records.begin(),
                                                              {"mx1.example.com", "CNAME", 60, 0, "host.example"});
  const auto answer = ok("hoststatus", {{"host", "example.com"}});
  ASSERT_EQ(answer.at("mx").as_array().size(), 1U);
  EXPECT_EQ(answer.at("mx").at(0).at("host"), "mx1.example.com");
  EXPECT_EQ(answer.at("mx").at(0).at("addresses"), (json::value{"192.0.2.1"}));
}

TEST_F(RunTest, ARefusalBesideExchangersIsNone) {
  fake.names.add("example.com", "MX", ".");
  fake.names.add("example.com", "MX", "mx1.example.com", 10);
  const auto answer = ok("hoststatus", {{"host", "example.com"}});
  EXPECT_EQ(answer.at("mx").as_array().size(), 1U);
  EXPECT_FALSE(answer.contains("mx_problem"));
}

TEST_F(RunTest, AnyTimeOfArrivalIsTold) {
  fake.mail.queued.emplace("example.com", base::QueuedMail{{1, 0, 0}, 1, 1, "", true});
  EXPECT_EQ(ok("hoststatus", {{"host", "example.com"}}).at("queue").at("oldest_ms"), 1'000);
  EXPECT_TRUE(ok("hoststatus", {{"host", "other.example"}}).at("queue").at("oldest_ms").is_null());
}

TEST_F(RunTest, ADomainThatTakesNoMailIsSaidToTakeNone) {
  fake.names.add("example.com", "MX", ".");
  fake.names.add("example.com", "A", "192.0.2.7");
  const auto answer = ok("hoststatus", {{"host", "example.com"}});
  EXPECT_TRUE(answer.at("mx").as_array().empty());
  EXPECT_EQ(answer.at("mx_problem"), "example.com takes no mail: its MX record says so.");
  EXPECT_EQ(fake.names.asked, std::vector<std::string>{"MX example.com"});
}

TEST_F(RunTest, HoststatusTellsInTimeWhatItHas) {
  fake.names.slow = fake.mail.slow = true;
  run("hoststatus", {{"host", "example.com"}});
  EXPECT_TRUE(answers.empty());
  ASSERT_EQ(fake.host.timers.size(), 1U);
  EXPECT_EQ(fake.host.timers[0].first, 2'500) << "a listing takes 2.3 s, and who asks another machine waits 3 s";
  fake.mail.late[0]();
  fake.host.timers[0].second();
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->at("queue").at("messages"), 0);
  EXPECT_TRUE(answers[0]->contains("mx_problem"));
  while (!fake.names.late.empty()) {
    const auto late = std::move(fake.names.late.front());
    fake.names.late.pop_front();
    late();
  }
  EXPECT_EQ(answers.size(), 1U) << "what comes late is for nobody";
}

TEST_F(RunTest, HoststatusLooksNothingUpForNobody) {
  fake.names.slow = true;
  for (int i = 0; i < 16; ++i) fake.names.add("example.com", "MX", "mx" + std::to_string(i) + ".example.com", 10);
  run("hoststatus", {{"host", "example.com"}});
  fake.host.timers[0].second();
  ASSERT_EQ(answers.size(), 1U);
  fake.names.late[0]();
  EXPECT_EQ(fake.names.asked, std::vector<std::string>{"MX example.com"});
}

TEST_F(RunTest, HoststatusTellsOfAddressesThatCameTooLate) {
  fake.names.slow = true;
  for (int i = 0; i < 16; ++i) fake.names.add("example.com", "MX", "mx" + std::to_string(i) + ".example.com", 10);
  fake.names.add("mx1.example.com", "A", "192.0.2.1");
  fake.names.add("mx1.example.com", "AAAA", "2001:db8::1");
  fake.names.add("mx15.example.com", "A", "192.0.2.15");
  run("hoststatus", {{"host", "example.com"}});
  fake.names.late[0]();
  ASSERT_EQ(fake.names.late.size(), 33U);
  fake.names.late[1]();
  fake.names.late[2]();  // both of mx0
  fake.names.late[3]();  // one of mx1
  fake.host.timers[0].second();
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0]);
  const auto& mx = answers[0]->at("mx");
  EXPECT_FALSE(mx.at(0).as_object().contains("address_problem"));
  EXPECT_EQ(mx.at(1).at("addresses"), (json::value{"192.0.2.1"}));
  EXPECT_EQ(mx.at(1).at("address_problem"), "No DNS server answered in time.");
  EXPECT_EQ(mx.at(15).at("address_problem"), "No DNS server answered in time.");
  const auto before = json::serialize(*answers[0]);
  for (std::size_t i = 4; i < fake.names.late.size(); ++i) fake.names.late[i]();
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_EQ(json::serialize(*answers[0]), before);
}

TEST_F(RunTest, HoststatusAsksAboutABoundedNumberOfHosts) {
  for (int i = 0; i < 300; ++i) fake.names.add("example.com", "MX", "mx" + std::to_string(i) + ".example.com", 10);
  EXPECT_EQ(ok("hoststatus", {{"host", "example.com"}}).at("mx_cut"), true);
  EXPECT_LE(fake.names.asked.size(), 33U);
  fake.names.add("few.example", "MX", "mx1.example.com", 10);
  EXPECT_FALSE(ok("hoststatus", {{"host", "few.example"}}).contains("mx_cut"));
  fake.names.answers[{"few.example", "MX"}].cut = true;
  EXPECT_TRUE(ok("hoststatus", {{"host", "few.example"}}).contains("mx_cut"));
}

TEST_F(RunTest, HoststatusRefusesWhatIsNoDomain) {
  for (const char* host : {"", ".", "user@example.com", "..", "real.x..", "[1.2.3.4]", "*", "a/b", "192.0.2.1", "\xff.example"})
    EXPECT_EQ(refused("hoststatus", {{"host", host}}).code, base::ErrorCode::usage) << host;
  EXPECT_TRUE(fake.names.asked.empty());
}

TEST_F(RunTest, ListenersAreSuspendedAndResumedByName) {
  const auto only_looks = ok("suspendlistener", {});
  EXPECT_EQ(only_looks.at("listeners").at(0), (json::value{{"name", "InboundMail"}, {"state", "open"}}));
  EXPECT_TRUE(only_looks.at("changed").as_array().empty());
  const auto answer = ok("suspendlistener", {{"listeners", {"OutboundMail"}}});
  EXPECT_EQ(answer.at("listeners").at(0).at("state"), "open");
  EXPECT_EQ(answer.at("listeners").at(1).at("state"), "suspended");
  EXPECT_EQ(answer.at("under_way"), false);
  EXPECT_TRUE(ok("suspendlistener", {{"listeners", {"OutboundMail"}}}).at("changed").as_array().empty()) << "it is already";
  const auto resumed = ok("resumelistener", {{"listeners", {"InboundMail", "OutboundMail"}}});
  EXPECT_EQ(resumed.at("changed"), (json::value{"OutboundMail"}));
  EXPECT_EQ(resumed.at("listeners").at(1).at("state"), "open");
}

TEST_F(RunTest, NoListenerIsChangedWhenOneIsUnknown) {
  const auto error = refused("suspendlistener", {{"listeners", {"InboundMail", "Nobody\x1b"}}});
  EXPECT_EQ(error.code, base::ErrorCode::not_found);
  EXPECT_EQ(error.text.find('\x1b'), std::string::npos);
  EXPECT_NE(error.text.find("InboundMail, OutboundMail"), std::string::npos) << error.text;
  EXPECT_EQ(fake.mail.all[0].state, "open");
}

TEST_F(RunTest, WhatTheMailEngineDoesNotTakeIsTold) {
  fake.mail.refusal = "Kept, but: the disk is full.";
  EXPECT_EQ(refused("suspendlistener", {{"listeners", {"InboundMail"}}}).text, fake.mail.refusal);
}

// The second time there is nothing to wish, and still nothing in force.
TEST_F(RunTest, WhatIsNotInForceIsWishedAgain) {
  fake.mail.refusal = "Kept, but: the disk is full.";
  refused("suspendlistener", {{"listeners", {"InboundMail"}}});
  const auto looks = ok("suspendlistener", {});
  EXPECT_EQ(looks.at("listeners").at(0), (json::value{{"name", "InboundMail"}, {"state", "suspended"}, {"in_force", "open"}}));
  refused("suspendlistener", {{"listeners", {"InboundMail"}}});
  fake.mail.refusal.clear();
  EXPECT_EQ(ok("suspendlistener", {{"listeners", {"InboundMail"}}}).at("changed"), (json::value{"InboundMail"}));
  EXPECT_EQ(fake.mail.all[0].in_force, "suspended");
}

// Of a listener that Postfix was never given it is not known that it is open.
TEST_F(RunTest, WhatIsNotKnownToBeInForceIsWishedAgain) {
  fake.mail.all[0].in_force.clear();
  EXPECT_EQ(ok("resumelistener", {{"listeners", {"InboundMail"}}}).at("changed"), (json::value{"InboundMail"}));
}

// Two at the same moment: whoever was first is not told of what the second did as if it were its own.
TEST_F(RunTest, AListenerThatAnotherCommandChangedSinceIsNamed) {
  fake.mail.slow = true;
  run("suspendlistener", {{"listeners", {"InboundMail", "OutboundMail"}}});
  fake.mail.all[0].state = fake.mail.all[0].in_force = "suspended";
  fake.mail.all[1].state = fake.mail.all[1].in_force = "open";
  fake.mail.late[0]();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->at("overtaken"), (json::value{"OutboundMail"}));
}

TEST_F(RunTest, StatusDoesNotSayInForceOfWhatIsUnderWay) {
  EXPECT_EQ(ok("status", {}).at("data_plane"), "in force");
  fake.mail.shown.under_way_ms = 12'345;
  EXPECT_EQ(ok("status", {}).at("data_plane"), "not in force yet: the mail engine has been taking it for 12 s");
  fake.mail.shown.problem = "421 Too busy.";
  EXPECT_EQ(ok("status", {}).at("data_plane"),
            "not in force yet: the mail engine has been taking it for 12 s; before: 421 Too busy.");
  fake.mail.shown = {};
  EXPECT_EQ(ok("status", {}).at("data_plane"), "not in force yet") << "nothing was ever put in force";
}

// An alias that no server follows says neither that there are exchangers nor that there are none.
TEST_F(RunTest, AnAliasThatWasNotFollowedIsNotKnown) {
  auto& mx = fake.names.answers[{"alias.example", "MX"}];
  mx.outcome = base::DnsAnswer::Outcome::found;
  mx.records = {{"alias.example", "CNAME", 60, 0, "real.example"}};
  mx.problem = "MX of alias.example is not known: it is an alias.";
  const auto status = ok("hoststatus", {{"host", "alias.example"}});
  EXPECT_EQ(status.at("mx_problem").as_string(), mx.problem);
  EXPECT_TRUE(status.at("mx").as_array().empty()) << "it is not known to be its own host";
  fake.names.add("mx.example", "MX", "host.example", 10);
  auto& host = fake.names.answers[{"host.example", "A"}];
  host = mx;
  host.problem = "A of host.example is not known: it is an alias.";
  EXPECT_EQ(ok("hoststatus", {{"host", "mx.example"}}).at("mx").at(0).at("address_problem").as_string(), host.problem);
  EXPECT_EQ(ok("nslookup", {{"host", "alias.example"}, {"type", "MX"}}).at("problem").as_string(), mx.problem);
}

TEST_F(RunTest, ADomainMayHaveOtherLetters) {
  fake.names.add("xn--bcher-kva.example", "MX", "mx.example", 10);
  EXPECT_EQ(ok("nslookup", {{"host", "Bücher.example"}, {"type", "MX"}}).at("host"), "xn--bcher-kva.example");
  EXPECT_EQ(ok("hoststatus", {{"host", "Bücher.example"}}).at("host"), "xn--bcher-kva.example");
}

// Look-ups are shared out by who asks.
TEST_F(RunTest, WhoAsksIsTold) {
  fake.names.add("example.com", "MX", "mx1.example.com", 10);
  ok("hoststatus", {{"host", "example.com"}});
  ok("nslookup", {{"host", "example.com"}, {"type", "MX"}});
  EXPECT_EQ(fake.names.askers, std::set<std::string>{asker_of(caller)});
}

TEST_F(RunTest, AListenerThatIsGoneIsResumedAndNotSuspended) {
  fake.mail.all.push_back({"OldMail", "suspended", "", false, true});
  EXPECT_EQ(ok("suspendlistener", {}).at("listeners").at(2),
            (json::value{{"name", "OldMail"}, {"state", "suspended"}, {"there", false}}));
  EXPECT_TRUE(ok("suspendlistener", {{"listeners", {"OldMail"}}}).at("changed").as_array().empty());
  EXPECT_EQ(refused("suspendlistener", {{"listeners", {"Nobody"}}}).text.find("OldMail"), std::string::npos);
  EXPECT_EQ(ok("resumelistener", {{"listeners", {"OldMail"}}}).at("changed"), (json::value{"OldMail"}));
}

TEST_F(RunTest, AListenerThatIsOffIsSuspendedToo) {
  fake.mail.all[1] = {"OutboundMail", "off", "off"};
  EXPECT_TRUE(ok("resumelistener", {{"listeners", {"OutboundMail"}}}).at("changed").as_array().empty());
  EXPECT_EQ(ok("suspendlistener", {{"listeners", {"OutboundMail"}}}).at("changed"), (json::value{"OutboundMail"}));
}

TEST_F(RunTest, WhatTheDiskHasNotTakenYetIsToldOf) {
  fake.mail.slow = true;
  run("suspendlistener", {{"listeners", {"InboundMail"}}});
  fake.host.timers[0].second();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->at("kept"), false);
  EXPECT_LT(fake.host.timers[0].first, 3'000) << "before whoever asks another machine gives up";
}

TEST_F(RunTest, AMailEngineThatTakesItsTimeIsToldOf) {
  fake.mail.slow = true;
  run("suspendlistener", {{"listeners", {"InboundMail"}}});
  EXPECT_TRUE(answers.empty());
  ASSERT_EQ(fake.host.timers.size(), 1U);
  fake.host.timers[0].second();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]->at("under_way"), true);
  fake.mail.late[0]();
  EXPECT_EQ(answers.size(), 1U);
}

}  // namespace
}  // namespace postern::commands
