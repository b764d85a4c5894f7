#include "line/forms.h"

#include <gtest/gtest.h>

#include "base/words.h"
#include "features/lines.h"
#include "line/summary.h"
#include "tests/schema/loaded.h"

/// The one-line forms of real features, from words alone: no session, no desk.
namespace postern::line {
namespace {

/// A feature's settings at some mode, and lines about them.
class Lines {
 public:
  explicit Lines(const std::string& command, const std::string& data = "{}") {
    feature_ = schema::loaded().feature_of_command(command);
    auto tree = schema::loaded().parse_data(feature_->name, data);
    EXPECT_TRUE(tree) << (tree ? "" : base::to_text(tree.error()));
    standing.tree = std::move(*tree);
    standing.defined = true;
  }

  [[nodiscard]] Subject subject() const {
    return {schema::loaded(), *feature_, schema::loaded().form(feature_->name), "Cluster americas",
            [this] { return base::Result<Standing>(standing); }};
  }
  /// The edits of `words` as one text, or the error.
  [[nodiscard]] std::string edits(const std::string& words) const {
    const auto parts = base::split(words, " ");
    Arguments arguments({parts.begin() + 1, parts.end()});
    const auto made = make_edits(subject(), features::line_of(feature_->name), parts.front(), arguments);
    if (!made) return "error: " + made.error().text;
    if (const auto finished = arguments.finished(); !finished) return "left: " + finished.error().text;
    std::vector<std::string> texts;
    for (const auto& edit : *made) {
      std::string text = std::string(model::op_name(edit.op)) + " " + model::to_text(edit.path);
      if (!edit.value.empty()) text += " = " + edit.value;
      if (!edit.anchor.empty()) text += " before " + base::join(edit.anchor, " ");
      texts.push_back(text);
    }
    return base::join(texts, "; ");
  }
  [[nodiscard]] std::string entry(std::string_view list, std::size_t at = 0) const {
    const schema::Form& form = schema::loaded().form(feature_->name);
    return entry_line(*form.child(list), features::line_of(feature_->name), standing.tree.entries(list)[at]);
  }

  Standing standing;

