#include "line/table_file.h"

#include <gtest/gtest.h>

#include "base/words.h"
#include "features/lines.h"
#include "tests/schema/loaded.h"

/// Tables of other systems: what is taken, what is said of what is not, and that what is written is read again.
namespace postern::line {
namespace {

struct Read {
  std::string data;   ///< the settings that the file made, as JSON
  std::string said;   ///< "LINE text" each; a note in parentheses
  std::string again;  ///< the table written anew
};

/// Reads a file into empty settings (`before` makes the entry that holds a table).
Read read(const std::string& command, const std::string& list, const std::string& format, const std::string& text,
          const Edits& before = {}, const model::Path& parent = {}) {
  const schema::Feature& feature = *schema::loaded().feature_of_command(command);
  const Subject subject{schema::loaded(), feature, schema::loaded().form(feature.name), "Cluster",
                        [] { return base::Result<Standing>(Standing{}); }};
  for (const auto& file : features::line_of(feature.name)->files) {
    if (file.list != list || file.format != format) continue;
    std::vector<Said> said;
    Edits edits = before;
    for (auto& edit : file.read(subject, parent, text, said)) edits.push_back(std::move(edit));
    auto made = model::apply(schema::loaded().empty(feature.name), edits, schema::loaded().shapes(feature.name));
    EXPECT_TRUE(made) << (made ? "" : base::to_text(made.error()));
    if (!made) return {};
    auto tree = schema::loaded().canonical(feature.name, std::move(*made));
    EXPECT_TRUE(tree) << (tree ? "" : base::to_text(tree.error()));
    Read result{schema::loaded().print_data(feature.name, *tree), {}, {}};
    for (const auto& one : said)
      result.said += (one.bad ? "" : "(") + std::to_string(one.line) + " " + one.text + (one.bad ? "\n" : ")\n");
    const model::Node* holder = parent.empty() ? &*tree : tree->child(parent[0].name)->entry(parent[0].keys);
    result.again = file.write(*holder);
    return result;
  }
  ADD_FAILURE() << "no such file";
  return {};
}

TEST(TableFiles, RoutesOfAsyncos) {
  const Read made = read("smtproutes", "route", "asyncos",
                         "# exported\n.example.com:relay1.example.com, [192.0.2.1]:26/pri=5\n\nALL:smart.example\n"
                         "gone.example:/dev/null\nreal.example USEDNS\n");
  EXPECT_EQ(made.said, "");
  EXPECT_EQ(
      made.again,
      ".example.com:192.0.2.1:26/5, relay1.example.com:25\nALL:smart.example:25\ngone.example:/dev/null\nreal.example:USEDNS\n");
  EXPECT_EQ(read("smtproutes", "route", "asyncos", made.again).again, made.again);
}

TEST(TableFiles, EveryBadLineIsNamedAndTheOthersAreTaken) {
  const Read made = read("smtproutes", "route", "asyncos",
                         "a.example:x.example\nbad domain:x.example\nb.example\na.example:y.example\nc.example:x.example:99999\n"
                         "d.example:x.example/pri=\n");
  EXPECT_EQ(base::lines(made.said).size(), 5U) << made.said;
  EXPECT_NE(made.said.find("4 a.example is on line 1 already."), std::string::npos) << made.said;
  EXPECT_EQ(made.again, "a.example:x.example:25\n");
}

TEST(TableFiles, WhatStandsTwiceInALineIsABadLine) {
  const Read routes = read("smtproutes", "route", "asyncos",
                           "a.example:x.example\ndup.example: 192.0.2.1, [192.0.2.1]:25/7\nb.example:x.example, x.example:26\n");
  EXPECT_EQ(routes.said, "2 192.0.2.1 25 stands there twice: take one out.\n");
  EXPECT_EQ(routes.again, "a.example:x.example:25\nb.example:x.example:25, x.example:26\n");
  const Read hops = read("smtproutes", "route", "postfix", "a.example smtp:[x.example], [X.example]:25\n* smtp:[x.example]\n");
  EXPECT_EQ(hops.said, "1 x.example 25 stands there twice: take one out.\n");
  EXPECT_EQ(hops.again, "* smtp:[x.example]:25\n");
  for (const char* format : {"asyncos", "postfix"}) {
    const std::string between = format == std::string("asyncos") ? ": " : " ";
    const Read aliases = read("aliasconfig", "alias", format,
                              "ann@q.example" + between + "b@q.example\ndup@q.example" + between + "a@q.example, A@Q.example\n");
    EXPECT_EQ(aliases.said, "2 a@q.example stands there twice: take one out.\n");
    EXPECT_EQ(aliases.again, "ann@q.example" + between + "b@q.example\n");
  }
  const Read hat = read("listenerconfig", "hat", "asyncos", "MINE:\n    192.0.2.1\n    10.0.0.0/8\n    192.0.2.1\n    RELAY {}\n",
                        {{model::Edit::Op::create, {{"listener", {"In"}}}, {}, {}}}, {{"listener", {"In"}}});
  EXPECT_EQ(hat.said, "4 192.0.2.1 stands there twice: take one out.\n");
  EXPECT_EQ(hat.again, "MINE:\n    10.0.0.0/8\n    192.0.2.1\n    RELAY {}\n");
}

TEST(TableFiles, AMarkAtTheBeginningAndBlanksAroundColonsAreTaken) {
  const std::string mark = "\xEF\xBB\xBF";
  const Read routes =
      read("smtproutes", "route", "asyncos",
           mark + "a.example : x.example\nb.example\t:\tx.example , y.example\nc.example :/dev/null\nd.example  x.example\n");
  EXPECT_EQ(routes.said, "");
  EXPECT_EQ(routes.again,
            "a.example:x.example:25\nb.example:x.example:25, y.example:25\nc.example:/dev/null\nd.example:x.example:25\n");
  EXPECT_EQ(read("smtproutes", "route", "asyncos", mark + "# exported\na.example:x\n").said, "");
  EXPECT_EQ(read("smtproutes", "route", "postfix", mark + "a.example smtp:[x]\n").again, "a.example smtp:[x]:25\n");
  EXPECT_EQ(read("aliasconfig", "alias", "asyncos", mark + "a@q.example : b@q.example\n").again, "a@q.example: b@q.example\n");
  EXPECT_EQ(read("destconfig", "destination", "asyncos", mark + "[a.example]\nmax_host_concurrency=2\n").said, "");
}

TEST(TableFiles, RoutesOfPostfix) {
  const Read made =
      read("smtproutes", "route", "postfix",
           "# transport(5)\nexample.com smtp:[mx1.example.com]:26, [mx2.example.com]\n.example.com\trelay:[2001:db8::1]:25\n"
           "* smtp:[smart.example]\ngone.example discard:\nreal.example smtp:\n"
           "mx.example smtp:other.example\nlocal.example local:\nerr.example error:5.1.1 none\n");
  EXPECT_EQ(made.again,
            ".example.com smtp:[2001:db8::1]:25\n* smtp:[smart.example]:25\n"
            "example.com smtp:[mx1.example.com]:26, [mx2.example.com]:25\ngone.example discard:\nreal.example smtp:\n");
  const auto said = base::lines(made.said);
  ASSERT_EQ(said.size(), 3U) << made.said;
  EXPECT_TRUE(said[0].starts_with("7 \"other.example\" is a domain whose mail exchangers")) << said[0];
  EXPECT_EQ(said[1], "8 The transport \"local\" is none that a route can say: smtp, relay and discard are.");
  EXPECT_EQ(read("smtproutes", "route", "postfix", made.again).again, made.again);
}

TEST(TableFiles, DestinationControlsOfAsyncos) {
  const Read made = read("destconfig", "destination", "asyncos",
                         "[DEFAULT]\nip_sort_pref = PREFER_V6\nmax_host_concurrency=500\nmax_messages_per_connection=50\n"
                         "[slow.example]\nmax_host_concurrency = 2\n[bad domain]\nmax_host_concurrency = 2\n"
                         "[x.example]\nmax_host_concurrency = 0\nnonsense\n[slow.example]\n");
  EXPECT_EQ(made.again,
            "[DEFAULT]\nmax_host_concurrency = 500\nmax_messages_per_connection = 50\n[slow.example]\n"
            "max_host_concurrency = 2\n[x.example]\n");
  const auto said = base::lines(made.said);
  ASSERT_EQ(said.size(), 5U) << made.said;
  EXPECT_EQ(said[0], "(2 ip_sort_pref is not in this version: left out.)");
  EXPECT_TRUE(said[1].starts_with("7 ")) << said[1];
  EXPECT_TRUE(said[2].starts_with("10 ")) << said[2];
  EXPECT_EQ(said[3], "11 \"nonsense\" is no NAME = VALUE.");
  EXPECT_EQ(said[4], "12 slow.example has a section already.");
}

TEST(TableFiles, AliasesOfAsyncos) {
  const Read made = read("aliasconfig", "alias", "asyncos",
                         "# exported\nann@a.example: bob@b.example, carl@C.example\n@old.example: @new.example\n"
                         "info: x@a.example\n[a.example, b.example]\nadmin, root: ops@c.example, eve\n"
                         "ann@a.example: x@a.example\nno colon\nloop: loop\n[]\nnobody@a.example:\n");
  EXPECT_EQ(made.again,
            "@old.example: @new.example\nadmin@a.example: eve@a.example, ops@c.example\n"
            "admin@b.example: eve@b.example, ops@c.example\nann@a.example: bob@b.example, carl@c.example\n"
            "root@a.example: eve@a.example, ops@c.example\nroot@b.example: eve@b.example, ops@c.example\n");
  EXPECT_EQ(base::lines(made.said),
            (std::vector<std::string>{"4 \"info\" has no domain: write info@example.com, or a line [example.com] above.",
                                      "7 ann@a.example is on line 2 already.",
                                      "8 \"no colon\" has no colon: write an alias, a colon, and whom it stands for.",
                                      "9 loop@a.example cannot stand for itself.", "9 loop@b.example cannot stand for itself.",
                                      "10 The brackets name no domain: write [example.com].",
                                      "11 Say whom nobody@a.example stands for."}));
  EXPECT_EQ(read("aliasconfig", "alias", "asyncos", made.again).again, made.again);
}

TEST(TableFiles, AliasesOfPostfix) {
  const Read made = read("aliasconfig", "alias", "postfix",
                         "ann@a.example bob@b.example,\n  carl@c.example\n@old.example\t@new.example\na.example anything\n"
                         "ann x@a.example\nd@a.example @a.example\ne@a.example nonsense\nf@a.example\n");
  EXPECT_EQ(made.again, "@old.example @new.example\nann@a.example bob@b.example, carl@c.example\n");
  const auto said = base::lines(made.said);
  ASSERT_EQ(said.size(), 5U) << made.said;
  EXPECT_TRUE(said[0].starts_with("4 \"a.example\" is no address. A domain alone,")) << said[0];
  EXPECT_TRUE(said[1].starts_with("5 \"ann\" is no address.")) << said[1];
  EXPECT_EQ(said[2], "6 d@a.example can stand for whole addresses only, not for @a.example.");
  EXPECT_TRUE(said[3].starts_with("7 \"nonsense\" cannot be used for")) << said[3];
  EXPECT_EQ(said[4], "8 Say whom f@a.example stands for.");
  EXPECT_EQ(read("aliasconfig", "alias", "postfix", made.again).again, made.again);
}

const Edits in_listener{{model::Edit::Op::create, {{"listener", {"In"}}}, {}, {}}};
const model::Path listener{{"listener", {"In"}}};

TEST(TableFiles, ARatOfAsyncos) {
  const Read made =
      read("listenerconfig", "rat", "asyncos",
           "Example.COM ACCEPT\nspam@example.com REJECT \"Go away\"\nALL REJECT\nx.example MAYBE\ny.example ACCEPT bypass\n",
           in_listener, listener);
  EXPECT_EQ(made.again, "ALL REJECT\nexample.com ACCEPT\nspam@example.com REJECT \"Go away\"\n");
  EXPECT_EQ(made.said,
            "4 \"maybe\" is neither ACCEPT nor REJECT.\n5 \"bypass\" behind ACCEPT is not in this version: take it out.\n");
  EXPECT_EQ(read("listenerconfig", "rat", "asyncos", made.again, in_listener, listener).again, made.again);
}

TEST(TableFiles, AHatOfAsyncos) {
  const Read made =
      read("listenerconfig", "hat", "asyncos",
           "$TRUSTED\n    ACCEPT {\n        max_rcpts_per_hour = -1\n    }\n$MINE\n    RELAY {}\n"
           "RELAYLIST:\n    192.0.2.0/24\n    10.1. (the office)\n    $MINE (our own)\n"
           "BLOCKLIST:\n    203.0.113.9\n    bad.example\n    REJECT {\n        smtp_banner_text = \"Blocked\"\n    }\n"
           "EMPTY:\n    sbrs[-10:-3]\n"
           "198.51.100.7\n    TCPREFUSE (that one)\nALL\n    $ACCEPTED\n",
           in_listener, listener);
  EXPECT_EQ(
      made.again,
      "RELAYLIST:\n    10.1.0.0/16\n    192.0.2.0/24\n    RELAY {}\nBLOCKLIST:\n    203.0.113.9\n    REJECT {\n"
      "        smtp_banner_text = \"Blocked\"\n    }\nRULE19:\n    198.51.100.7\n    REJECT {}\nALL:\n    ALL\n    ACCEPT {}\n");
  const auto said = base::lines(made.said);
  ASSERT_EQ(said.size(), 5U) << made.said;
  EXPECT_EQ(said[0], "(3 max_rcpts_per_hour is not in this version: left out.)");
  EXPECT_TRUE(said[1].starts_with("13 \"bad.example\": this version knows hosts by address only.")) << said[1];
  EXPECT_TRUE(said[2].starts_with("18 \"sbrs[-10:-3]\"")) << said[2];
  EXPECT_EQ(said[3], "17 EMPTY says neither ACCEPT, RELAY nor REJECT.");
  EXPECT_EQ(said[4], "(20 TCPREFUSE is taken as REJECT.)");
  EXPECT_EQ(read("listenerconfig", "hat", "asyncos", made.again, in_listener, listener).again, made.again);
}

}  // namespace
}  // namespace postern::line
