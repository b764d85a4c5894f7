#include <fmt/format.h>
#include <gtest/gtest.h>

#include "play.h"

namespace postern::cli::test {
namespace {

const std::string own = "machine newyork.example.com";

TEST(Batch, smtproutes_makes_changes_and_prints_them) {
  FakeDesk desk(the_schema());
  EXPECT_EQ(run(desk,
                "smtproutes new Example.COM 127.0.0.9:2625 [2001:db8::1]:26/10; "
                "smtproutes new ALL /dev/null; smtproutes new .example.org usedns")
                .code,
            0);
  EXPECT_EQ(run(desk, "smtproutes print").out,
            "1. .example.org: USEDNS\n2. ALL: /dev/null\n"
            "3. example.com: 127.0.0.9:2625, [2001:db8::1]:26/10\n");
  EXPECT_EQ(run(desk, "smtproutes edit example.com mail.example.com; smtproutes delete all").code, 0);
  EXPECT_EQ(run(desk, "smtproutes print | grep example.com").out, "2. example.com: mail.example.com:25\n");
  EXPECT_EQ(run(desk, "smtproutes print | count").out, "2\n");
}

TEST(Batch, a_route_takes_the_notation_that_operators_paste_and_nothing_ambiguous) {
  FakeDesk desk(the_schema());
  EXPECT_EQ(
      run(desk,
          "smtproutes new a.example 'mx1.example:2525/pri=10, mx2.example/pri=20,[2001:db8::1]/5'; "
          "smtproutes new b.example mx; smtproutes new c.example drop; smtproutes new d.example '[192.0.2.1]:2525,[mx.example]'; "
          "smtproutes print")
          .out,
      "1. a.example: [2001:db8::1]:25/5, mx1.example:2525/10, mx2.example:25/20\n2. b.example: mx:25\n"
      "3. c.example: drop:25\n4. d.example: 192.0.2.1:2525, mx.example:25\n");
  for (const char* wrong : {"USEDNS 192.0.2.1",
                            "192.0.2.1,/dev/null",
                            "usedns USEDNS",
                            "USEDNS:25",
                            "usedns/5",
                            "/dev/null:25",
                            "192.0.2.1 /dev/null/5",
                            "0x7f000001",
                            "127.1",
                            "2130706433",
                            "h.0x1f",
                            "192.0.2.300",
                            "010.0.0.1",
                            "2001:db8::/64",
                            "2001:db8::1/5",
                            "[]:25",
                            "[192.0.2]",
                            "h/",
                            "h/pri=",
                            "h/x",
                            ","}) {
    const Ran ran = run(desk, fmt::format("smtproutes new w.example {}", wrong));
    EXPECT_EQ(ran.code, 2) << wrong;
    EXPECT_FALSE(ran.err.empty());
  }
  EXPECT_EQ(desk.text(own, "smtp-routes").find("w.example"), std::string::npos);
}

TEST(Batch, says_what_is_wrong_and_stops_there) {
  FakeDesk desk(the_schema());
  EXPECT_EQ(run(desk, "smtproutes delete nowhere.example; smtproutes new example.com mail").code, 1);
  EXPECT_EQ(desk.text(own, "smtp-routes"), "none");
  EXPECT_EQ(run(desk, "smtproutes new example.com mail:0").code, 2);
  const Ran bare = run(desk, "smtproutes new");
  EXPECT_EQ(bare.code, 2);
  EXPECT_NE(bare.err.find("smtproutes new|edit DOMAIN"), std::string::npos);
  EXPECT_EQ(run(desk, "smtproutes new example.com").code, 2);
  EXPECT_EQ(run(desk, "smtproutes frobnicate").code, 2);
  EXPECT_EQ(run(desk, "frobnicate").code, 2);
  EXPECT_EQ(run(desk, "smtproutes print extra").code, 2);
  EXPECT_EQ(run(desk, "status 'open").code, 2);
}

TEST(Batch, a_script_stops_at_the_first_line_that_fails) {
  FakeDesk desk(the_schema());
  desk.answers["commit"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    ADD_FAILURE();
    return protocol::Json();
  };
  const std::string lines =
      "# routes of the branch\n\nsmtproutes new a.example mx1.example\nsmtproutes nwe b.example x\n"
      "smtproutes new c.example mx3.example\ncommit all\n";
  const Ran stopped = script(desk, lines);
  EXPECT_EQ(stopped.code, 2);
  EXPECT_NE(stopped.err.find("Line 4 failed. The lines after it were not run."), std::string::npos) << stopped.err;
  EXPECT_EQ(stopped.out.find(">"), std::string::npos) << "nobody is there to be prompted: " << stopped.out;
  const std::string routes = desk.text("machine newyork.example.com", "smtp-routes");
  EXPECT_NE(routes.find("a.example"), std::string::npos);
  EXPECT_EQ(routes.find("c.example"), std::string::npos);
}

TEST(Batch, a_script_counts_the_lines_of_a_table_in_it) {
  FakeDesk desk(the_schema());
  const Ran ran =
      script(desk, "smtproutes import\na.example:mx1.example\nb.example:mx2.example\n.\nsmtproutes nwe c.example x\n");
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("Line 5 failed."), std::string::npos) << ran.err;
}

TEST(Batch, a_script_goes_on_when_told_so_and_ends_with_its_first_error) {
  FakeDesk desk(the_schema());
  const std::string lines = "smtproutes nwe b.example x\ncommit \"open\nsmtproutes new c.example mx3.example\nquit\nnonsense\n";
  for (const bool option : {true, false}) {
    desk.settings.clear();
    const Ran ran = option ? script(desk, lines, true) : run(desk, "batch --continue", lines);
    EXPECT_EQ(ran.code, 2);
    EXPECT_NE(ran.err.find("Line 1 failed."), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find("Line 2 failed."), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find("Line 5"), std::string::npos) << "quit ends it";
    EXPECT_NE(desk.text("machine newyork.example.com", "smtp-routes").find("c.example"), std::string::npos);
  }
  EXPECT_EQ(run(desk, "batch", "batch\n").code, 2) << "a script in a script has nothing to read";
  EXPECT_EQ(script(desk, "").code, 0);
}

TEST(Batch, a_scripts_edits_go_together_and_a_refused_one_is_found) {
  FakeDesk desk(the_schema());
  std::string lines;
  for (int i = 1; i <= 100; ++i) lines += fmt::format("smtproutes new r{}.example mx.example\n", i);
  EXPECT_EQ(script(desk, lines).code, 0);
  EXPECT_EQ(desk.calls_of("feature.edit").size(), 1U);
  EXPECT_NE(desk.text(own, "smtp-routes").find("r100.example"), std::string::npos);
  desk.calls.clear();
  // Two that are there already, and one of another operation between.
  const std::string more =
      "smtproutes new s1.example mx.example\nsmtproutes new r7.example mx.example\n"
      "smtproutes new s2.example mx.example\nsmtproutes delete r8.example\n"
      "smtproutes new r9.example mx.example\nsmtproutes print | count\n";
  const Ran stopped = script(desk, more);
  EXPECT_EQ(stopped.code, 1);
  EXPECT_NE(stopped.err.find("Line 2 failed. The lines after it were not run."), std::string::npos) << stopped.err;
  EXPECT_EQ(stopped.out, "") << "print was not run";
  EXPECT_NE(desk.text(own, "smtp-routes").find("s1.example"), std::string::npos);
  EXPECT_EQ(desk.text(own, "smtp-routes").find("s2.example"), std::string::npos);
  const Ran whole = script(desk, "smtproutes delete s1.example\n" + more, true);
  EXPECT_EQ(whole.code, 1);
  EXPECT_NE(whole.err.find("Line 3 failed.\n"), std::string::npos) << whole.err;
  EXPECT_NE(whole.err.find("Line 6 failed.\n"), std::string::npos) << whole.err;
  EXPECT_EQ(whole.out, "101\n") << "100, two more, one less";
}

TEST(Batch, what_a_script_did_before_a_line_that_is_not_understood_is_kept) {
  FakeDesk desk(the_schema());
  const Ran stopped = script(desk, "smtproutes new a.example mx.example\nsmtproutes new b..example mx.example\n");
  EXPECT_EQ(stopped.code, 2);
  EXPECT_NE(stopped.err.find("Line 2 failed. The lines after it were not run."), std::string::npos) << stopped.err;
  EXPECT_NE(desk.text(own, "smtp-routes").find("a.example"), std::string::npos);
  const Ran earlier = script(desk, "smtproutes new a.example mx.example\nsmtproutes new b..example mx.example\n");
  EXPECT_EQ(earlier.code, 1) << "the first of two that fail ends it";
  EXPECT_NE(earlier.err.find("Line 1 failed. The lines after it were not run."), std::string::npos) << earlier.err;
  EXPECT_EQ(earlier.err.find("Line 2 failed."), std::string::npos) << earlier.err;
}

TEST(Batch, a_script_whose_session_ends_did_not_run_whole) {
  FakeDesk desk(the_schema());
  desk.answers["commit"] = [&](const auto&) -> protocol::Reply<protocol::Json> {
    desk.on_notice("session.end", {{"text", "Your passphrase has changed."}});
    return protocol::Json(protocol::JsonObject{{"commit", "0123456789abcdef"}, {"time", 0}, {"durable", 1}, {"members", 1}});
  };
  const Ran ran = script(desk, "smtproutes new a.example h1\ncommit one\nsmtproutes new b.example h1\ncommit two\n");
  EXPECT_EQ(ran.code, 5);
  EXPECT_NE(ran.err.find("ended at line 2. The lines after it were not run."), std::string::npos) << ran.err;
  EXPECT_EQ(desk.calls_of("commit").size(), 1U);
}

TEST(Batch, a_commit_waits_until_it_is_applied_when_that_is_asked_for) {
  FakeDesk desk(the_schema());
  bool done = true;
  desk.answers["commit"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{{"commit", "0123456789abcdef"}, {"time", 0}, {"durable", 1}, {"members", 1}});
  };
  desk.answers["commit.wait"] = [&](const protocol::JsonObject& params) -> protocol::Reply<protocol::Json> {
    EXPECT_EQ(params.at("commit"), "0123456789abcdef");
    return protocol::Json(
        protocol::JsonObject{{"done", done},
                             {"machines", boost::json::array{protocol::JsonObject{
                                              {"host", "a.example"}, {"received", true}, {"applied", done}, {"problem", ""}}}}});
  };
  const Ran applied = run(desk, "commit x --wait");
  EXPECT_EQ(applied.code, 0) << applied.err;
  EXPECT_NE(applied.out.find("on 1 of 1 machines.\n  a.example: received, applied\n"), std::string::npos) << applied.out;
  EXPECT_TRUE(desk.calls_of("commit.wait").back().ends_with(R"("seconds":30})"));
  done = false;
  const Ran late = run(desk, "commit x --wait=7 --json");
  EXPECT_EQ(late.code, 1) << "it is committed, and not applied";
  for (const char* one : {R"("commit":"0123456789abcdef")", R"("done":false)"})
    EXPECT_NE(late.out.find(one), std::string::npos) << late.out;
  EXPECT_EQ(std::ranges::count(late.out, '\n'), 1) << "one object: " << late.out;
  EXPECT_TRUE(desk.calls_of("commit.wait").back().ends_with(R"("seconds":7})"));
  const std::size_t before = desk.calls_of("commit").size();
  EXPECT_EQ(run(desk, "commit x --wait=soon").code, 2);
  for (const std::string half : {"merge", "mine", "Discard", "resolve", "confirmed"})
    EXPECT_EQ(run(desk, "commit " + half).code, 2);
  EXPECT_EQ(desk.calls_of("commit").size(), before) << "nothing is committed by half a line";
  desk.answers["commit.wait"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return refusal(base::ErrorCode::busy, "Too many wait.", {});
  };
  const Ran untold = run(desk, "commit x --wait --json");
  EXPECT_NE(untold.out.find("0123456789abcdef"), std::string::npos) << "what is done is told all the same";
  EXPECT_NE(untold.code, 0);
}

