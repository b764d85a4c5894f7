#include "base/limits.h"
#include "tests/schema/loaded.h"

#include <fmt/format.h>

#include <string>

namespace postern::schema {
namespace {

struct RoundTrip {
  const char* name;
  const char* feature;
  const char* given;
  const char* canonical;
};

class Canonical : public testing::TestWithParam<RoundTrip> {};

TEST_P(Canonical, data_has_one_form) {
  const auto& [name, feature, given, canonical] = GetParam();
  const model::Tree tree = parsed(feature, given);
  EXPECT_EQ(loaded().print_data(feature, tree), canonical);
  const std::string text = loaded().print(feature, tree);
  EXPECT_EQ(text, std::string("{\"postern-") + feature + ":" + feature + "\":" + canonical + "}");
  const auto again = loaded().parse(feature, text);
  ASSERT_TRUE(again) << base::to_text(again.error());
  EXPECT_EQ(*again, tree);
  const auto same = loaded().canonical(feature, tree);
  ASSERT_TRUE(same) << base::to_text(same.error());
  EXPECT_EQ(*same, tree);
}

INSTANTIATE_TEST_SUITE_P(
    Features, Canonical,
    testing::Values(
        RoundTrip{"empty", "interfaces", "{ }", "{}"},
        RoundTrip{"unprefixed", "dns", R"({"dns":{"source":"root"}})", R"({"source":"root"})"},
        RoundTrip{"interfaces", "interfaces",
                  R"({"interface":[{"ccs":{"port":2222,"enabled":true},"host-name":"Mail.Example.COM",
                      "address":"2001:0db8:0::1/64","name":"Public"},
                     {"name":"Management","address":"127.0.1.1/8","host-name":"newyork.postern.test","ssh":{}}]})",
                  R"({"interface":[{"name":"Management","address":"127.0.1.1/8","host-name":"newyork.postern.test"},)"
                  R"({"name":"Public","address":"2001:db8::1/64","host-name":"mail.example.com",)"
                  R"("ccs":{"enabled":true,"port":2222}}]})"},
        RoundTrip{"listeners", "listeners",
                  R"({"listener":[{"name":"In","type":"public","interface":"Management","port":2525,
                      "rat":[{"address":"all","action":"reject","text":"5.7.1 No"},
                             {"address":"Example.com","action":"accept"}],
                      "hat":[{"name":"Z","action":"relay","sender":["10.1.2.3/8","10.0.0.1/32","::ffff:10.0.0.2","::FFFF:192.168.7.0/112","all"]},
                             {"name":"A","action":"reject"}]}]})",
                  R"({"listener":[{"name":"In","type":"public","interface":"Management","port":2525,)"
                  R"("rat":[{"address":"ALL","action":"reject","text":"5.7.1 No"},)"
                  R"({"address":"example.com","action":"accept"}],)"
                  R"("hat":[{"name":"Z","sender":["10.0.0.0/8","10.0.0.1","10.0.0.2","192.168.0.0/16","ALL"],"action":"relay"},)"
                  R"({"name":"A","action":"reject"}]}]})"},
        RoundTrip{"routes", "smtp-routes",
                  R"({"route":[{"domain":"b.example","action":"mx"},{"domain":".Example.com",
                      "destination":[{"port":25,"host":"2001:DB8::1"},{"host":"A.example","port":2525,"preference":5}]}]})",
                  R"({"route":[{"domain":".example.com","destination":[{"host":"[2001:db8::1]","port":25},)"
                  R"({"host":"a.example","port":2525,"preference":5}]},{"domain":"b.example","action":"mx"}]})"},
        RoundTrip{"controls", "destination-controls",
                  R"({"destination":[{"domain":"x.example","maximum-connections":50},{"domain":"default"}]})",
                  R"({"destination":[{"domain":"Default"},{"domain":"x.example","maximum-connections":50}]})"},
        RoundTrip{"dns", "dns",
                  R"({"server":["[2001:DB8::53]:5353","9.9.9.9","127.0.1.53:053"],"source":"servers",
                      "domain-server":[{"domain":"Corp.example","server":["10.0.0.2","10.0.0.1"]}]})",
                  R"({"source":"servers","server":["[2001:db8::53]:5353","9.9.9.9","127.0.1.53:53"],)"
                  R"("domain-server":[{"domain":"corp.example","server":["10.0.0.1","10.0.0.2"]}]})"}),
    [](const auto& one) { return one.param.name; });

struct Bad {
  const char* name;
  const char* feature;
  std::string given;
  const char* where;
  const char* text;
};

class Refused : public testing::TestWithParam<Bad> {};

TEST_P(Refused, with_place_value_and_mend) {
  const auto tree = loaded().parse_data(GetParam().feature, GetParam().given);
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().code, base::ErrorCode::invalid);
  EXPECT_EQ(tree.error().where, GetParam().where);
  EXPECT_EQ(tree.error().text, GetParam().text);
}

