#include "tests/schema/loaded.h"

namespace postern::schema {
namespace {

class Check : public testing::Test {
 protected:
  void set(const char* feature, const char* data) {
    effective_[feature] = std::make_shared<const model::Tree>(parsed(feature, data));
  }
  /// "FEATURE path: text" of each problem, with "?" in front of warnings.
  std::vector<std::string> problems() const {
    const auto all = lines(loaded().check(effective_));
    for (const Feature& feature : loaded().features()) {
      std::vector<std::string> own;
      for (const std::string& line : all)
        if (line.find(feature.name + " ") == (line.starts_with("? ") ? 2U : 0U)) own.push_back(line);
      EXPECT_EQ(lines(loaded().check_feature(feature.name, effective_)), own) << "checked alone, it says the same";
    }
    return all;
  }
  static std::vector<std::string> lines(const std::vector<Problem>& problems) {
    std::vector<std::string> result;
    for (const Problem& p : problems)
      result.push_back((p.is_reference && p.dangling == Dangling::warn ? "? " : "") + p.feature + " " + p.path + ": " + p.text);
    return result;
  }
  using Lines = std::vector<std::string>;

  Effective effective_;
};

TEST_F(Check, factory_settings_are_right) { EXPECT_EQ(problems(), Lines{}); }

TEST_F(Check, a_whole_machine_is_right) {
  set("interfaces", R"({"interface":[{"name":"Management","address":"127.0.1.1/8","host-name":"newyork.postern.test"}]})");
  set("listeners",
      R"({"listener":[{"name":"IncomingMail","type":"public","interface":"Management","port":2525,
      "rat":[{"address":"example.com","action":"accept"}]},
      {"name":"OutgoingMail","type":"private","interface":"Management","port":2526,
      "hat":[{"name":"RELAYLIST","sender":["127.0.0.0/8"],"action":"relay"}]}]})");
  set("smtp-routes", R"({"route":[{"domain":"ALL","destination":[{"host":"127.0.1.9","port":2625}]}]})");
  set("dns", R"({"source":"servers","server":["127.0.1.53"],"domain-server":[{"domain":"x","server":["1.1.1.1"]}]})");
  EXPECT_EQ(problems(), Lines{});
}

TEST_F(Check, an_interface_that_is_not_here_is_a_warning) {
  set("listeners", R"({"listener":[{"name":"IncomingMail","type":"public","interface":"Data2"}]})");
  EXPECT_EQ(problems(), (Lines{"? listeners listener['IncomingMail']/interface: There is no "
                               "\"Data2\" in Interfaces. Add it "
                               "with interfaceconfig, or choose another."}));
  const Problem problem = loaded().check(effective_).at(0);
  EXPECT_EQ(problem.value, "Data2");
  EXPECT_EQ(problem.refers_to, "interfaces/interface/name");
}