TEST(Batch, a_desk_that_is_gone_is_not_asked_line_by_line) {
  FakeDesk desk(the_schema());
  desk.answers["feature.edit"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Refusal{base::fail(base::ErrorCode::unreachable, "The desk has closed the line."), nullptr};
  };
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += fmt::format("smtproutes new r{}.example h1\n", i);
  const Ran ran = script(desk, lines, true);
  EXPECT_EQ(ran.code, 5);
  EXPECT_EQ(desk.calls_of("feature.edit").size(), 1U);
}

TEST(Batch, a_scripts_edits_are_never_behind_what_comes_after_them) {
  FakeDesk desk(the_schema());
  desk.cluster = "americas";
  desk.mode = "cluster";
  const Ran ran = script(desk,
                         "smtproutes new a.example h1 --start=empty; dnsconfig root --start=empty; smtproutes print\n"
                         "smtproutes new b.example h1\nclustermode machine newyork.example.com\n"
                         "smtproutes new c.example h1 --start=empty\nsmtproutes new d.example h1\nsmtproutes print\n"
                         "destconfig new e.example --max-connections=2 --start=empty\n"
                         "destconfig edit e.example --max-connections=3\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "1. a.example: h1:25\n1. c.example: h1:25\n2. d.example: h1:25\n");
  EXPECT_NE(desk.text("cluster", "smtp-routes").find("b.example"), std::string::npos);
  EXPECT_EQ(desk.text(own, "smtp-routes").find("b.example"), std::string::npos);
  EXPECT_NE(desk.text("cluster", "dns").find("root"), std::string::npos);
  EXPECT_NE(desk.text(own, "destination-controls").find('3'), std::string::npos);
  desk.restricted = {{"interfaceconfig", "machine"}};
  desk.mode = "cluster";
  EXPECT_EQ(script(desk, "smtproutes delete a.example; interfaceconfig print\n").code, 3) << "asked, behind an edit too";
}

TEST(Batch, known_commands_that_are_not_built_say_so) {
  FakeDesk desk(the_schema());
  const Ran check = run(desk, "clustercheck; status");
  EXPECT_EQ(check.code, 1);
  EXPECT_EQ(check.err, "clustercheck is not in this version.\n");
  EXPECT_TRUE(desk.calls_of("command.run").empty());
  desk.cluster = "americas";
  EXPECT_EQ(run(desk, "clusterconfig renamegroup a b").err, "clusterconfig renamegroup is not in this version.\n");
}

TEST(Batch, a_restricted_command_in_a_wrong_mode_exits_3) {
  FakeDesk desk(the_schema());
  desk.cluster = "americas";
  desk.restricted = {{"clusterconfig", "cluster"}, {"interfaceconfig", "machine"}};
  EXPECT_EQ(run(desk, "clusterconfig addgroup usa").code, 3);
  EXPECT_TRUE(desk.calls_of("cluster.add_group").empty());
  EXPECT_EQ(run(desk, "clustermode cluster; interfaceconfig print").code, 3);
}

TEST(Batch, an_undefined_mode_needs_a_start) {
  FakeDesk desk(the_schema());
  desk.cluster = "americas";
  EXPECT_EQ(run(desk, "smtproutes new example.com mail").code, 3);
  EXPECT_EQ(run(desk, "smtproutes new example.com mail --start=empty").code, 0);
  EXPECT_EQ(run(desk, "smtproutes clusterset copy group Main_Group").out,
            "SMTP routes copied from Machine newyork.example.com to Group Main_Group.\n");
  EXPECT_EQ(desk.calls_of("feature.copy").back(), R"({"feature":"smtp-routes","to":"group Main_Group","move":false})");
  EXPECT_EQ(run(desk, "clustermode group Main_Group; smtproutes clustershow").out,
            "Configured at mode:\nCluster: No\nGroup Main_Group: Yes\n"
            "Machine newyork.example.com: Yes\n");
  EXPECT_EQ(run(desk, "clustermode cluster; smtproutes new a.example mail '--start=copy:group Main_Group'").err,
            "Note: Changes to these settings will not affect the following groups and machines\n"
            "because they are overriding the cluster-wide settings:\n\nMain_Group\n\n");
  EXPECT_EQ(run(desk, "smtproutes print").out, "1. a.example: mail:25\n2. example.com: mail:25\n");
}

TEST(Batch, destconfig_and_dnsconfig) {
  FakeDesk desk(the_schema());
  EXPECT_EQ(run(desk, "destconfig new example.com --max-connections=10").code, 0);
  EXPECT_EQ(run(desk, "destconfig edit example.com --messages-per-connection=5").code, 0);
  EXPECT_EQ(run(desk, "destconfig print").out,
            "1. Default: 500 connections, 50 messages per connection\n"
            "2. example.com: 10 connections, 5 messages per connection\n");
  EXPECT_EQ(run(desk, "destconfig edit other.example --max-connections=9").code, 1);
  EXPECT_EQ(run(desk, "destconfig edit example.com").code, 2);
  EXPECT_EQ(run(desk, "destconfig new b.example --max-connections=0").code, 1);
  EXPECT_EQ(run(desk, "destconfig new b.example --speed=9").code, 2);
  EXPECT_EQ(run(desk, "dnsconfig servers 192.0.2.53 192.0.2.54:5353; dnsconfig print").out,
            "source: servers\nserver: 192.0.2.53, 192.0.2.54:5353\n");
  EXPECT_EQ(run(desk, "dnsconfig root; dnsconfig print --json").out, "{\"source\":\"root\"}\n");
  EXPECT_EQ(run(desk, "dnsconfig servers").code, 2);
}

TEST(Batch, interfaces) {
  FakeDesk desk(the_schema());
  EXPECT_EQ(run(desk,
                "interfaceconfig new Data 192.0.2.7/24 --hostname=mx.example.com --ssh=off "
                "--ccs=on --ccs-port=2223")
                .code,
            0);
  EXPECT_EQ(run(desk, "interfaceconfig edit Data --https-port=8443; interfaceconfig print").out,
            "1. Data (192.0.2.7/24: mx.example.com) CCS 2223, HTTPS 8443\n");
  EXPECT_EQ(run(desk, "interfaceconfig new Other 192.0.2.8/24").code, 2);
  EXPECT_EQ(run(desk, "interfaceconfig edit Other 192.0.2.8/24").code, 1);
}

TEST(Batch, listeners_with_their_tables) {
  FakeDesk desk(the_schema());
  EXPECT_EQ(run(desk, "listenerconfig new In --type=public --interface=Data --port=2525").code, 0);
  EXPECT_EQ(run(desk, "listenerconfig new Out --type=private").code, 2);
  EXPECT_EQ(run(desk,
                "listenerconfig rat In new .example.com accept; "
                "listenerconfig rat In new ALL reject '--text=Not here'; "
                "listenerconfig hat In new ALL accept; "
                "listenerconfig hat In new 127.0.0.0/8 relay; "
                "listenerconfig hat In new 192.0.2.1 relay")
                .code,
            0);
  EXPECT_EQ(run(desk, "listenerconfig rat In print").out,
            "1. .example.com: action accept\n2. ALL: action reject, text Not here\n");
  // A group made later still stands before the one that takes everybody.
  EXPECT_EQ(run(desk, "listenerconfig hat In print").out,
            "1. RELAYLIST: sender 127.0.0.0/8 192.0.2.1, action relay\n"
            "2. ALLOWLIST: sender ALL, action accept\n");
  EXPECT_EQ(run(desk, "listenerconfig hat In new 192.0.2.9 reject --group=RELAYLIST").code, 1);
  EXPECT_EQ(run(desk, "listenerconfig hat In delete 192.0.2.1").code, 0);
  EXPECT_EQ(run(desk, "listenerconfig hat In delete 192.0.2.1").code, 1);
  EXPECT_EQ(run(desk, "listenerconfig rat Nowhere new ALL reject").code, 1);
  EXPECT_EQ(run(desk, "listenerconfig hat In print --json").out,
            R"([{"name":"RELAYLIST","sender":["127.0.0.0/8"],"action":"relay"},)"
            R"({"name":"ALLOWLIST","sender":["ALL"],"action":"accept"}])"
            "\n");
}

TEST(Batch, commit_tells_machines_problems_and_conflicts) {
  FakeDesk desk(the_schema());
  desk.answers["commit"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{
        {"commit", std::string(64, 'a')},
        {"time", "Wed Jun 22 10:02:04 2005 PDT"},
        {"members", 3},
        {"durable", 2},
        {"missing", boost::json::array{protocol::JsonObject{{"host", "paris.example.com"}, {"why", "no link"}}}}});
  };
  EXPECT_EQ(run(desk, "commit \"first; routes\"").out,
            "Changes committed: Wed Jun 22 10:02:04 2005 PDT\n"
            "Commit aaaaaaaaaaaa, on 2 of 3 machines.\n  paris.example.com: no link\n");
  EXPECT_TRUE(desk.calls_of("commit").back().starts_with(R"({"comment":"first; routes","request":")"));
  desk.answers["commit"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return refusal(base::ErrorCode::conflict, "Somebody was faster.", {{"conflicts", boost::json::array{}}});
  };
  EXPECT_EQ(run(desk, "commit x").code, 4);
  desk.answers["commit"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return refusal(
        base::ErrorCode::invalid, "The settings do not check:",
        {{"problems",
          boost::json::array{protocol::JsonObject{
              {"label", "Cluster americas"}, {"feature", "listeners"}, {"path", "listener['In']"}, {"text", "needs a port"}}}}});
  };
  const Ran invalid = run(desk, "commit x");
  EXPECT_EQ(invalid.code, 1);
  EXPECT_EQ(invalid.err,
            "The settings do not check:\n"
            "  Cluster americas, listeners, listener['In']: needs a port\n");
}

TEST(Batch, a_commit_that_shuts_somebody_out_is_confirmed) {
  FakeDesk desk(the_schema());
  int forced = 0;
  desk.answers["commit"] = [&](const protocol::JsonObject& params) -> protocol::Reply<protocol::Json> {
    if (!params.contains("force"))
      return refusal(base::ErrorCode::invalid, "Nobody can log in to newyork over SSH then. --force commits it all the same.",
                     {{"name", "invalid"}, {"needs", "force"}, {"closed", {"Nobody can log in to newyork over SSH then."}}});
    ++forced;
    return protocol::Json(protocol::JsonObject{{"commit", "0123456789abcdef"}, {"time", 0}, {"durable", 1}, {"members", 1}});
  };
  EXPECT_EQ(run(desk, "commit doors").code, 1);
  EXPECT_EQ(forced, 0);
  EXPECT_EQ(run(desk, "commit doors --force").code, 0);
  EXPECT_EQ(forced, 1);
  for (const char* answer : {"n", "", "y"}) {
    std::istringstream typed(fmt::format("commit doors\n{}\nexit\n", answer));
    std::ostringstream screen;
    PlainConsole console(typed, screen, screen);
    EXPECT_EQ(run_shell(desk, the_schema(), console), 0);
    EXPECT_NE(screen.str().find("Do you want to commit all the same? [N]>"), std::string::npos) << screen.str();
    EXPECT_EQ(screen.str().find("still pending") != std::string::npos, *answer != 'y') << screen.str();
  }
  EXPECT_EQ(forced, 2);
}

TEST(Batch, json_is_one_document_a_line_also_for_errors) {
  FakeDesk desk(the_schema());
  desk.answers["status"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{{"digest", "ab"}});
  };
  EXPECT_EQ(run(desk, "status --json; smtproutes print --json").out, "{\"digest\":\"ab\"}\n{}\n");
  desk.answers["status"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return refusal(base::ErrorCode::unreachable, "Paris does not answer.", {{"host", "paris"}});
  };
  const Ran failed = run(desk, "status --json");
  EXPECT_EQ(failed.code, 5);
  EXPECT_EQ(failed.out, R"({"error":{"name":"unreachable","message":"Paris does not answer.","data":{"host":"paris"}}})"
                        "\n");
}

// The table's listener comes with the start: none is made here unasked, with nothing else in it.
TEST(Batch, a_table_below_an_entry_needs_a_start_too) {
  FakeDesk desk(the_schema());
  desk.cluster = "americas";
  const std::string make = "listenerconfig new In --type=public --interface=Data --start=empty";
  EXPECT_EQ(run(desk, "clustermode cluster; " + make + "; clustermode machine newyork.example.com").code, 0);
  EXPECT_EQ(run(desk, "listenerconfig rat In import", "a.example ACCEPT\n").code, 3);
  EXPECT_EQ(run(desk, "listenerconfig rat In import --start=copy:cluster", "a.example ACCEPT\n").code, 0);
  EXPECT_EQ(run(desk, "listenerconfig rat In print").out, "1. a.example: action accept\n");
}

}  // namespace
}  // namespace postern::cli::test
