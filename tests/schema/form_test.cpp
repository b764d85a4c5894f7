#include "base/words.h"
#include "tests/schema/loaded.h"

#include <algorithm>
#include <array>
#include <thread>

namespace postern::schema {
namespace {

using Names = std::vector<std::string>;
using Kind = model::Node::Kind;

Names children(const Form& form) {
  Names names;
  for (const Form& child : form.children) names.push_back(child.name);
  return names;
}

TEST(Features, commands_titles_and_scopes) {
  const auto line = [](const char* command) {
    const Feature& f = *loaded().feature_of_command(command);
    return f.command + " " + f.name + " " + f.title + " " + std::to_string(static_cast<int>(f.scope)) + " " +
           (f.has_factory_default ? "factory " : "") + f.factory;
  };
  EXPECT_EQ(
      line("destconfig"),
      R"(destconfig destination-controls Destination controls 0 factory {"postern-destination-controls:destination-controls":{"destination":[{"domain":"Default","maximum-connections":500,"messages-per-connection":50}]}})");
  EXPECT_EQ(line("interfaceconfig"), R"(interfaceconfig interfaces Interfaces 1 {"postern-interfaces:interfaces":{}})");
  EXPECT_EQ(line("smtproutes"), R"(smtproutes smtp-routes SMTP routes 0 {"postern-smtp-routes:smtp-routes":{}})");
  EXPECT_TRUE(std::ranges::is_sorted(loaded().features(), {}, &Feature::command));
  EXPECT_EQ(loaded().feature_of_command("smtproutes")->name, "smtp-routes");
  EXPECT_EQ(loaded().feature_of_command("ldapconfig"), nullptr);
  EXPECT_EQ(loaded().feature("ldap"), nullptr);
}

TEST(Features, factory_settings_are_settings) {
  for (const Feature& f : loaded().features()) {
    const auto tree = loaded().parse(f.name, f.factory);
    ASSERT_TRUE(tree) << base::to_text(tree.error());
    EXPECT_EQ(*tree, loaded().factory(f.name));
  }
}

TEST(Forms, routes) {
  const Form& form = loaded().form("smtp-routes");
  EXPECT_EQ(form.kind, Kind::container);
  ASSERT_EQ(children(form), Names{"route"});
  const Form& route = form.children[0];
  EXPECT_EQ(route.kind, Kind::list);
  EXPECT_EQ(route.keys, Names{"domain"});
  EXPECT_EQ(route.label, "route");
  EXPECT_EQ(children(route), (Names{"domain", "action", "destination"}));
  const Form* action = route.child("action");
  EXPECT_EQ(action->type, "enumeration");
  EXPECT_EQ(action->choices, (Names{"hosts", "drop", "mx"}));
  EXPECT_EQ(action->fallback, "hosts");
  EXPECT_FALSE(action->mandatory);
  const Form* destination = route.child("destination");
  EXPECT_EQ(destination->keys, (Names{"host", "port"}));
  EXPECT_EQ(destination->when_hint, "action=hosts");
  EXPECT_EQ(destination->child("port")->type, "uint16");
  EXPECT_EQ(route.child("domain")->label, "the domain for this route");
}

TEST(Forms, listeners) {
  const Form& listener = loaded().form("listeners").children.at(0);
  const Form* interface_name = listener.child("interface");
  EXPECT_EQ(interface_name->type, "leafref");
  EXPECT_EQ(interface_name->refers_to, "interfaces/interface/name");
  EXPECT_EQ(interface_name->dangling, Dangling::warn);
  EXPECT_TRUE(interface_name->mandatory);
  EXPECT_EQ(listener.child("maximum-message-size")->units, "bytes");
  EXPECT_EQ(listener.child("maximum-message-size")->fallback, "20971520");
  EXPECT_TRUE(listener.child("hat")->user_ordered);
  EXPECT_FALSE(listener.child("rat")->user_ordered);
  EXPECT_EQ(listener.child("hat")->child("sender")->kind, Kind::leaf_list);
  // A description of several lines is one line of help.
  EXPECT_EQ(interface_name->hint,
            "The interface, by the name it has on each machine. Where a machine has none of that "
            "name, the listener is off "
            "on it.");
  const Form& ccs = *loaded().form("interfaces").children.at(0).child("ccs");
  EXPECT_EQ(ccs.kind, Kind::container);
  EXPECT_EQ(ccs.child("enabled")->choices, (Names{"true", "false"}));
  EXPECT_EQ(ccs.child("enabled")->fallback, "false");
}

TEST(Forms, shapes_answer_for_edits) {
  const model::Shapes shapes = loaded().shapes("smtp-routes");
  const auto shape = shapes.ask(shapes.context, {"route", "destination"});
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape->kind, Kind::list);
  EXPECT_EQ(shape->keys, (Names{"host", "port"}));
  const auto none = shapes.ask(shapes.context, {"route", "prio"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, base::ErrorCode::not_found);
  EXPECT_EQ(none.error().text, "There is no setting \"prio\" in route: use domain, action or destination.");
}

TEST(Leaf, checked_on_its_own) {
  const auto check = [](const char* feature, const Names& path, std::string_view value) {
    const auto got = loaded().check_leaf(feature, path, value);
    return got ? *got : "! " + base::to_text(got.error());
  };
  EXPECT_EQ(check("smtp-routes", {"route", "domain"}, "Example.COM"), "example.com");
  EXPECT_EQ(check("smtp-routes", {"route", "domain"}, "all"), "ALL");
  for (const char* address : {"192.0.2.7", "127.1", "7", "0x7f000001", "a.0x1F", ".10"})
    EXPECT_NE(check("smtp-routes", {"route", "domain"}, address).find("cannot be used"), std::string::npos) << address;
  EXPECT_EQ(check("smtp-routes", {"route", "domain"}, "7.example"), "7.example");
  EXPECT_EQ(check("smtp-routes", {"route", "domain"}, "a.0xg"), "a.0xg");
  EXPECT_EQ(check("smtp-routes", {"route", "domain"}, "." + std::string(60, 'a') + ".example"),
            "." + std::string(60, 'a') + ".example");
  EXPECT_NE(check("interfaces", {"interface", "host-name"}, "bad_host.example.com").find("such as mail.example.com"),
            std::string::npos);
  for (const char* host : {"127.1", "0x7f000001", "010.0.0.1", "192.0.2.300"})
    EXPECT_NE(check("smtp-routes", {"route", "destination", "host"}, host).find("cannot be used"), std::string::npos) << host;
  EXPECT_EQ(check("smtp-routes", {"route", "destination", "port"}, "0025"), "25");
  EXPECT_EQ(check("smtp-routes", {"route", "destination", "host"}, "::1"), "[::1]");
  EXPECT_EQ(check("dns", {"server"}, "9.9.9.9"), "9.9.9.9");
  EXPECT_EQ(check("listeners", {"listener", "interface"}, "Anything"), "Anything");
  EXPECT_EQ(check("listeners", {"listener", "interface"}, "a b"),
            "! listener/interface: \"a b\" cannot be used for the interface for this listener. Use "
            "letters, digits, dots, "
            "underscores and hyphens only.");
  EXPECT_EQ(check("smtp-routes", {"route", "destination", "port"}, "x\n"),
            "! route/destination/port: \"x\\x0a\" cannot be used for the port of the destination "
            "host. A port is a number "
            "from 1 to 65535.");
  EXPECT_EQ(check("interfaces", {"interface", "address"}, "10.0.0.1"),
            "! interface/address: \"10.0.0.1\" cannot be used for the IP address and prefix "
            "length. Enter an address with its "
            "network's length, such as 192.0.2.1/24.");
  EXPECT_EQ(check("interfaces", {"interface", "name"}, std::string_view("a\0b", 3)),
            "! interface/name: \"a\\x00b\" cannot be used for a name for this IP interface. Use "
            "letters, digits, dots, "
            "underscores and hyphens only.");
  EXPECT_EQ(check("interfaces", {"interface"}, "x"), "! interface is not a single value.");
  EXPECT_EQ(check("interfaces", {"interface", "name"}, ""),
            "! interface/name: \"\" cannot be used for a name for this IP interface. Use 1 to 31 "
            "characters.");
}

model::Edit edit(model::Edit::Op op, const char* path, const char* value = "") {
  return {op, *model::parse_path(path), value, {}};
}

struct Domains {
  std::string feature;
  std::vector<std::string> path;
  std::string word;  ///< of the table; empty: it has none
};
const std::vector<Domains> domains{{"smtp-routes", {"route", "domain"}, "ALL"},
                                   {"listeners", {"listener", "rat", "address"}, "ALL"},
                                   {"destination-controls", {"destination", "domain"}, "Default"},
                                   {"aliases", {"alias", "address"}, ""},
                                   {"aliases", {"alias", "target"}, ""},
                                   {"smtp-routes", {"route", "destination", "host"}, ""},
                                   {"interfaces", {"interface", "host-name"}, ""}};

TEST(Leaf, only_the_ascii_word_is_a_keyword) {
  for (const auto& [feature, path, word] : domains) {
    if (word.empty()) continue;
    for (const std::string& typed : {word, base::lower(word), base::upper(word)})
      EXPECT_EQ(*loaded().check_leaf(feature, path, typed), word);
    std::string wide;  // fullwidth letters, which IDNA maps to those of ASCII
    for (const char c : base::upper(word)) wide += {'\xEF', '\xBC', static_cast<char>(0x80 + (c - 0x20))};
    const auto read = loaded().check_leaf(feature, path, wide);
    ASSERT_FALSE(read) << feature;
    EXPECT_NE(read.error().text.find("type " + word + " if that is meant"), std::string::npos) << read.error().text;
  }
}

TEST(Leaf, a_keyword_of_another_table_is_no_domain) {
  for (const auto& [feature, path, word] : domains) {
    for (const std::string keyword : {"ALL", "All", "DEFAULT", "usedns", "\xEF\xBC\xB5SEDNS"}) {
      const bool address = feature == "aliases";
      const bool host = path.back() == "host" || path.back() == "host-name";
      std::vector<std::string> all{(address ? "a@" : "") + keyword};
      if (address) all.push_back("@" + keyword);
      if (!address && !host) all.push_back("." + keyword);
      for (const auto& typed : all) {
        if (base::upper(typed) == base::upper(word)) continue;
        const auto read = loaded().check_leaf(feature, path, typed);
        ASSERT_FALSE(read) << feature << " " << typed << " became " << *read;
        EXPECT_NE(read.error().text.find(word.empty() ? "is a word of other tables" : "is " + word + " here"), std::string::npos)
            << read.error().text;
      }
    }
    EXPECT_TRUE(loaded().check_leaf(feature, path, feature == "aliases" ? "all@default.example" : "all.example"));
  }
  // Whatever an older version has taken can go.
  std::vector<model::Edit> edits{{model::Edit::Op::remove, {{"destination", {"all"}}}, {}, {}}};
  EXPECT_TRUE(loaded().canonical_edits("destination-controls", edits));
  edits[0].op = model::Edit::Op::create;
  EXPECT_FALSE(loaded().canonical_edits("destination-controls", edits));
}

TEST(Edits, become_canonical_and_apply) {
  using Op = model::Edit::Op;
  const auto before = parsed("smtp-routes", R"({"route":[{"domain":"example.com","action":"mx"}]})");
  const auto edits =
      loaded().canonical_edits("smtp-routes", {edit(Op::set, "route['Example.COM']/action", "hosts"),
                                               edit(Op::create, "route['EXAMPLE.com']/destination['2001:DB8::1','0025']"),
                                               edit(Op::create, "route['all']"), edit(Op::set, "route['ALL']/action", "drop")});
  ASSERT_TRUE(edits) << base::to_text(edits.error());
  const auto after = model::apply(before, *edits, loaded().shapes("smtp-routes"));
  ASSERT_TRUE(after) << base::to_text(after.error());
  const auto canonical = loaded().canonical("smtp-routes", *after);
  ASSERT_TRUE(canonical) << base::to_text(canonical.error());
  EXPECT_EQ(loaded().print_data("smtp-routes", *canonical),
            R"({"route":[{"domain":"ALL","action":"drop"},{"domain":"example.com","action":"hosts",)"
            R"("destination":[{"host":"[2001:db8::1]","port":25}]}]})");
}

TEST(Edits, name_the_entry_that_they_go_before_in_whatever_case) {
  using Op = model::Edit::Op;
  auto before = edit(Op::create, "route['b.example']");
  before.anchor = {"Example.COM"};
  auto server = edit(Op::move, "server", "[2001:DB8::1]:53");
  server.anchor = {"[2001:DB8::2]:053"};
  EXPECT_EQ(loaded().canonical_edits("smtp-routes", {before}).value().at(0).anchor, std::vector<std::string>{"example.com"});
  EXPECT_EQ(loaded().canonical_edits("dns", {server}).value().at(0).anchor, std::vector<std::string>{"[2001:db8::2]:53"});
}

TEST(Edits, have_domains_and_hosts_in_their_own_letters) {
  using Op = model::Edit::Op;
  const auto edits = loaded().canonical_edits("smtp-routes", {edit(Op::create, "route['bücher.example']"),
                                                              edit(Op::create, "route['a']/destination['Bücher.example','25']")});
  ASSERT_TRUE(edits) << base::to_text(edits.error());
  EXPECT_EQ(model::to_text(edits->at(0).path), "route['xn--bcher-kva.example']");
  EXPECT_EQ(model::to_text(edits->at(1).path), "route['a']/destination['xn--bcher-kva.example','25']");
}

TEST(Edits, are_refused_with_their_path) {
  using Op = model::Edit::Op;
  const auto refused = [](const model::Edit& one) {
    const auto got = loaded().canonical_edits("smtp-routes", {one});
    return got ? std::string("taken") : base::to_text(got.error());
  };
  EXPECT_EQ(refused(edit(Op::set, "route['a']/action", "lose")),
            "route['a']/action: \"lose\" cannot be used for the action for this route. Enter "
            "hosts, drop or mx.");
  EXPECT_EQ(refused(edit(Op::create, "route['a b']")),
            "route['a b']: \"a b\" cannot be used for the domain for this route. Enter a domain "
            "such as example.com, or "
            ".example.com for all that is below it.");
  EXPECT_EQ(refused(edit(Op::create, "route['a']/destination['h']")),
            "route['a']/destination['h']: An entry of destination is named by 2 key value(s): "
            "host, port.");
  EXPECT_EQ(refused(edit(Op::set, "route['a']/prio", "5")),
            "route['a']/prio: There is no setting \"prio\" in route: use domain, action or destination.");
}

TEST(Trees, canonical_refuses_what_the_schema_does_not_know) {
  auto tree = parsed("dns", R"({"source":"root"})");
  tree.children[0].name = "sauce";
  const auto got = loaded().canonical("dns", tree);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().text, "There is no setting \"sauce\" in dns: use source, server or domain-server.");
  const auto other = loaded().canonical("dns", loaded().empty("listeners"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().text, "These are settings of \"listeners\", not of \"dns\".");
}

TEST(Trees, defaults_are_filled_in_and_never_printed_before) {
  const auto tree =
      parsed("interfaces", R"({"interface":[{"name":"M","address":"10.0.0.1/8","host-name":"m","ssh":{"port":23}}]})");
  const auto filled = loaded().with_defaults("interfaces", tree);
  const model::Node& entry = filled.entries("interface").at(0);
  EXPECT_EQ(entry.child("ssh")->leaf("port"), "23");
  EXPECT_EQ(entry.child("ssh")->leaf("enabled"), "true");
  EXPECT_EQ(entry.child("ccs")->leaf("port"), "2222");
  EXPECT_EQ(entry.child("https")->leaf("enabled"), "true");
  EXPECT_EQ(tree.entries("interface").at(0).child("https"), nullptr);
  EXPECT_EQ(loaded().with_defaults("dns", loaded().empty("dns")).leaf("source"), "system");
  EXPECT_EQ(loaded()
                .with_defaults("smtp-routes", parsed("smtp-routes", R"({"route":[{"domain":"a"}]})"))
                .entries("route")[0]
                .leaf("action"),
            "hosts");
}

TEST(Version, is_stable_and_not_empty) {
  EXPECT_FALSE(loaded().settings_version().is_nil());
  const auto again = Schema::load();
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->settings_version(), loaded().settings_version());
}

TEST(Threads, share_one_schema) {
  std::vector<std::thread> threads;
  std::array<int, 4> wrong{};
  for (std::size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([t, &wrong] {
      for (int i = 0; i < 200; ++i) {
        const std::string domain = "d" + std::to_string(t) + "-" + std::to_string(i);
        const auto tree = loaded().parse_data("smtp-routes", R"({"route":[{"domain":")" + domain + R"(","action":"mx"}]})");
        if (!tree || tree->entries("route")[0].leaf("domain") != domain) ++wrong[t];
        const auto bad = loaded().parse_data("smtp-routes", R"({"route":[{"domain":")" + domain + R"( x"}]})");
        if (bad || bad.error().text.find("\"" + domain + " x\"") == std::string::npos) ++wrong[t];
        Effective effective;
        effective["smtp-routes"] = std::make_shared<const model::Tree>(parsed("smtp-routes", R"({"route":[{"domain":"a"}]})"));
        if (loaded().check(effective).size() != 1) ++wrong[t];
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, (std::array<int, 4>{}));
}

}  // namespace
}  // namespace postern::schema
