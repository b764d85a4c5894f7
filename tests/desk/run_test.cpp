// Commands run at another machine: what the desk that asks decides, and what the one that is asked decides again.
#include "commands/table.h"
#include "house.h"

#include <fmt/format.h>

namespace postern::desk {
namespace {

using cluster::Role;

/// This desk is newyork's; the others are reached by `house.on_ask`.
struct RunTest : DeskTest {
  struct Went {
    base::MemberId to;
    json::object body;
    std::function<void(base::Result<std::string>)> done;
  };
  RunTest() {
    house.on_ask = [this](base::MemberId to, const std::string& body, auto done) {
      went.push_back({to, json::parse(body).as_object(), std::move(done)});
    };
  }
  /// As paris asks this desk.
  json::object asked(const std::string& body) {
    std::vector<std::string> answers;
    desk->asked(member_id(3), body, [&answers](std::string answer) { answers.push_back(std::move(answer)); });
    EXPECT_EQ(answers.size(), 1U) << body;
    return answers.empty() ? json::object() : json::parse(answers[0]).as_object();
  }
  json::object asked(std::string_view command, const base::UserId& user) { return asked(command, user, {}, house.now().wall_ms); }
  json::object asked(std::string_view command, const base::UserId& user, const json::object& parameters, std::int64_t asked_ms) {
    return asked(json::serialize(
        json::object{{"command", command}, {"user", base::to_text(user)}, {"parameters", parameters}, {"asked_ms", asked_ms}}));
  }
  static std::string error_of(const json::object& answer) {
    return answer.contains("error") ? std::string(answer.at("error").at("code").as_string()) : "none";
  }
  void set_role(unsigned char user, Role role) {
    house.elsewhere({house.item(cluster::user_register(user_id(user), "role"), cluster::encode_role(role))});
  }
  std::vector<Went> went;
};

constexpr const char* status_here = R"({"command":"status","mode":"machine newyork"})";
constexpr const char* status_of_paris = R"({"command":"status","mode":"machine paris"})";

TEST_F(RunTest, InItsOwnModeItRunsHere) {
  Sitter sitter(*desk, gina());
  const json::value status = sitter.ok("command.run", status_here);
  EXPECT_EQ(status, sitter.ok("status"));
  EXPECT_EQ(sitter.ok("command.run", R"({"command":"version"})"),
            (json::value{{"host", "newyork.example.com"}, {"serial", status.at("serial")}, {"version", "0.1.0"}}));
  EXPECT_TRUE(went.empty());
}

// More than are allowed at once.
TEST_F(RunTest, QuestionsThatFailedAreOver) {
  Sitter sitter(*desk, gina());
  for (std::size_t i = 0; i < 20; ++i) {
    sitter.send("command.run", status_of_paris);
    ASSERT_EQ(went.size(), i + 1) << "asked";
    went.back().done(base::fail(base::ErrorCode::unreachable, "paris", "Could not reach paris."));
    EXPECT_EQ(sitter.answers.size(), i + 1);
  }
}

TEST_F(RunTest, InAnotherMachinesModeItIsAsked) {
  Sitter sitter(*desk, bob());
  sitter.ok("session.mode", R"({"mode":"machine paris"})");
  EXPECT_EQ(sitter.ok("session.command", R"({"command":"status"})").at("allowed"), true);
  sitter.send("command.run", R"({"command":"STATUS","parameters":{"x":"y"}})");
  ASSERT_EQ(went.size(), 1U);
  EXPECT_EQ(went[0].to, member_id(3));
  EXPECT_EQ(went[0].body, (json::object{{"command", "status"},
                                        {"user", base::to_text(user_id(2))},
                                        {"parameters", json::object{{"x", "y"}}},
                                        {"asked_ms", house.now().wall_ms}}));
  EXPECT_TRUE(sitter.answers.find(3) == sitter.answers.end()) << "not before paris answers";
  went[0].done(std::string(R"({"result":{"host":"paris.example.com"}})"));
  EXPECT_EQ(sitter.last.at("result"), (json::value{{"host", "paris.example.com"}}));
}

TEST_F(RunTest, WhatCannotBeReachedIsNamed) {
  house.on_ask = [](base::MemberId, const std::string&, auto done) {
    done(base::fail(base::ErrorCode::unreachable, "paris.example.com", "Could not reach paris.example.com: why."));
  };
  Sitter sitter(*desk, admin());
  const json::object error = sitter.refused("unreachable", "command.run", status_of_paris);
  EXPECT_EQ(error.at("message"), "Could not reach paris.example.com: why.");
  EXPECT_EQ(error.at("data").at("host"), "paris.example.com");
  house.on_ask = [](base::MemberId, const std::string&, auto done) {
    done(base::fail(base::ErrorCode::busy, "paris.example.com", "paris.example.com answers 32 questions already."));
  };
  const json::object busy = sitter.refused("busy", "command.run", status_of_paris);
  EXPECT_FALSE(busy.at("data").as_object().contains("host")) << "it was reached";
}

TEST_F(RunTest, TheAskingDeskRefusesAtOnce) {
  Sitter guest(*desk, gina());
  guest.refused("denied", "command.run", R"({"command":"interfaceconfig","mode":"machine paris"})");
  guest.refused("denied", "command.run", R"({"command":"interfaceconfig","parameters":3})");
  Sitter sitter(*desk, admin());
  EXPECT_EQ(sitter.refused("restricted", "command.run", R"({"command":"status","mode":"cluster"})").at("data").at("needs"),
            "machine");
  sitter.refused("restricted", "command.run", R"({"command":"clusterconfig","mode":"machine paris"})");
  sitter.refused("unsupported", "command.run", R"({"command":"interfaceconfig","mode":"machine paris"})");
  sitter.refused("unsupported", "command.run", R"({"command":"tophosts","mode":"machine paris"})");
  sitter.refused("not-found", "command.run", R"({"command":"format","mode":"machine paris"})");
  sitter.refused("not-found", "command.run", R"({"command":"status","mode":"machine rome"})");
  sitter.refused("usage", "command.run", R"({"command":"status","mode":"machine paris","parameters":3})");
  sitter.refused("usage", "command.run", R"({"command":"status","mode":"machine newyork","parameters":{"x":1}})");
  EXPECT_TRUE(went.empty());
}

/// What needs the login host's own files is never another machine's, and not from elsewhere this one's.
TEST_F(RunTest, CommandsOfTheLoginHostStayThere) {
  Sitter sitter(*desk, admin());
  int tried = 0;
  const commands::Table table(loaded_schema());
  for (const commands::Command& command : table.all()) {
    if (command.where != commands::Where::login_host) continue;
    ++tried;
    sitter.refused(command.built ? "restricted" : "unsupported", "command.run",
                   json::serialize(json::object{{"command", command.name}, {"mode", "machine paris"}}));
    EXPECT_EQ(error_of(asked(command.name, user_id(1))), "unsupported") << command.name;
  }
  EXPECT_GT(tried, 0);
  EXPECT_TRUE(went.empty());
  int runs = 0;
  for (const commands::Command& command : table.all()) {
    if (commands::find_run(command.name) == nullptr) continue;
    ++runs;
    EXPECT_EQ(command.where, commands::Where::machine) << command.name;
  }
  EXPECT_GT(runs, 1);
}

TEST_F(RunTest, AnAnswerIsTakenAsTheOtherMachinesWord) {
  Sitter sitter(*desk, admin());
  const auto answered = [&](const std::string& text) {
    sitter.send("command.run", status_of_paris);
    went.back().done(text);
    return sitter.last;
  };
  const json::object refused =
      answered(R"({"error":{"code":"denied","where":"there","text":"No\nnewline.","data":{"needs":"machine"}}})")
          .at("error")
          .as_object();
  EXPECT_EQ(refused.at("data").at("name"), "denied");
  EXPECT_EQ(refused.at("data").at("where"), "there");
  EXPECT_EQ(refused.at("data").at("needs"), "machine");
  EXPECT_EQ(std::string(refused.at("message").as_string()).find('\n'), std::string::npos);
  EXPECT_EQ(answered(R"({"error":{"code":"denied","where":"","text":"No."}})").at("error").at("data").at("where"),
            "paris.example.com")
      << "who refused";
  for (const char* text : {"", "x", "[]", "{}", R"({"error":3})", R"({"error":{}})"})
    EXPECT_EQ(answered(text).at("error").at("data").at("name"), "damaged") << text;
  EXPECT_EQ(answered(std::string(100'000, '[')).at("error").at("data").at("name"), "damaged");
}

TEST_F(RunTest, OneUserAsksEightAtOnce) {
  Sitter sitter(*desk, bob());
  Sitter other(*desk, admin());
  for (int i = 0; i < 8; ++i) sitter.send("command.run", status_of_paris);
  sitter.refused("busy", "command.run", status_of_paris);
  EXPECT_EQ(went.size(), 8U);
  other.send("command.run", status_of_paris);
  EXPECT_EQ(went.size(), 9U);
  went[0].done(std::string(R"({"result":{}})"));
  sitter.send("command.run", status_of_paris);
  EXPECT_EQ(went.size(), 10U);
}

TEST_F(RunTest, AnAnswerThatComesAfterTheSessionOrTheDeskGoesNowhere) {
  {
    Sitter sitter(*desk, bob());
    sitter.send("command.run", status_of_paris);
    sitter.send("command.run", status_of_paris);
  }
  went[0].done(std::string(R"({"result":{}})"));
  reopen();
  went[1].done(std::string(R"({"result":{}})"));
}

TEST_F(RunTest, TheRoleThatCountsIsTheOneRecordedHere) {
  EXPECT_EQ(asked("status", user_id(3)).at("result").at("host"), "newyork.example.com");
  EXPECT_EQ(error_of(asked("interfaceconfig", user_id(3))), "denied") << "a guest, by its row";
  EXPECT_EQ(error_of(asked("interfaceconfig", user_id(1))), "unsupported") << "may, but it cannot be run so";
  EXPECT_EQ(error_of(asked("status", user_id(9))), "denied") << "nobody";
  set_role(3, Role::none);
  EXPECT_EQ(error_of(asked("status", user_id(3))), "denied") << "locked here, whatever paris believes";
  house.elsewhere({{cluster::user_register(user_id(2), "life"), cluster::WriteKind::remove, "", {}}});
  const json::object answer = asked("status", user_id(2));
  EXPECT_EQ(error_of(answer), "denied") << "deleted here";
  EXPECT_EQ(answer.at("error").at("text"), "status needs the role guest; yours is none.");
}

TEST_F(RunTest, BothEndsAskTheRoleOfTheCommandsRow) {
  const json::object suspend{{"listeners", {"InboundMail"}}};
  const auto at = [&](std::string_view mode) {
    return json::serialize(json::object{{"command", "suspendlistener"}, {"mode", mode}, {"parameters", suspend}});
  };
  const auto question = [&](unsigned char user) { return asked("suspendlistener", user_id(user), suspend, house.now().wall_ms); };
  Sitter guest(*desk, gina());
  guest.refused("denied", "command.run", at("machine newyork"));
  guest.refused("denied", "command.run", at("machine paris"));
  EXPECT_EQ(error_of(question(3)), "denied");
  EXPECT_TRUE(went.empty());
  EXPECT_EQ(house.mail.all[0].state, "open");
  EXPECT_EQ(error_of(question(2)), "none");
  EXPECT_EQ(house.mail.all[0].state, "suspended");
  Sitter sitter(*desk, bob());
  sitter.ok("command.run", R"({"command":"resumelistener","mode":"machine newyork","parameters":{"listeners":["InboundMail"]}})");
  EXPECT_EQ(house.mail.all[0].state, "open");
  sitter.send("command.run", at("machine paris"));
  ASSERT_EQ(went.size(), 1U);
  EXPECT_EQ(went[0].body.at("parameters"), suspend);
  guest.ok("command.run", R"({"command":"hoststatus","mode":"machine newyork","parameters":{"host":"example.com"}})");
}

/// A relay can hold a question back for as long as this machine runs.
TEST_F(RunTest, WhatChangesSomethingIsDoneNowOrNotAtAll) {
  const json::object suspend{{"listeners", {"InboundMail"}}};
  const std::int64_t now_ms = house.now().wall_ms;
  for (const std::int64_t off : {-61'000LL, 61'000LL, -86'400'000LL}) {
    const json::object answer = asked("suspendlistener", user_id(2), suspend, now_ms + off);
    EXPECT_EQ(error_of(answer), "invalid") << off;
    EXPECT_EQ(house.mail.all[0].state, "open");
    EXPECT_EQ(error_of(asked("status", user_id(2), {}, now_ms + off)), "none") << "that changes nothing";
  }
  EXPECT_EQ(error_of(asked(json::serialize(
                json::object{{"command", "suspendlistener"}, {"user", base::to_text(user_id(2))}, {"parameters", suspend}}))),
            "invalid")
      << "a question without its time";
  EXPECT_EQ(error_of(asked("suspendlistener", user_id(2), suspend, now_ms - 59'000)), "none");
  EXPECT_EQ(house.mail.all[0].state, "suspended");
}

TEST_F(RunTest, NoRoleComesOverTheWire) {
  for (const char* more : {R"("role":"administrator")", R"("source":"console")", R"("mode":"cluster")"})
    EXPECT_EQ(error_of(asked(
                  fmt::format(R"({{"command":"status","user":"{}","parameters":{{}},{}}})", base::to_text(user_id(9)), more))),
              "usage")
        << more;
}

/// Root of paris holds paris' key.
TEST_F(RunTest, TheConsoleOfAnotherMachineIsAnAdministrator) {
  EXPECT_EQ(error_of(asked("status", base::UserId{})), "none");
  EXPECT_EQ(error_of(asked("interfaceconfig", base::UserId{})), "unsupported");
  EXPECT_EQ(house.lines[0], "console at paris.example.com asked for status: run");
}

TEST_F(RunTest, TheLogSaysWhoAskedForWhatFromWhere) {
  (void)asked("status", user_id(3));
  (void)asked("interfaceconfig", user_id(3));
  (void)asked("status", user_id(9));
  (void)asked("not JSON");
  EXPECT_EQ(house.lines,
            (std::vector<std::string>{"gina at paris.example.com asked for status: run",
                                      "gina at paris.example.com asked for interfaceconfig: refused, denied",
                                      base::to_text(user_id(9)) + " at paris.example.com asked for status: refused, denied",
                                      "somebody at paris.example.com asked for ?: refused, usage"}));
  house.lines.clear();
  for (int i = 0; i < 100; ++i) (void)asked("status", user_id(3));
  EXPECT_EQ(house.lines.size(), 28U) << "32 at once";
  house.pass(1'000);
  (void)asked("status", user_id(3));
  EXPECT_EQ(house.lines.back(), "gina at paris.example.com asked for status: run (72 lines like this were left out before it)");
  house.pass(1'000);
  (void)asked("status", user_id(3));
  EXPECT_EQ(house.lines.back(), "gina at paris.example.com asked for status: run") << "which is said once";
}

TEST_F(RunTest, WhatIsNoQuestionIsRefused) {
  const std::string user = base::to_text(user_id(1));
  for (const std::string& body :
       {std::string(), std::string("x"), std::string("[]"), std::string("{}"), std::string(60'000, '['),
        std::string(R"({"command":"status"})"), std::string(R"({"command":3,"user":"x","parameters":{}})"),
        std::string(R"({"command":"status","user":"x","parameters":{}})"),
        fmt::format(R"({{"command":"status","user":"{}","parameters":[]}})", user),
        fmt::format(R"({{"command":"status","user":"{}","parameters":{{"x":1}}}})", user)})
    EXPECT_EQ(error_of(asked(body)), "usage") << body.substr(0, 80);
  EXPECT_EQ(error_of(asked(fmt::format(R"({{"command":"sta\u001btus","user":"{}","parameters":{{}}}})", user))), "invalid");
  EXPECT_EQ(error_of(asked("format", user_id(1))), "not-found");
}

/// Measuring takes its time; what is told is as of after it.
TEST_F(RunTest, AStatusIsToldOnceItIsMeasured) {
  house.mail.slow = true;
  const std::string body =
      json::serialize(json::object{{"command", "status"}, {"user", base::to_text(user_id(3))}, {"parameters", json::object()}});
  std::vector<std::string> answers;
  const auto take = [&answers](std::string answer) { answers.push_back(std::move(answer)); };
  desk->asked(member_id(3), body, take);
  EXPECT_TRUE(answers.empty());
  house.mail.late.at(0)();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(json::parse(answers[0]).at("result").at("data_plane"), "in force");
  desk->asked(member_id(3), body, take);
  house.mail.shown.running = false;
  house.mail.late.at(1)();
  EXPECT_EQ(json::parse(answers.at(1)).at("result").at("data_plane"), "not in force: the mail engine does not run");
  desk->asked(member_id(3), body, take);
  reopen();
  house.mail.late.at(2)();
  EXPECT_EQ(answers.size(), 2U) << "the desk that was asked is gone";
}

/// Whatever mode anybody sits in.
TEST_F(RunTest, TheDigestIsOfTheMachinesOwnMode) {
  Sitter sitter(*desk, admin());
  sitter.ok("feature.put", R"({"feature":"dns","mode":"machine newyork","data":{"source":"root"}})");
  sitter.ok("commit", R"({"request":"1"})");
  sitter.ok("session.mode", R"({"mode":"cluster"})");
  const json::value own = sitter.ok("command.run", status_here).at("mode_digest");
  EXPECT_EQ(asked("status", user_id(1)).at("result").at("mode_digest"), own);
  EXPECT_NE(sitter.ok("status").at("mode_digest"), own) << "the session's mode";
}

/// Pending changes are of a user and a login host; another machine's console has none here.
TEST_F(RunTest, PendingIsWhatThatUserHasHere) {
  Sitter sitter(*desk, bob());
  sitter.ok("feature.put", R"({"feature":"dns","mode":"group usa","data":{"source":"root"}})");
  Sitter at_console(*desk, console());
  at_console.ok("feature.put", R"({"feature":"dns","mode":"group usa","data":{"source":"root"}})");
  EXPECT_EQ(asked("status", user_id(2)).at("result").at("pending"), true);
  EXPECT_EQ(asked("status", user_id(1)).at("result").at("pending"), false);
  EXPECT_EQ(asked("status", base::UserId{}).at("result").at("pending"), false);
}

}  // namespace
}  // namespace postern::desk
