#include "cli/line/words.h"

#include <gtest/gtest.h>

#include "cli/shell/commands.h"
#include "fake_desk.h"
#include "cli/shell/filter.h"
#include "script_console.h"

namespace postern::cli {
namespace {

using Lists = std::vector<std::vector<std::string>>;

Lists words_in(std::string_view line) {
  Lists lists;
  const auto parsed = parse_line(line);
  EXPECT_TRUE(parsed.has_value()) << line;
  if (!parsed) return lists;
  for (const auto& command : *parsed) lists.push_back(command.words);
  return lists;
}

TEST(Line, divides_commands_and_words) {
  EXPECT_EQ(words_in("clustermode cluster; clusterconfig list;"), (Lists{{"clustermode", "cluster"}, {"clusterconfig", "list"}}));
  EXPECT_EQ(words_in("  ;; "), Lists{});
}

TEST(Line, quotes_as_a_shell_does) {
  EXPECT_EQ(words_in(R"(commit "a; b | \"c\" \\ \d" 'it is \' x\;y --text="no thanks" "")"),
            (Lists{{"commit", R"(a; b | "c" \ \d)", R"(it is \)", "x;y", "--text=no thanks", ""}}));
  for (const char* open : {"commit \"a", "commit 'a", "x 'a\\'b\""}) {
    const auto parsed = parse_line(open);
    ASSERT_FALSE(parsed.has_value()) << open;
    EXPECT_EQ(parsed.error().code, base::ErrorCode::usage);
  }
}

TEST(Line, ends_at_its_end_and_has_comments) {
  EXPECT_EQ(words_in("smtproutes new a.example mx1\nsmtproutes new b.example mx2\r\n\n# both; of them\n; # none\nstatus #1"),
            (Lists{{"smtproutes", "new", "a.example", "mx1"}, {"smtproutes", "new", "b.example", "mx2"}, {"status", "#1"}}));
  EXPECT_EQ(words_in("commit \"one\ntwo\""), (Lists{{"commit", "one\ntwo"}})) << "the desk refuses it";
}

TEST(Line, quoted_words_read_back) {
  for (const char* word : {"", "a b", "a\"b\\", "x;y|z", "plain", "it's"}) {
    EXPECT_EQ(words_in("w " + quoted(word)), (Lists{{"w", word}}));
  }
}

TEST(Line, filters_stand_behind_their_command) {
  const auto parsed = parse_line("smtproutes print | grep -i -v \"a b\" | count; status");
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->size(), 2U);
  ASSERT_EQ((*parsed)[0].filters.size(), 2U);
  EXPECT_EQ((*parsed)[0].filters[0].text, "a b");
  EXPECT_TRUE((*parsed)[0].filters[0].ignore_case && (*parsed)[0].filters[0].invert);
  EXPECT_EQ((*parsed)[0].filters[1].kind, Filter::Kind::count);
  for (const char* unknown : {"status | grep -x a", "status | grep a -E", "status | grep -ix a", "status | grep --count a"}) {
    const auto refused = parse_line(unknown);
    ASSERT_FALSE(refused.has_value()) << unknown;
    EXPECT_EQ(refused.error().code, base::ErrorCode::usage);
    EXPECT_NE(refused.error().text.find("of \"| grep\" is unknown"), std::string::npos) << refused.error().text;
  }
  const auto text = parse_line("status | grep -iv -- -x --");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ((*text)[0].filters[0].text, "-x --");
  EXPECT_TRUE((*text)[0].filters[0].ignore_case && (*text)[0].filters[0].invert);
  EXPECT_FALSE(parse_line("status | less").has_value());
  EXPECT_FALSE(parse_line("status | grep").has_value());
  EXPECT_FALSE(parse_line("| count").has_value());
}

TEST(Filters, pass_whole_lines_only) {
  ScriptConsole screen("");
  FilterConsole filter(screen, {{Filter::Kind::grep, "b", false, false}});
  filter.print("a\nb");
  filter.print("b\nab");
  filter.finish();
  EXPECT_EQ(screen.screen(), "bb\nab\n");
}

TEST(Filters, count_what_reached_them) {
  ScriptConsole screen("");
  FilterConsole filter(screen, {{Filter::Kind::grep, "a", true, true}, {Filter::Kind::count, {}, false, false}});
  filter.print("A\nb\nc\n");
  filter.complain("beside\n");
  filter.finish();
  EXPECT_EQ(screen.screen(), "beside\n2\n");
}

TEST(Arguments, take_words_and_options_in_any_order) {
  Arguments arguments({"new", "--Port=25", "IncomingMail", "--json", "--", "--odd"});
  EXPECT_EQ(arguments.take(), "new");
  EXPECT_EQ(arguments.option("port"), "25");
  EXPECT_EQ(arguments.option("port"), std::nullopt);
  EXPECT_FALSE(arguments.finished().has_value());
  EXPECT_EQ(arguments.take_rest(), "IncomingMail --odd");
  EXPECT_FALSE(arguments.finished().has_value());
  EXPECT_EQ(arguments.option("json"), "");
  EXPECT_TRUE(arguments.finished().has_value());
}

TEST(Arguments, know_which_options_have_a_value) {
  for (const char* typed : {"--format", "--format=", "--Format"}) {
    Arguments arguments({typed, "word"});
    EXPECT_EQ(arguments.value("format"), std::nullopt) << typed;
    ASSERT_FALSE(arguments.finished().has_value());
    EXPECT_EQ(arguments.finished().error().text, "The option --format needs a value: --format=...")
        << "before the word that is left";
  }
  Arguments good({"--format=x", "--add"});
  EXPECT_EQ(good.value("format"), "x");
  EXPECT_EQ(good.value("start"), std::nullopt);
  EXPECT_TRUE(good.flag("add"));
  EXPECT_FALSE(good.flag("continue"));
  EXPECT_TRUE(good.finished().has_value());
  Arguments no({"--force=no"});
  EXPECT_TRUE(no.flag("force"));
  EXPECT_FALSE(no.finished().has_value()) << "it would be forced";
}

TEST(Prefixes, must_be_unique_unless_whole) {
  EXPECT_EQ(*by_prefix({"LIST", "LISTDETAIL"}, "list", "x"), "LIST");
  EXPECT_EQ(*by_prefix({"LIST", "LISTDETAIL"}, "listd", "x"), "LISTDETAIL");
  EXPECT_FALSE(by_prefix({"LIST", "LISTDETAIL"}, "li", "x").has_value());
  EXPECT_FALSE(by_prefix({"LIST"}, "", "x").has_value());
}

TEST(Commands, are_found_by_prefix_and_alias) {
  const commands::Table table(test::the_schema());
  const auto find = [&](std::string_view typed) { return find_command(table, typed); };
  EXPECT_EQ((*find("DESTC"))->name, "destconfig");
  EXPECT_EQ((*find("clear"))->name, "clearchanges");
  EXPECT_EQ((*find("?"))->name, "help");
  EXPECT_EQ((*find("clusterch"))->name, "clustercheck");
  EXPECT_EQ((*find("smtpr"))->name, "smtproutes");
  EXPECT_FALSE((*find("who"))->built);
  EXPECT_FALSE(find("clusterm0de").has_value());
  EXPECT_FALSE(find("cluster").has_value());
}

}  // namespace
}  // namespace postern::cli
