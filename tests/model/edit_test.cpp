#include "tests/model/trees.h"

namespace postern::model {
namespace {

using Op = Edit::Op;

TEST(Path, there_and_back) {
  for (const char* text : {"", "route", "route['.example.com']", "route['a']/destination['127.0.0.9','25']/preference",
                           "rat[\"o'brien@example.com\"]/action", "a['']", "a['','']"}) {
    const auto parsed = parse_path(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_text(*parsed), text);
  }
  EXPECT_EQ(path("route['.example.com']/destination['h','25']"),
            (Path{{"route", {".example.com"}}, {"destination", {"h", "25"}}}));
}

TEST(Path, any_key_value_comes_back) {
  for (const std::string key : {"'", "\"", "'\"", "\"'", "\"\"", "'','", "']/x['", "", "]", "''\"\"''"}) {
    const Path one{{"list", {key, "b", key}}};
    EXPECT_EQ(parse_path(to_text(one)).value(), one) << key;
  }
}

TEST(Path, refuses_with_the_place) {
  const auto refused = [](const char* text) {
    const auto got = parse_path(text);
    return got ? std::string("taken") : got.error().text;
  };
  EXPECT_EQ(refused("/route"), "This path has \"/\" at character 1 where a setting's name is expected.");
  EXPECT_EQ(refused("route/"), "This path has the end at character 7 where a setting's name is expected.");
  EXPECT_EQ(refused("route[a]"), "This path has \"a\" at character 7 where a key value in quotes is expected.");
  EXPECT_EQ(refused("route['a'"), "This path has the end at character 10 where \",\" or \"]\" is expected.");
  EXPECT_EQ(refused("route['a"), "This path has the end at character 9 where a closing ' is expected.");
  EXPECT_EQ(refused("route['a']x"), "This path has \"x\" at character 11 where \"/\" is expected.");
  EXPECT_EQ(refused("a b"), "This path has \" \" at character 2 where \"/\" is expected.");
}

TEST(Ops, have_names) {
  for (const Op op : {Op::create, Op::set, Op::remove, Op::clear, Op::insert, Op::erase, Op::move})
    EXPECT_EQ(parse_op(op_name(op)).value(), op);
  EXPECT_EQ(parse_op("destroy").error().code, base::ErrorCode::usage);
}

Tree applied(const Tree& before, const std::vector<Edit>& edits) {
  const auto after = apply(before, edits, test_shapes);
  if (!after) ADD_FAILURE() << base::to_text(after.error());
  return after ? *after : Tree{};
}
std::string refused(const Tree& before, const Edit& one) {
  const auto after = apply(before, {one}, test_shapes);
  return after ? std::string("taken") : std::string(base::error_name(after.error().code)) + " " + base::to_text(after.error());
}

const Tree two_queries = ldap({list("query", {"name"}, {query("a"), query("b", {leaf("limit", "5")})})});
const Tree three_rules =
    ldap({list("rule", {"a", "b"}, {rule("x", "1", "accept"), rule("x", "2", "reject"), rule("y", "1", "accept")}, true)});

TEST(Apply, create_and_set) {
  EXPECT_EQ(applied(ldap({}), {edit(Op::create, "query['a']"), edit(Op::set, "query['b']/limit", "5")}), two_queries);
  EXPECT_EQ(applied(ldap({}), {edit(Op::set, "query['a']/tls/mode", "strict")}),
            ldap({list("query", {"name"}, {query("a", {container("tls", {leaf("mode", "strict")})})})}));
  EXPECT_EQ(applied(two_queries, {edit(Op::set, "query['a']/name", "a")}), two_queries);
}

TEST(Apply, create_and_move_in_user_order) {
  const Tree tree = applied(three_rules, {edit(Op::create, "rule['z','9']", "", {"x", "2"}), edit(Op::create, "rule['z','8']")});
  std::vector<std::string> order;
  for (const Node& entry : tree.entries("rule")) order.push_back(std::string(entry.leaf("a")) + std::string(entry.leaf("b")));
  EXPECT_EQ(order, (std::vector<std::string>{"x1", "z9", "x2", "y1", "z8"}));
  const Tree last = applied(three_rules, {edit(Op::move, "rule['x','1']")});
  EXPECT_EQ(last.entries("rule")[2].leaf("b"), "1");
  EXPECT_EQ(last.entries("rule")[0].leaf("b"), "2");
  EXPECT_EQ(applied(last, {edit(Op::move, "rule['x','1']", "", {"x", "2"})}), three_rules);
  EXPECT_EQ(applied(three_rules, {edit(Op::move, "rule['x','1']", "", {"x", "1"})}), three_rules);
}

TEST(Apply, remove_and_clear) {
  EXPECT_EQ(applied(two_queries, {edit(Op::remove, "query['b']/limit")}),
            ldap({list("query", {"name"}, {query("a"), query("b")})}));
  EXPECT_EQ(applied(two_queries, {edit(Op::remove, "query['a']"), edit(Op::clear, "query['a']"),
                                  edit(Op::clear, "query['a']/limit"), edit(Op::remove, "query['b']")}),
            ldap({}));
  EXPECT_EQ(applied(two_queries, {edit(Op::remove, "query")}), ldap({}));
  EXPECT_EQ(applied(two_queries, {edit(Op::remove, "")}), ldap({}));
}

TEST(Apply, values) {
  EXPECT_EQ(applied(ldap({}), {edit(Op::insert, "tag", "p"), edit(Op::insert, "tag", "q"), edit(Op::erase, "tag", "p")}),
            ldap({values("tag", {"q"})}));
  EXPECT_EQ(
      applied(ldap({values("server", {"p", "q"}, true)}),
              {edit(Op::insert, "server", "r", {"q"}), edit(Op::move, "server", "p"), edit(Op::move, "server", "q", {"r"})}),
      ldap({values("server", {"q", "r", "p"}, true)}));
  EXPECT_EQ(applied(ldap({values("tag", {"q"})}), {edit(Op::erase, "tag", "q")}), ldap({}));
}

TEST(Apply, refuses) {
  EXPECT_EQ(refused(two_queries, edit(Op::create, "query['a']")), "exists query['a']: There is a query a already.");
  EXPECT_EQ(refused(two_queries, edit(Op::remove, "query['c']")), "not-found query['c']: There is no query c.");
  EXPECT_EQ(refused(two_queries, edit(Op::remove, "query['a']/limit")),
            "not-found query['a']/limit: There is no limit of query a.");
  EXPECT_EQ(refused(two_queries, edit(Op::remove, "query['c']/limit")), "not-found query['c']/limit: There is no query c.");
  EXPECT_EQ(refused(two_queries, edit(Op::set, "query['a']/name", "z")),
            "invalid query['a']/name: name names this entry and cannot be changed. Create an entry "
            "with the new name, then remove "
            "this one.");
  EXPECT_EQ(refused(two_queries, edit(Op::remove, "query['a']/name")),
            "invalid query['a']/name: name names this entry: remove the entry.");
  EXPECT_EQ(refused(two_queries, edit(Op::set, "query['a']", "z")),
            "invalid query['a']: query is not a single value, so \"set\" does not apply to it.");
  EXPECT_EQ(refused(two_queries, edit(Op::create, "query")),
            "invalid query: An entry of query is named by 1 key value(s): name.");
  EXPECT_EQ(refused(two_queries, edit(Op::create, "query['z']", "", {"a"})),
            "invalid query['z']: The entries of query have no order.");
  EXPECT_EQ(refused(two_queries, edit(Op::move, "query['a']")), "invalid query['a']: The entries of query have no order.");
  EXPECT_EQ(refused(two_queries, edit(Op::set, "prio", "1")), "not-found prio: There is no such setting.");
  EXPECT_EQ(refused(two_queries, edit(Op::set, "", "1")), "invalid \"set\" needs the path of a single value.");
  EXPECT_EQ(refused(two_queries, edit(Op::set, "mode/x", "1")), "not-found mode/x: There is no such setting.");
  EXPECT_EQ(refused(three_rules, edit(Op::move, "rule['x','9']")), "not-found rule['x','9']: There is no rule x 9.");
  EXPECT_EQ(refused(three_rules, edit(Op::move, "rule['x','1']", "", {"q", "q"})),
            "not-found rule['x','1']: There is no rule q q to go before.");
  EXPECT_EQ(refused(ldap({values("tag", {"p"})}), edit(Op::insert, "tag", "p")), "exists tag: \"p\" is there already.");
  EXPECT_EQ(refused(ldap({}), edit(Op::erase, "tag", "p")), "not-found tag: There is no \"p\" here.");
  EXPECT_EQ(refused(ldap({}), edit(Op::insert, "tag", "p", {"q"})), "invalid tag: The values of tag have no order.");
}

TEST(Apply, is_all_or_nothing) {
  const Tree before = two_queries;
  EXPECT_FALSE(apply(before, {edit(Op::remove, "query['a']"), edit(Op::remove, "query['a']")}, test_shapes));
  EXPECT_EQ(before, two_queries);
}

}  // namespace
}  // namespace postern::model