 private:
  const schema::Feature* feature_ = nullptr;
};

TEST(Words, AnEntryThatCouldNotBeMadeTodayCanBeDeleted) {
  const Lines lines("destconfig", R"({"destination":[{"domain":"all"}]})");
  EXPECT_TRUE(lines.edits("new ALL --max-connections=7").starts_with("error: \"ALL\" cannot be used")) << lines.edits("new ALL");
  EXPECT_EQ(lines.edits("delete ALL"), "remove destination['all']");
  EXPECT_TRUE(lines.edits("delete usedns").starts_with("error: ")) << "that is not there";
}

TEST(Words, AnEntryIsKeysWordsAndOptions) {
  const Lines lines("destconfig", R"({"destination":[{"domain":"a.example"}]})");
  EXPECT_EQ(lines.edits("new B.example --max-connections=7"),
            "create destination['b.example']; set destination['b.example']/maximum-connections = 7");
  EXPECT_EQ(lines.edits("edit a.example --messages-per-connection=1"),
            "set destination['a.example']/messages-per-connection = 1");
  EXPECT_EQ(lines.edits("delete a.example"), "remove destination['a.example']");
  EXPECT_EQ(lines.edits("new"), "error: The domain of the destination is missing.");
  EXPECT_EQ(lines.edits("edit a.example"), "error: Say what to change: no option was given.");
  EXPECT_EQ(lines.edits("edit a.example --max=1"), "error: The option --max is not known here.");
  EXPECT_EQ(lines.edits("new b.example --max-connections=0"),
            "error: --max-connections: \"0\" cannot be used for the maximum number of simultaneous connections. A "
            "number of connections is from 1 to 1000.");
  EXPECT_EQ(lines.edits("new b.example more"), "left: \"more\" is not expected here.");
}

TEST(Words, AnEditNeedsItsEntryUnlessTheSettingsHaveYetToBegin) {
  Lines lines("destconfig", R"({"destination":[{"domain":"a.example"}]})");
  EXPECT_EQ(lines.edits("edit b.example --max-connections=7"),
            "error: Destination controls at Cluster americas have no destination b.example; \"destconfig new\" makes one.");
  lines.standing.defined = false;
  EXPECT_EQ(lines.edits("edit b.example --max-connections=7").substr(0, 5), "error") << "what is inherited counts";
  EXPECT_EQ(lines.edits("edit b.example --max-connections=7 --start=empty"), "left: The option --start is not known here.");
  lines.standing.must_start = true;
  EXPECT_EQ(lines.edits("edit b.example --max-connections=7"), "set destination['b.example']/maximum-connections = 7");
}

TEST(Words, WhatANewEntryMustHaveIsAskedFor) {
  const Lines lines("interfaceconfig");
  EXPECT_EQ(lines.edits("new Data 192.0.2.1/24 --hostname=mx.example.com --ssh=off --ccs-port=2000"),
            "create interface['Data']; set interface['Data']/address = 192.0.2.1/24; set interface['Data']/host-name = "
            "mx.example.com; set interface['Data']/ssh/enabled = false; set interface['Data']/ccs/port = 2000");
  EXPECT_EQ(lines.edits("new Data --address=192.0.2.1/24 --hostname=mx.example.com").substr(0, 26), "create interface['Data']; ");
  EXPECT_EQ(lines.edits("new Data 192.0.2.1/24"), "error: The option --hostname is missing.");
  EXPECT_EQ(lines.edits("new Data --hostname=mx.example.com"),
            "error: ADDRESS/LEN is missing: enter the IP address and prefix length.");
  EXPECT_EQ(lines.edits("new Data 192.0.2.1/24 --hostname=mx.example.com --ssh=maybe"),
            "error: --ssh: \"maybe\" is neither on nor off.");
}

TEST(Words, AChoiceTakesItsOwnValuesAndDropsThoseOfOthers) {
  const Lines lines("dnsconfig");
  EXPECT_EQ(lines.edits("servers 192.0.2.53 192.0.2.54"),
            "set source = servers; clear server; insert server = 192.0.2.53; insert server = 192.0.2.54");
  EXPECT_EQ(lines.edits("root"), "clear server; set source = root");
  EXPECT_EQ(lines.edits("servers"), "error: Enter the IP address of a DNS server: none is given.");
}

TEST(Words, AListBesideAChoiceIsATable) {
  const Lines lines("dnsconfig", R"({"domain-server":[{"domain":"a.example","server":["192.0.2.1"]}]})");
  EXPECT_EQ(lines.edits("domain-server new B.example 192.0.2.53"),
            "create domain-server['b.example']; clear domain-server['b.example']/server; insert "
            "domain-server['b.example']/server = 192.0.2.53");
  EXPECT_EQ(lines.edits("domain-server edit a.example 192.0.2.2"),
            "clear domain-server['a.example']/server; insert domain-server['a.example']/server = 192.0.2.2");
  EXPECT_EQ(lines.edits("domain-server new b.example"),
            "error: IP[:PORT] is missing: enter the IP address of a DNS server for this domain.");
  EXPECT_EQ(lines.edits("domain-server delete a.example"), "remove domain-server['a.example']");
}

const char* one_listener =
    R"({"listener":[{"name":"In","type":"public","interface":"Data","hat":[
        {"name":"FRIENDS","action":"relay","sender":["192.0.2.1"]},{"name":"REST","action":"accept","sender":["ALL"]}]}]})";

TEST(Words, ATableInsideAnEntryNamesTheEntryFirst) {
  const Lines lines("listenerconfig", one_listener);
  EXPECT_EQ(lines.edits("rat In new A.example accept"),
            "create listener['In']/rat['a.example']; set listener['In']/rat['a.example']/action = accept");
  EXPECT_EQ(lines.edits("rat In edit a.example reject"), "error: Cluster americas has no rat a.example in In.");
  EXPECT_EQ(lines.edits("rat Out new a.example accept"),
            "error: Listeners at Cluster americas have no listener Out; \"listenerconfig new\" makes one.");
  EXPECT_EQ(lines.edits("rat In new a.example"), "error: accept|reject is missing: enter the action to apply to this address.");
}

TEST(Words, AnAddressGoesIntoTheSenderGroupWithItsAction) {
  const Lines lines("listenerconfig", one_listener);
  EXPECT_EQ(lines.edits("hat In new 192.0.2.7 relay"), "insert listener['In']/hat['FRIENDS']/sender = 192.0.2.7");
  EXPECT_EQ(lines.edits("hat In new 192.0.2.7 reject"),
            "create listener['In']/hat['BLOCKLIST'] before REST; set listener['In']/hat['BLOCKLIST']/action = reject; "
            "insert listener['In']/hat['BLOCKLIST']/sender = 192.0.2.7");
  EXPECT_EQ(lines.edits("hat In delete 192.0.2.1"), "erase listener['In']/hat['FRIENDS']/sender = 192.0.2.1");
  EXPECT_EQ(lines.edits("hat In delete 192.0.2.2"), "error: No sender group of In names 192.0.2.2.");
}