std::string deep(std::size_t levels) { return R"({"route":)" + std::string(levels, '[') + std::string(levels, ']') + "}"; }
std::string many_routes(std::size_t count) {
  std::string text = R"({"route":[)";
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "" : ",") + std::string(R"({"domain":"d)") + std::to_string(i) + R"(.example","action":"mx"})";
  return text + "]}";
}
std::string text_of_rat(const char* text) {
  return std::string(R"({"listener":[{"name":"In","type":"public","interface":"M","rat":[{"address":"ALL","action":"reject",)") +
         R"("text":")" + text + "\"}]}]}";
}

INSTANTIATE_TEST_SUITE_P(
    Input, Refused,
    testing::Values(
        Bad{"line_break", "listeners", text_of_rat("5.7.1 No\\r\\nDATA"), "listener['In']/rat['ALL']/text",
            "\"5.7.1 No\\x0d\\x0aDATA\" cannot be used for the SMTP response text. Use one line of "
            "text, without control "
            "characters, $ and back quotes."},
        Bad{"dollar", "listeners", text_of_rat("$mydomain"), "listener['In']/rat['ALL']/text",
            "\"$mydomain\" cannot be used for the SMTP response text. Use one line of text, "
            "without control "
            "characters, $ and back quotes."},
        Bad{"back_quote", "listeners", text_of_rat("`id`"), "listener['In']/rat['ALL']/text",
            "\"`id`\" cannot be used for the SMTP response text. Use one line of text, without "
            "control "
            "characters, $ and back quotes."},
        Bad{"long_text", "listeners", text_of_rat(std::string(201, 'x').c_str()), "listener['In']/rat['ALL']/text",
            "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\" "
            "cannot be used for "
            "the SMTP response text. Use at most 200 characters."},
        Bad{"dollar_in_key", "smtp-routes", R"({"route":[{"domain":"exa$mple.com"}]})", "route['exa$mple.com']/domain",
            "\"exa$mple.com\" cannot be used for the domain for this route. Enter a domain such as "
            "example.com, or "
            ".example.com for all that is below it."},
        Bad{"range", "smtp-routes", R"({"route":[{"domain":"a","destination":[{"host":"h","port":70000}]}]})",
            "route['a']/destination['h','70000']/port",
            "\"70000\" cannot be used for the port of the destination host. A port is a number "
            "from 1 to 65535."},
        Bad{"negative", "destination-controls", R"({"destination":[{"domain":"a","maximum-connections":-1}]})",
            "destination['a']/maximum-connections",
            "\"-1\" cannot be used for the maximum number of simultaneous connections. A number of "
            "connections is from "
            "1 to 1000."},
        Bad{"choice", "smtp-routes", R"({"route":[{"domain":"a","action":"lose"}]})", "route['a']/action",
            "\"lose\" cannot be used for the action for this route. Enter hosts, drop or mx."},
        Bad{"number_as_text", "destination-controls", R"({"destination":[{"domain":"a","maximum-connections":"5"}]})",
            "destination['a']/maximum-connections",
            "\"5\" cannot be used for the maximum number of simultaneous connections. A number of "
            "connections is from "
            "1 to 1000. In JSON it stands without quotes."},
        Bad{"boolean", "interfaces", R"({"interface":[{"name":"M","ssh":{"enabled":1}}]})", "interface['M']/ssh/enabled",
            "\"1\" cannot be used for SSH on this interface. Enter true or false."},
        Bad{"text_as_number", "dns", R"({"server":[5]})", "server",
            "\"5\" cannot be used for the IP address of a DNS server. Enter an IP address, with a "
            "port if it is not 53: "
            "192.0.2.53:5353 or [2001:db8::53]:5353. In JSON it stands in quotes."},
        Bad{"not_an_address", "dns", R"({"server":["1.2.3.400"]})", "server",
            "\"1.2.3.400\" cannot be used for the IP address of a DNS server. Enter an IP address, "
            "with a port if it is "
            "not 53: 192.0.2.53:5353 or [2001:db8::53]:5353."},
        Bad{"not_a_network", "listeners", R"({"listener":[{"name":"In","hat":[{"name":"G","sender":["10.0.0.0/33"]}]}]})",
            "listener['In']/hat['G']/sender",
            "\"10.0.0.0/33\" cannot be used for the hosts in this sender group. Enter an IP "
            "address such as 192.0.2.1, a "
            "network such as 192.0.2.0/24, or ALL."},
        Bad{"unknown", "smtp-routes", R"({"route":[{"domain":"a","prio":5}]})", "route['a']",
            "There is no setting \"prio\" in route: use domain, action or destination."},
        Bad{"no_key", "smtp-routes", R"({"route":[{"action":"mx"}]})", "route", "An entry of route lacks its domain."},
        Bad{"no_list", "smtp-routes", R"({"route":{"domain":"a"}})", "route", "route is an array in JSON, not an object."},
        Bad{"no_entry", "smtp-routes", R"({"route":["a"]})", "route", "route is an object in JSON, not a string."},
        Bad{"no_value", "smtp-routes", R"({"route":[{"domain":"a","action":null}]})", "route['a']/action",
            "action is a string in JSON, not null."},
        Bad{"not_an_object", "smtp-routes", "[]", "", "smtp-routes is an object in JSON, not an array."},
        Bad{"two_entries", "smtp-routes", R"({"route":[{"domain":"a"},{"domain":"A"}]})", "route",
            "There are two entries route['a']."},
        Bad{"two_values", "dns", R"({"server":["1.1.1.1","1.1.1.1"]})", "server", "\"1.1.1.1\" is there twice."},
        Bad{"two_leaves", "dns", R"({"source":"root","s\u006furce":"system"})", "", "\"source\" is given twice."},
        Bad{"other_feature", "smtp-routes", R"({"postern-dns:dns":{}})", "", "These are not the settings of SMTP routes alone."},
        Bad{"two_features", "smtp-routes", R"({"postern-smtp-routes:smtp-routes":{},"postern-dns:dns":{}})", "",
            "These are not the settings of SMTP routes alone."},
        Bad{"two_texts", "smtp-routes", R"({}},"postern-dns:dns":{})", "",
            "This is not JSON: there is text behind its end (byte 3)."},
        Bad{"half", "smtp-routes", R"({"route":[)", "", "This is not JSON: it ends too early (byte 11)."},
        Bad{"open_string", "smtp-routes", R"({"route":[{"domain":"a)", "", "This is not JSON: a string is not closed (byte 23)."},
        Bad{"nothing", "smtp-routes", "", "", "This is not JSON: it ends too early (byte 1)."},
        Bad{"nul", "smtp-routes", std::string("{\0}", 3), "", "This is not JSON: a name in quotes is expected (byte 2)."},
        Bad{"no_comma", "smtp-routes", R"({"route":[] "x":1})", "", "This is not JSON: \",\" or \"}\" is expected (byte 13)."},
        Bad{"bare_line_break", "smtp-routes", "{\"a\nb\":1}", "",
            "This is not JSON: a control character stands in a string (byte 4)."},
        Bad{"not_utf8", "smtp-routes", "{\"a\xc0\x80\":1}", "", "This is not JSON: it is not UTF-8 (byte 4)."},
        Bad{"surrogate", "smtp-routes", R"({"\ud800":1})", "", "This is not JSON: half a surrogate pair stands alone (byte 9)."},
        Bad{"escape_code", "smtp-routes", R"({"route":[{"domain":"\u001b[2J"}]})", "route['\\x1b[2J']/domain",
            "\"\\x1b[2J\" cannot be used for the domain for this route. Enter a domain such as "
            "example.com, or .example.com for all "
            "that is below it."},
        Bad{"deep", "smtp-routes", deep(64), "", "Settings are at most 64 levels deep."},
        Bad{"many", "smtp-routes", many_routes(100'000), "", "One feature's settings have at most 200000 values."},
        Bad{"long_value", "smtp-routes", R"({"route":[{"domain":")" + std::string(65537, 'a') + "\"}]}", "",
            "A value has at most 65536 bytes; these settings have a longer one."},
        Bad{"large", "smtp-routes", "{}" + std::string(33U << 20, ' '), "",
            "One feature's settings have at most 33554432 bytes; these have 34603010."}),
    [](const auto& one) { return one.param.name; });

TEST(Parse, ten_thousand_routes) {
  const model::Tree tree = parsed("smtp-routes", many_routes(10'000));
  EXPECT_EQ(tree.entries("route").size(), 10'000U);
}

/// Routes to two hosts each, as edits make them: nothing that has a default is given.
model::Tree two_host_routes(std::size_t count) {
  model::Tree tree =
      parsed("smtp-routes", R"({"route":[{"domain":"a","destination":[{"host":"h","port":25},{"host":"i","port":25}]}]})");
  model::Node& list = tree.children.front();
  const model::Node one = list.children.front();
  for (std::size_t i = 1; i < count; ++i) {
    list.children.push_back(one);
    list.children.back().children.front().value = fmt::format("d{:06}", i);
  }
  return tree;
}

// A table that can be entered and not read again would be in force on the machine of its author alone.
TEST(Parse, what_can_be_entered_can_be_read_and_shown) {
  std::size_t fits = 1;
  std::size_t too_many = base::limits::settings_nodes;
  while (fits + 1 < too_many) {
    const std::size_t middle = (fits + too_many) / 2;
    (loaded().canonical("smtp-routes", two_host_routes(middle)) ? fits : too_many) = middle;
  }
  EXPECT_GT(fits, 10'000U);
  const model::Tree most = *loaded().canonical("smtp-routes", two_host_routes(fits));
  for (const model::Tree& shown : {most, loaded().with_defaults("smtp-routes", most)})
    EXPECT_TRUE(loaded().parse("smtp-routes", loaded().print("smtp-routes", shown))) << fits;
  const auto refused = loaded().canonical("smtp-routes", two_host_routes(fits + 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            "One feature's settings have at most 200000 values, those that nobody has set included. Take entries out.");
}

TEST(Parse, unknown_feature) {
  const auto tree = loaded().parse("ldap", "{}");
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().code, base::ErrorCode::not_found);
}

}  // namespace
}  // namespace postern::schema
