#include "tests/model/trees.h"

namespace postern::model {
namespace {

using Kind = Difference::Kind;

std::vector<std::string> told(const Tree& before, const Tree& after) {
  static const char* const kinds[] = {"+", "-", "~", "^"};
  std::vector<std::string> lines;
  for (const Difference& d : compare(before, after))
    lines.push_back(std::string(kinds[static_cast<int>(d.kind)]) + " " + to_text(d.path) +
                    (d.before.empty() && d.after.empty() ? "" : " " + d.before + ">" + d.after));
  return lines;
}
using Lines = std::vector<std::string>;

TEST(Compare, tells_leaves_entries_and_moves) {
  const Tree before =
      ldap({list("query", {"name"}, {query("a"), query("b", {leaf("limit", "5"), leaf("server", "s")}), query("d")}),
            list("rule", {"a", "b"}, {rule("x", "1", "accept"), rule("x", "2", "reject"), rule("y", "1", "accept")}, true),
            values("tag", {"p", "q"})});
  const Tree after =
      ldap({list("query", {"name"},
                 {query("a", {container("tls", {leaf("mode", "1")})}), query("c", {leaf("limit", "7")}), query("d")}),
            list("rule", {"a", "b"}, {rule("y", "1", "accept"), rule("x", "1", "accept"), rule("x", "2", "accept")}, true),
            values("tag", {"q", "r"}), leaf("mode", "on")});
  EXPECT_EQ(told(before, after), (Lines{
                                     "+ query['a']/tls/mode >1",
                                     "+ query['c']",
                                     "+ query['c']/limit >7",
                                     "- query['b']",
                                     "- query['b']/limit 5>",
                                     "- query['b']/server s>",
                                     "^ rule['y','1']",
                                     "~ rule['x','2']/action reject>accept",
                                     "~ tag p, q>q, r",
                                     "+ mode >on",
                                 }));
  EXPECT_EQ(told(before, before), Lines{});
}

TEST(Compare, empty_against_full) {
  const Tree full = ldap({list("query", {"name"}, {query("a", {leaf("limit", "5")})}), leaf("mode", "on")});
  EXPECT_EQ(told(ldap({}), full), (Lines{"+ query['a']", "+ query['a']/limit >5", "+ mode >on"}));
  EXPECT_EQ(told(full, ldap({})), (Lines{"- query['a']", "- query['a']/limit 5>", "- mode on>"}));
}

/// Edits that do what differences say; the order of user-ordered entries is not in them.
std::vector<Edit> edits_of(const std::vector<Difference>& differences, const Tree& after) {
  std::vector<Edit> edits;
  for (const Difference& d : differences) {
    const std::string& last = d.path.back().name;
    const bool is_list = last == "query" || last == "rule";
    const bool is_values = last == "tag" || (last == "server" && d.path.size() == 1);
    if (d.kind == Kind::moved) continue;
    if (is_values) {
      edits.push_back({Edit::Op::clear, d.path, {}, {}});
      if (const Node* node = after.child(last))
        for (const std::string& value : node->values) edits.push_back({Edit::Op::insert, d.path, value, {}});
    } else if (d.kind == Kind::removed) {
      edits.push_back({Edit::Op::clear, d.path, {}, {}});
    } else if (is_list) {
      edits.push_back({Edit::Op::create, d.path, {}, {}});
    } else {
      edits.push_back({Edit::Op::set, d.path, d.after, {}});
    }
  }
  for (const Node& entry : after.entries("rule")) edits.push_back({Edit::Op::move, {{"rule", entry.key_values(2)}}, {}, {}});
  return edits;
}

TEST(Compare, edits_made_of_the_differences_lead_there) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const Tree before = random_tree(random);
    const Tree after = random_tree(random);
    const auto got = apply(before, edits_of(compare(before, after), after), test_shapes);
    ASSERT_TRUE(got) << base::to_text(got.error());
    EXPECT_EQ(told(*got, after), Lines{}) << i;
    EXPECT_EQ(compare(before, after).empty(), before == after) << i;
  }
}