TEST_F(Check, all_problems_are_told_with_their_places) {
  set("interfaces", R"({"interface":[{"name":"M","host-name":"m.example"},{"name":"N","address":"10.0.0.1/8"}]})");
  set("listeners", R"({"listener":[
      {"name":"A","type":"private","interface":"M","rat":[{"address":"ALL","action":"accept"}]},
      {"name":"B","interface":"M","port":25,"hat":[{"name":"G"}]},
      {"name":"C","type":"public","interface":"X","port":26}]})");
  set("smtp-routes", R"({"route":[{"domain":"a"},{"domain":"b","action":"mx","destination":[{"host":"h","port":25}]}]})");
  set("dns", R"({"source":"servers","domain-server":[{"domain":"corp.example"}]})");
  EXPECT_EQ(problems(), (Lines{
                            "dns : DNS from own servers needs at least one server: add one, or "
                            "choose system or root.",
                            "dns domain-server['corp.example']/server: the IP address of a DNS "
                            "server for this domain: at least 1 "
                            "needed, 0 there.",
                            "interfaces interface['M']/address: the IP address and prefix length "
                            "is missing. Enter an address with its "
                            "network's length, such as 192.0.2.1/24.",
                            "interfaces interface['N']/host-name: the hostname for this interface "
                            "is missing. Enter a host name such as "
                            "mail.example.com.",
                            "listeners listener['B']: interface and port are the same as those of "
                            "listener['A']: choose others.",
                            "listeners listener['A']: Only a public listener has a Recipient "
                            "Access Table: delete its entries, or make "
                            "the listener public.",
                            "listeners listener['B']/type: the type of this listener is missing. "
                            "Enter public or private.",
                            "listeners listener['B']/hat['G']/action: the behavior for this sender "
                            "group is missing. Enter accept, relay "
                            "or reject.",
                            "? listeners listener['C']/interface: There is no \"X\" in Interfaces. "
                            "Add it with interfaceconfig, or choose "
                            "another.",
                            "smtp-routes route['a']: A route to hosts needs at least one "
                            "destination host: add one, or choose mx or "
                            "drop.",
                            "smtp-routes route['b']: Only a route to hosts has destination hosts: "
                            "delete them, or choose hosts.",
                        }));
}

TEST_F(Check, a_value_that_no_parser_let_in_is_told) {
  auto tree = parsed("smtp-routes", R"({"route":[{"domain":"a","action":"mx"}]})");
  tree.children.at(0).children.at(0).children.at(1).value = "lose";
  effective_["smtp-routes"] = std::make_shared<const model::Tree>(tree);
  EXPECT_EQ(problems(), (Lines{
                            "smtp-routes route['a']/action: \"lose\" cannot be used for the action "
                            "for this route. Enter "
                            "hosts, drop or mx.",
                            "smtp-routes route['a']: A route to hosts needs at least one "
                            "destination host: add one, or choose "
                            "mx or drop.",
                        }));
}

TEST_F(Check, references_between_features) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(loaded().refers_to("listeners"), Names{"interfaces"});
  EXPECT_EQ(loaded().referred_by("interfaces"), Names{"listeners"});
  EXPECT_EQ(loaded().refers_to("interfaces"), Names{});
  EXPECT_EQ(loaded().refers_to("dns"), Names{});
  EXPECT_EQ(loaded().referred_by("smtp-routes"), Names{});
}

TEST_F(Check, lists_whose_entries_are_checked_each_by_itself) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(loaded().stand_alone("smtp-routes"), Names{"route"});
  EXPECT_EQ(loaded().stand_alone("destination-controls"), Names{"destination"});
  EXPECT_EQ(loaded().stand_alone("listeners"), Names{}) << "interface and port are unique";
}

TEST_F(Check, ten_thousand_routes) {
  std::string text = R"({"route":[)";
  for (int i = 0; i < 10'000; ++i)
    text += (i == 0 ? "" : ",") + std::string(R"({"domain":"d)") + std::to_string(i) +
            R"(.example","destination":[{"host":"10.0.0.1","port":25}]})";
  set("smtp-routes", (text + "]}").c_str());
  EXPECT_EQ(problems(), Lines{});
}

TEST_F(Check, a_sender_group_of_fifty_thousand_hosts) {
  set("interfaces", R"({"interface":[{"name":"M","address":"10.0.0.1/8","host-name":"m"}]})");
  std::string text = R"({"listener":[{"name":"L","type":"public","interface":"M","hat":[{"name":"G","action":"relay","sender":[)";
  for (int i = 0; i < 50'000; ++i)
    text += (i == 0 ? "\"10." : ",\"10.") + std::to_string(i / 65536) + "." + std::to_string(i / 256 % 256) + "." +
            std::to_string(i % 256) + "\"";
  set("listeners", (text + "]}]}]}").c_str());
  EXPECT_EQ(problems(), Lines{});
}

}  // namespace
}  // namespace postern::schema
