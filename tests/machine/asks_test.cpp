#include "machine/fleets.h"

#include <algorithm>
#include <map>
#include <string>
#include <variant>

/// A command that is run at another machine (spec C10).
namespace postern::machine::test {
namespace {

class Asks : public Fleets {
 protected:
  protocol::Reply<protocol::Json> run(protocol::Client& client, const std::string& at) {
    return client.call("command.run", {{"command", "version"}, {"mode", "machine " + at}});
  }
  /// That host's administrator's question.
  std::string body(const std::string& host, const std::string& command) {
    const auto user = base::to_text(fleet.machine(host).peer().fleet().user_by_name("admin")->id);
    return R"({"command":")" + command + R"(","user":")" + user + R"(","parameters":{}})";
  }
  /// Whether `a` has heard that `b` has a link with `c`.
  bool knows_way() {
    const auto known = fleet.machine(a).peer().links();
    return std::any_of(known.begin(), known.end(), [&](const auto& link) {
      return link.member == fleet.machine(b).identity().member &&
             std::count(link.its_live.begin(), link.its_live.end(), fleet.machine(c).identity().member) > 0;
    });
  }
  std::size_t logged(const std::string& host, std::string_view part) {
    const auto& lines = fleet.world(host).lines;
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [&](const auto& line) { return line.find(part) != std::string::npos; }));
  }
};

TEST_F(Asks, the_machine_that_is_asked_answers_and_logs_who_asked) {
  three();
  const auto client = fleet.client(a);
  const auto answer = run(*client, c);
  ASSERT_TRUE(answer.has_value()) << to_text(answer.error().error);
  EXPECT_EQ(answer->at("host").as_string(), c);
  EXPECT_EQ(logged(c, "admin at " + a + " asked for version: run"), 1U);
  EXPECT_EQ(logged(b, "asked for version"), 0U);
}

TEST_F(Asks, two_at_once_have_each_its_own_answer) {
  three();
  const std::string body = R"({"command":"version","user":")" + base::to_text(base::UserId{}) + R"(","parameters":{}})";
  std::map<std::string, std::string> answers;
  for (const std::string& host : {b, c})
    fleet.machine(a).ask(fleet.machine(host).identity().member, body,
                         [&answers, host](const base::Result<std::string>& came) { answers[host] = came ? *came : "none"; });
  ASSERT_TRUE(fleet.run_until([&] { return answers.size() == 2; }));
  for (const auto& [host, answer] : answers) EXPECT_NE(answer.find("\"host\":\"" + host + '"'), std::string::npos) << answer;
}

TEST_F(Asks, over_a_third_machine_also_after_a_restart) {
  three();
  fleet.cut(a, c, true);
  ASSERT_TRUE(fleet.run_until([&] { return linked(a) == 1 && linked(c) == 1 && knows_way(); }, 200'000));
  const auto client = fleet.client(a);
  for (int start = 0; start < 2; ++start) {
    const auto answer = run(*client, c);
    ASSERT_TRUE(answer.has_value()) << to_text(answer.error().error);
    EXPECT_EQ(answer->at("host").as_string(), c);
    fleet.kill(c);
    fleet.restart(c);
    ASSERT_TRUE(fleet.run_until([&] { return linked(c) == 1 && linked(b) == 2 && knows_way(); }, 200'000));
  }
}

TEST_F(Asks, whom_nobody_reaches_is_named_within_three_seconds) {
  three();
  fleet.cut(a, c, true);
  fleet.cut(b, c, true);
  ASSERT_TRUE(fleet.run_until([&] { return linked(a) == 1 && linked(b) == 1; }, 200'000));
  const auto client = fleet.client(a);
  const auto began = fleet.now().mono_ms;
  const auto answer = run(*client, c);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().error.code, base::ErrorCode::unreachable);
  EXPECT_EQ(answer.error().error.text.rfind("Could not reach " + c, 0), 0U) << answer.error().error.text;
  EXPECT_LE(fleet.now().mono_ms - began, 3'100);
}

/// An answer is read before whoever asks meanwhile, as it would be alone (cluster/effects.h).
TEST_F(Asks, what_was_asked_here_ends_before_what_is_asked_of_here_begins) {
  three();
  std::string question;  // of c, which is lost on its way
  fleet.tamper_links = [&](const std::string& from, std::string& message) {
    const auto read = cluster::decode(message);
    if (!read || !std::holds_alternative<cluster::Relay>(*read)) return;
    if (from == c) question = message;
    message.clear();
  };
  const auto nothing = [](const base::Result<std::string>&) {};
  fleet.machine(c).ask(fleet.machine(a).identity().member, body(c, "version"), nothing);
  fleet.run_for(10);
  ASSERT_FALSE(question.empty());
  const auto link = fleet.link(a, c);
  std::optional<bool> ended;
  std::size_t logged_before = 99;
  // It comes in the very millisecond in which a's own question ends, and before a's timer.
  fleet.at(3'000, [&] { fleet.machine(a).link_message(link, question); });
  fleet.machine(a).ask(fleet.machine(c).identity().member, body(a, "version"), [&](const base::Result<std::string>& came) {
    ended = came.has_value();
    logged_before = logged(a, "asked for version");
  });
  ASSERT_TRUE(fleet.run_until([&] { return ended.has_value(); }));
  EXPECT_FALSE(*ended);
  EXPECT_EQ(logged_before, 0U);
  fleet.run_for(1);
  EXPECT_EQ(logged(a, "asked for version"), 1U);
}

}  // namespace
}  // namespace postern::machine::test