TEST(Compare, moves_as_few_as_possible) {
  std::vector<Node> rules;
  for (const char* b : {"1", "2", "3", "4", "5"}) rules.push_back(rule("x", b, "accept"));
  const Tree before = ldap({list("rule", {"a", "b"}, rules, true)});
  std::rotate(rules.begin(), rules.begin() + 1, rules.end());
  EXPECT_EQ(told(before, ldap({list("rule", {"a", "b"}, rules, true)})), Lines{"^ rule['x','1']"});
  rules.erase(rules.begin());
  EXPECT_EQ(told(before, ldap({list("rule", {"a", "b"}, rules, true)})),
            (Lines{"- rule['x','2']", "- rule['x','2']/action accept>", "^ rule['x','1']"}));
}

Tree merged(const Tree& base, const Tree& mine, const Tree& theirs) {
  const auto got = merge3(base, mine, theirs);
  if (!got) ADD_FAILURE() << base::to_text(got.error());
  return got ? *got : Tree{};
}
std::string conflict(const Tree& base, const Tree& mine, const Tree& theirs) {
  const auto got = merge3(base, mine, theirs);
  if (got) return "merged";
  EXPECT_EQ(got.error().code, base::ErrorCode::conflict);
  return base::to_text(got.error());
}

TEST(Merge, disjoint_changes_come_together) {
  const Tree base =
      ldap({list("query", {"name"}, {query("a", {leaf("limit", "1"), leaf("server", "s")}), query("b")}), leaf("mode", "on")});
  const Tree mine =
      ldap({list("query", {"name"}, {query("a", {leaf("limit", "2"), leaf("server", "s")}), query("b"), query("c")}),
            leaf("mode", "on")});
  const Tree theirs =
      ldap({list("query", {"name"}, {query("a", {leaf("limit", "1"), leaf("server", "t")})}), values("tag", {"p"})});
  EXPECT_EQ(
      merged(base, mine, theirs),
      ldap({list("query", {"name"}, {query("a", {leaf("limit", "2"), leaf("server", "t")}), query("c")}), values("tag", {"p"})}));
}

TEST(Merge, one_entry_replaced_by_both_is_a_conflict_inside_an_entry) {
  const auto hosts = [](const std::vector<std::string>& names) {
    std::vector<Node> entries;
    for (const auto& name : names) entries.push_back(query(name.c_str()));
    return ldap({list("query", {"name"}, {query("a", {list("host", {"name"}, entries)})})});
  };
  EXPECT_EQ(conflict(hosts({"x"}), hosts({"y"}), hosts({"z"})),
            "query['a']/host['x']: Both sides replaced this entry. Keep one side's settings, or edit them by hand.");
  EXPECT_EQ(conflict(hosts({"x", "w"}), hosts({"w"}), hosts({"w", "z"})),
            "query['a']/host['x']: Both sides replaced this entry. Keep one side's settings, or edit them by hand.");
  EXPECT_EQ(merged(hosts({"w", "x"}), hosts({"w", "y"}), hosts({"w", "y"})), hosts({"w", "y"}));
  EXPECT_EQ(merged(hosts({"w", "x"}), hosts({"w", "y"}), hosts({"w", "x", "z"})), hosts({"w", "y", "z"}));
  EXPECT_EQ(merged(hosts({"w", "x"}), hosts({"v", "x"}), hosts({"w", "z"})), hosts({"v", "z"})) << "different entries";
  // At the top a key is a name, and both may have done with one.
  const auto top = [](const std::vector<std::string>& names) {
    std::vector<Node> entries;
    for (const auto& name : names) entries.push_back(query(name.c_str()));
    return ldap({list("query", {"name"}, entries)});
  };
  EXPECT_EQ(merged(top({"x"}), top({"y"}), top({"z"})), top({"y", "z"}));
}

TEST(Merge, conflicts_name_the_path) {
  const auto limit = [](const char* value) { return ldap({list("query", {"name"}, {query("a", {leaf("limit", value)})})}); };
  EXPECT_EQ(conflict(limit("1"), limit("2"), limit("3")),
            "query['a']/limit: Both sides changed this value. Keep one side's settings, or edit "
            "them by hand.");
  EXPECT_EQ(merged(limit("1"), limit("2"), limit("2")), limit("2"));
  EXPECT_EQ(conflict(limit("1"), ldap({}), limit("3")),
            "query['a']: One side removed this entry and the other changed it. Keep one side's "
            "settings, or edit them by hand.");
  EXPECT_EQ(conflict(limit("1"), limit("3"), ldap({})),
            "query['a']: One side removed this entry and the other changed it. Keep one side's "
            "settings, or edit them by hand.");
  EXPECT_EQ(conflict(ldap({}), limit("1"), limit("3")),
            "query['a']/limit: Both sides changed this value. Keep one side's settings, or edit "
            "them by hand.");
}

