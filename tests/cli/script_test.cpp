#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "play.h"
#include "protocol/wire.h"

/// Scripts, however they come: on standard input, to batch, or as several lines of one SSH command.
namespace postern::cli::test {
namespace {

const std::string own = "machine newyork.example.com";

/// What would ask, with its one-line forms beside the error.
const std::map<std::string, std::string> asking{
    {"smtproutes", "smtproutes new|edit DOMAIN"},
    {"smtproutes clusterset", "smtproutes clusterset copy|move"},
    {"dnsconfig", "dnsconfig servers"},
    {"clusterconfig", "clusterconfig create NAME"},
    {"clusterconfig join 127.0.1.2", "--fingerprint=SHA256:"},
    {"clusterconfig addgroup", "clusterconfig addgroup NAME"},
    {"systemsetup", "--host-name=HOST"},
    {"passwd", "ssh -t"},
    {"clustermode", "machine HOST"},
    {"sshconfig", "sshconfig userkey"},
    {"sshconfig userkey", "sshconfig userkey new"},
    {"logconfig", "logconfig hostkeyconfig fingerprint"},
    {"suspendlistener", "suspendlistener all"},
    {"hoststatus", "hoststatus DOMAIN"},
    {"nslookup", "nslookup HOST"},
};

TEST(Script, a_script_asks_nobody_anything) {
  for (const auto& [line, form] : asking) {
    const std::string lines = fmt::format("clusterconfig addgroup a\n{}\nnew\ncommit\ny\n\nsmtproutes new z.example mx\n", line);
    for (const char* how : {"input", "batch", "line"}) {
      FakeDesk desk(the_schema());
      if (line.starts_with("clusterconfig add") || line == "clustermode") desk.cluster = "americas";
      for (const char* method : {"cluster.add_group", "setup.describe", "user.keys"})
        desk.answers[method] = [](const auto&) -> protocol::Reply<protocol::Json> {
          return protocol::Json(protocol::JsonObject{});
        };
      const Ran ran = how == std::string("input")   ? script(desk, lines)
                      : how == std::string("batch") ? run(desk, "batch", lines)
                                                    : run(desk, lines, "new\ncommit\n");
      EXPECT_EQ(ran.code, 2) << how << ": " << line << "\n" << ran.err;
      EXPECT_NE(ran.err.find(form), std::string::npos) << how << ": " << line << "\n" << ran.err;
      EXPECT_NE(ran.err.find("Line 2 failed. The lines after it were not run."), std::string::npos) << ran.err;
      EXPECT_EQ(ran.out.find(">"), std::string::npos) << "a prompt: " << ran.out;
      EXPECT_TRUE(desk.settings.empty() && desk.calls_of("cluster.create").empty() && desk.calls_of("commit").empty()) << line;
    }
    FakeDesk desk(the_schema());
    if (line.starts_with("clusterconfig add") || line == "clustermode") desk.cluster = "americas";
    for (const char* method : {"setup.describe", "user.keys"})
      desk.answers[method] = [](const auto&) -> protocol::Reply<protocol::Json> {
        return protocol::Json(protocol::JsonObject{});
      };
    const Ran alone = run(desk, line, "new\nfoo.example\ncommit\n\n");
    EXPECT_EQ(alone.code, 2) << "without a terminal: " << line;
    EXPECT_NE(alone.err.find(form), std::string::npos) << line << "\n" << alone.err;
  }
}

TEST(Script, a_table_in_a_script_must_have_an_end) {
  FakeDesk desk(the_schema());
  const Ran open = script(desk, "smtproutes import --continue\na.example:mx1.example\nsmtproutes new b.example mx\ncommit x\n");
  EXPECT_EQ(open.code, 2);
  EXPECT_NE(open.err.find("a single dot"), std::string::npos) << open.err;
  EXPECT_NE(open.err.find("Line 1 failed."), std::string::npos) << open.err;
  EXPECT_TRUE(desk.settings.empty());
  EXPECT_EQ(run(desk, "smtproutes import", "a.example:mx1.example\n").code, 0) << "alone the input is the table";
}

TEST(Script, an_import_begins_no_definition_unasked) {
  FakeDesk desk(the_schema());
  desk.cluster = "americas";
  desk.settings[{"cluster", "smtp-routes"}] =
      R"({"postern-smtp-routes:smtp-routes":{"route":[{"domain":"a.example","action":"mx"}]}})";
  for (const char* line : {"smtproutes import", "smtproutes import --add"}) {
    EXPECT_EQ(run(desk, line, "b.example:mx1.example\n").code, 3) << line;
    EXPECT_EQ(desk.text(own, "smtp-routes"), "none") << line;
  }
  EXPECT_EQ(run(desk, "smtproutes import --start=empty", "b.example:mx1.example\n").code, 0);
  EXPECT_EQ(run(desk, "smtproutes import", "c.example:mx1.example\n").code, 0) << "what is defined is replaced";
  EXPECT_EQ(run(desk, "smtproutes print").out, "1. c.example: mx1.example:25\n");
}

TEST(Script, a_file_that_is_too_long_is_told_in_rows) {
  const auto rows = [](int count, const char* row) {
    std::string text;
    for (int i = 0; i < count; ++i) text += fmt::format(fmt::runtime(row), i);
    return text;
  };
  FakeDesk desk(the_schema());
  EXPECT_EQ(run(desk, "smtproutes import", rows(50'000, "r{}.example:mx.example\n")).err,
            "The file has 50000 rows; SMTP routes of one mode have room for about 25000 like these.\n");
  EXPECT_EQ(run(desk, "aliasconfig import", rows(60'000, "a{}@q.example: b@q.example\n")).err,
            "The file has 60000 rows; Aliases of one mode have room for about 50000 like these.\n");
  EXPECT_EQ(
      run(desk, "destconfig import", rows(40'000, "[d{}.example]\nmax_host_concurrency = 2\nmax_messages_per_connection = 3\n"))
          .err,
      "The file has 40000 rows; one import takes about 36000 like these. Divide it into several files, and import all but the "
      "first with --add.\n");
  EXPECT_TRUE(desk.calls_of("feature.edit").empty());
  const Ran large = run(desk, "smtproutes import", std::string((8U << 20U) + 1, '#'));
  EXPECT_EQ(large.code, 2);
  EXPECT_NE(large.err.find("8 MiB at most"), std::string::npos) << large.err;
}

TEST(Script, what_fits_is_sent) {
  FakeDesk desk(the_schema());
  desk.answers["feature.edit"] = [](const auto&) -> protocol::Reply<protocol::Json> {
    return protocol::Json(protocol::JsonObject{{"changed", true}, {"warnings", boost::json::array{}}});
  };
  std::string text;
  for (int i = 0; i < 24'900; ++i) text += fmt::format("r{}.example:mx.example\n", i);
  EXPECT_EQ(run(desk, "smtproutes import", text).code, 0);
  const std::string request = desk.calls_of("feature.edit").front();
  const auto line = R"({"jsonrpc":"2.0","id":1,"method":"feature.edit","params":)" + request + "}";
  EXPECT_TRUE(std::holds_alternative<protocol::Request>(protocol::parse_request(line))) << "the desk takes what import sends";
}

TEST(Script, an_export_says_what_the_file_cannot) {
  FakeDesk desk(the_schema());
  ASSERT_EQ(run(desk, "smtproutes new a.example x y z; smtproutes new b.example x/5 y/6; smtproutes new ALL x/1,y/1,z/2").code,
            0);
  const Ran some = run(desk, "smtproutes export --format=postfix");
  EXPECT_EQ(some.code, 0);
  EXPECT_EQ(some.out, "* smtp:[x]:25, [y]:25, [z]:25\na.example smtp:[x]:25, [y]:25, [z]:25\nb.example smtp:[x]:25, [y]:25\n");
  EXPECT_EQ(some.err,
            "Warning: Postfix's transport(5) tries hosts in their order and cannot say that some share the mail, as those of one "
            "preference do for ALL, a.example.\n");
  ASSERT_EQ(run(desk, "smtproutes new c.example x y; smtproutes new d.example x y").code, 0);
  EXPECT_NE(run(desk, "smtproutes export --format=postfix").err.find(" for 4 routes.\n"), std::string::npos);
  EXPECT_EQ(run(desk, "smtproutes export").err, "") << "AsyncOS's file can say it";
}

TEST(Script, an_option_that_needs_a_value_is_not_taken_without) {
  for (const char* line : {"smtproutes import --format", "smtproutes export --format=", "smtproutes new a.example x --start",
                           "commit x --force=no", "smtproutes import --add=no", "sshconfig userkey print --user",
                           "wait 0123456789 --seconds", "destconfig new a.example --max-connections",
                           "interfaceconfig edit Data --ssh", "clusterconfig join 127.0.1.2 --fingerprint --port=22",
                           "clusterconfig create a --force", "systemsetup --host-name=a --address=192.0.2.1/24 --relay",
                           "help --all=x", "logconfig hostkeyconfig fingerprint --old"}) {
    FakeDesk desk(the_schema());
    desk.answers["setup.describe"] = [](const auto&) -> protocol::Reply<protocol::Json> {
      return protocol::Json(protocol::JsonObject{});
    };
    desk.settings[{own, "interfaces"}] =
        R"({"postern-interfaces:interfaces":{"interface":[{"name":"Data","address":"192.0.2.7/24","host-name":"a.example"}]}})";
    EXPECT_EQ(run(desk, line, "b.example:x\n").code, 2) << line;
    for (const char* call :
         {"feature.edit", "commit", "setup.run", "cluster.create", "cluster.join_dial", "commit.wait", "user.keys"})
      EXPECT_TRUE(desk.calls_of(call).empty()) << line;
  }
}

TEST(Script, a_byte_order_mark_is_no_part_of_it) {
  FakeDesk desk(the_schema());
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(script(desk, mark + "smtproutes new a.example x\n").code, 0);
  EXPECT_EQ(run(desk, "smtproutes import --add", mark + "b.example : x\n").code, 0);
  EXPECT_EQ(run(desk, "smtproutes print").out, "1. a.example: x:25\n2. b.example: x:25\n");
}

TEST(Script, lines_over_ssh_are_a_script_too) {
  FakeDesk desk(the_schema());
  const std::string lines =
      "# routes: it's \"so\n  # here too\nsmtproutes new a.example mx1.example\n\nsmtproutes new b.example 'mx\n"
      "smtproutes new c.example mx3.example\n";
  const Ran typed = script(desk, lines);
  desk.settings.clear();
  const Ran line = run(desk, lines);
  EXPECT_EQ(line.code, 2);
  EXPECT_EQ(line.err, typed.err);
  EXPECT_NE(line.err.find("Line 5 failed. The lines after it were not run."), std::string::npos) << line.err;
  EXPECT_NE(desk.text(own, "smtp-routes").find("a.example"), std::string::npos) << "what came before is kept";
  EXPECT_EQ(desk.text(own, "smtp-routes").find("c.example"), std::string::npos);
  EXPECT_EQ(run(desk, "# nothing\n").code, 0);
  EXPECT_EQ(run(desk, "version --help\nbatch\n").code, 2) << "a script in a script";
}

TEST(Script, one_refused_edit_is_one_failed_line) {
  for (const char* next : {"smtproutes new c.example mx --start=copy:cluster", "smtproutes edit a.example mx", "smtproutes print",
                           "destconfig edit x.example --max-connections=2", "smtproutes nwe", "destconfig new d.example"}) {
    FakeDesk desk(the_schema());
    const Ran ran = script(desk, fmt::format("smtproutes new a.example mx --start=empty\nsmtproutes new a.example mx "
                                             "--start=empty\n{}\nsmtproutes new e.example mx\n",
                                             next));
    EXPECT_EQ(ran.code, 1) << next;
    EXPECT_EQ(ran.err.find("failed."), ran.err.rfind("failed.")) << next << "\n" << ran.err;
    EXPECT_NE(ran.err.find("Line 2 failed. The lines after it were not run.\n"), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find("A line before"), std::string::npos) << ran.err;
  }
}

}  // namespace
}  // namespace postern::cli::test