TEST(Words, ARouteIsItsDestinations) {
  const Lines lines("smtproutes");
  EXPECT_EQ(lines.edits("new a.example USEDNS"), "create route['a.example']; set route['a.example']/action = mx");
  EXPECT_EQ(lines.edits("new a.example x.example,y.example").substr(0, 64),
            "create route['a.example']; set route['a.example']/action = hosts");
  EXPECT_EQ(lines.edits("new a.example USEDNS x.example"), "error: \"USEDNS\" is no host: USEDNS stands alone.");
  EXPECT_EQ(lines.edits("delete a.example"), "remove route['a.example']");
}

TEST(Words, PrintOfATableIsNoEdit) {
  const Lines lines("listenerconfig", one_listener);
  Arguments print({"In", "print"});
  const auto printed = whole_table(lines.subject(), "hat", print);
  ASSERT_TRUE(printed.has_value());
  EXPECT_EQ(printed->list->name, "hat");
  EXPECT_EQ(printed->parent.front().keys.front(), "In");
  Arguments other({"In", "new", "print"});
  EXPECT_FALSE(whole_table(lines.subject(), "hat", other).has_value());
  EXPECT_EQ(other.size(), 3U) << "nothing is taken";
}

TEST(Summaries, AreTheSchemasTheFeaturesOrPlain) {
  const Lines interfaces("interfaceconfig",
                         R"({"interface":[{"name":"A","address":"192.0.2.1/24","host-name":"a.example.com"},
                            {"name":"B","address":"192.0.2.2/24","host-name":"b.example.com","ssh":{"enabled":false},
                             "ccs":{"enabled":true,"port":2000},"https":{"enabled":false}},
                            {"name":"C","address":"192.0.2.3/24","host-name":"c.example.com","ssh":{"enabled":false},
                             "https":{"enabled":false}}]})");
  EXPECT_EQ(interfaces.entry("interface", 0), "A (192.0.2.1/24: a.example.com) SSH 22, HTTPS 443");
  EXPECT_EQ(interfaces.entry("interface", 1), "B (192.0.2.2/24: b.example.com) CCS 2000");
  EXPECT_EQ(interfaces.entry("interface", 2), "C (192.0.2.3/24: c.example.com) no services");
  const Lines routes("smtproutes", R"({"route":[{"domain":"a.example","action":"drop"},
      {"domain":"b.example","destination":[{"host":"x.example","port":25,"preference":5}]}]})");
  EXPECT_EQ(routes.entry("route", 0), "a.example: /dev/null");
  EXPECT_EQ(routes.entry("route", 1), "b.example: x.example:25/5");
  const Lines dns("dnsconfig", R"({"domain-server":[{"domain":"a.example","server":["192.0.2.1","192.0.2.2"]}]})");
  EXPECT_EQ(dns.entry("domain-server"), "a.example: server 192.0.2.1 192.0.2.2");
}

/// What a schema says of a line must name leaves that are there.
void expect_sound(const schema::Form& form, const std::string& where) {
  EXPECT_TRUE(form.option.empty() || form.kind == model::Node::Kind::leaf) << where << ": only a leaf has an option";
  for (std::size_t at = form.summary.find('{'); at != std::string::npos; at = form.summary.find('{', at + 1)) {
    const auto close = form.summary.find('}', at);
    ASSERT_NE(close, std::string::npos) << where;
    const std::string field = form.summary.substr(at + 1, close - at - 1);
    for (const auto& name : base::split(field.substr(0, field.find('|')), ","))
      EXPECT_NE(form.child(name), nullptr) << where << " has no " << name;
  }
  for (const auto& child : form.children) expect_sound(child, where + "/" + child.name);
}

TEST(Schemas, SayOfLinesWhatIsThere) {
  for (const auto& feature : schema::loaded().features()) {
    const schema::Form& form = schema::loaded().form(feature.name);
    expect_sound(form, feature.name);
    EXPECT_TRUE(feature.choose.empty() || form.child(feature.choose) != nullptr) << feature.name;
    EXPECT_TRUE(feature.does.ends_with('.')) << feature.name;
    EXPECT_FALSE(operations(feature, form, features::line_of(feature.name)).empty()) << feature.name;
  }
}

}  // namespace
}  // namespace postern::line