Tree in_order(std::initializer_list<const char*> order) {
  std::vector<Node> rules;
  for (const char* b : order) rules.push_back(rule("x", b, "accept"));
  return ldap({list("rule", {"a", "b"}, std::move(rules), true)});
}

TEST(Merge, one_may_reorder_and_the_other_add_and_remove) {
  const Tree base = in_order({"1", "2", "3", "4"});
  EXPECT_EQ(merged(base, in_order({"4", "1", "2", "3"}), in_order({"1", "2", "9", "4"})), in_order({"4", "1", "2", "9"}));
  EXPECT_EQ(merged(base, in_order({"1", "2", "9", "4"}), in_order({"4", "1", "2", "3"})), in_order({"4", "1", "2", "9"}));
  EXPECT_EQ(merged(base, in_order({"0", "1", "2", "3", "4"}), in_order({"1", "2", "3", "4", "5"})),
            in_order({"0", "1", "2", "3", "4", "5"}));
  EXPECT_EQ(merged(base, in_order({"2", "1", "3", "4"}), in_order({"2", "1", "3", "4"})), in_order({"2", "1", "3", "4"}));
}

TEST(Merge, both_reordered_is_a_conflict) {
  const Tree base = in_order({"1", "2", "3"});
  EXPECT_EQ(conflict(base, in_order({"2", "1", "3"}), in_order({"1", "3", "2"})),
            "rule: Both sides changed the order of these entries. Keep one side's settings, or "
            "edit them by hand.");
}

TEST(Merge, laws_over_random_trees) {
  std::mt19937 random(7);
  int merges = 0;
  for (int i = 0; i < 5000; ++i) {
    const Tree b = random_tree(random);
    const Tree m = random_tree(random);
    const Tree t = random_tree(random);
    ASSERT_EQ(merged(b, m, b), m) << i;
    ASSERT_EQ(merged(b, b, t), t) << i;
    ASSERT_EQ(merged(b, m, m), m) << i;
    const auto one = merge3(b, m, t);
    const auto other = merge3(b, t, m);
    ASSERT_EQ(one.has_value(), other.has_value()) << i;
    merges += one.has_value() ? 1 : 0;
  }
  EXPECT_GT(merges, 10);
}

/// Few changes on each side, in places of their own most of the time.
Tree changed_a_little(const Tree& tree, std::mt19937& random) {
  Tree after = tree;
  const std::vector<Edit> some{edit(Edit::Op::set, "query['a']/limit", std::to_string(random() % 9)),
                               edit(Edit::Op::set, "query['b']/server", "s" + std::to_string(random() % 9)),
                               edit(Edit::Op::clear, "query['c']"),
                               edit(Edit::Op::set, "query['d']/tls/mode", "1"),
                               edit(Edit::Op::set, "mode", std::to_string(random() % 9)),
                               edit(Edit::Op::clear, "rule['x','1']"),
                               edit(Edit::Op::set, "rule['y','9']/action", "accept")};
  const auto got = apply(tree, {some[random() % some.size()]}, test_shapes);
  if (!got) return tree;
  return *got;
}

TEST(Merge, holds_exactly_what_either_side_changed) {
  std::mt19937 random(9);
  int merges = 0;
  for (int i = 0; i < 3000; ++i) {
    const Tree b = random_tree(random);
    const Tree m = changed_a_little(b, random);
    const Tree t = changed_a_little(b, random);
    const auto got = merge3(b, m, t);
    if (!got) continue;
    ++merges;
    std::vector<std::string> wanted = told(b, m);
    for (const std::string& line : told(b, t))
      if (std::find(wanted.begin(), wanted.end(), line) == wanted.end()) wanted.push_back(line);
    std::vector<std::string> found = told(b, *got);
    std::sort(wanted.begin(), wanted.end());
    std::sort(found.begin(), found.end());
    ASSERT_EQ(found, wanted) << i;
  }
  EXPECT_GT(merges, 2000);
}

}  // namespace
}  // namespace postern::model
