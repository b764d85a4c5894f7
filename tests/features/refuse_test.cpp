#include "base/words.h"
#include "features/features.h"
#include "tests/schema/loaded.h"

#include <fmt/format.h>

#include <algorithm>

/// What features refuse of settings that are sound by their schema.
namespace postern::features {
namespace {

std::vector<model::Objection> objections(std::string_view feature, const std::string& data) {
  const auto refuser = std::ranges::find(refusers(), feature, &RefusalsOf::feature);
  if (refuser == refusers().end()) {
    ADD_FAILURE() << feature << " has no refuse.cpp";
    return {};
  }
  return refuser->refuse(schema::parsed(feature, data));
}

std::vector<model::Objection> hat(const std::string& type, const std::string& action, const std::string& senders) {
  return objections("listeners", fmt::format(R"({{"listener":[{{"name":"In","type":"{}","interface":"Management",
      "hat":[{{"name":"G","action":"{}","sender":[{}]}}]}}]}})",
                                             type, action, senders));
}

TEST(Refuse, APublicListenerThatRelaysForAll) {
  for (const char* everybody : {"ALL", "0.0.0.0/0", "::/0", "128.0.0.0/1", "64.0.0.0/7", "2000::/3", "2000::/15"}) {
    const auto found = hat("public", "relay", fmt::format("\"192.0.2.1\",\"{}\"", everybody));
    ASSERT_EQ(found.size(), 1U) << everybody;
    EXPECT_EQ(found[0].path, "listener['In']/hat['G']/sender");
    EXPECT_EQ(found[0].value, everybody);
    EXPECT_TRUE(found[0].text.starts_with("In would be an open relay: its sender group G relays for ")) << found[0].text;
    EXPECT_TRUE(hat("public", "accept", fmt::format("\"{}\"", everybody)).empty()) << everybody;
    EXPECT_TRUE(hat("private", "relay", fmt::format("\"{}\"", everybody)).empty()) << everybody;
  }
  EXPECT_TRUE(hat("public", "relay", R"("10.0.0.0/8","2001::/16","192.0.2.1","2001:db8::1")").empty());
}

/// Aliases "ALIAS TARGET TARGET…".
std::vector<std::string> aliases(const std::vector<std::string>& all) {
  std::string data;
  for (const auto& line : all) {
    const auto words = base::split(line, " ");
    std::string targets;
    for (std::size_t i = 1; i < words.size(); ++i) targets += fmt::format("{}\"{}\"", i > 1 ? "," : "", words[i]);
    data += fmt::format("{}{{\"address\":\"{}\",\"target\":[{}]}}", data.empty() ? "" : ",", words[0], targets);
  }
  std::vector<std::string> out;
  for (const auto& one : objections("aliases", fmt::format(R"({{"alias":[{}]}})", data)))
    out.push_back(one.path + ": " + one.text);
  return out;
}

using Texts = std::vector<std::string>;

TEST(Refuse, AliasesThatComeBackToThemselves) {
  EXPECT_EQ(aliases({"p@x q@x", "q@x p@x"}),
            Texts{"alias['p@x']: p@x comes back to itself by way of q@x: its mail would be refused. Take one of them out."});
  EXPECT_EQ(aliases({"@c @e", "@e @c"}).size(), 1U);
  EXPECT_EQ(aliases({"a@x b@x", "b@x other@y c@x", "c@x b@x"}).size(), 1U) << "behind another target";
  EXPECT_EQ(aliases({"@d @e", "u@e u@d"}).size(), 1U) << "for one user of the domain";
  EXPECT_EQ(aliases({"U@x v@x", "v@x u@X"}).size(), 1U) << "in other letters";
}

// Everyone in a domain for one mailbox of it: Postfix looks such an address up once only.
TEST(Refuse, AliasesThatStandForThemselvesTooHaveAnEnd) {
  EXPECT_EQ(aliases({"@d boss@d"}), Texts());
  EXPECT_EQ(aliases({"@d boss@d log@d"}), Texts());
  EXPECT_EQ(aliases({"@d boss@d", "a@e u@d", "boss@f a@e"}), Texts());
  EXPECT_EQ(aliases({"@d boss@d other@e", "other@e u@d"}).size(), 1U) << "a way past boss@d";
  EXPECT_EQ(aliases({"a@x c@x", "b@x c@x", "c@x d@y e@y"}), Texts()) << "two ways to one";
}

TEST(Refuse, AliasesLargerThanPostfixFollows) {
  const auto list = [](const std::string& name, int count) {
    std::string line = name;
    for (int i = 0; i < count; ++i) line += fmt::format(" r{}@{}", i, name.substr(name.find('@') + 1));
    return line;
  };
  EXPECT_EQ(aliases({list("all@x", 1000)}), Texts());
  EXPECT_EQ(
      aliases({list("all@x", 1001)}),
      Texts{"alias['all@x']: all@x stands for more than 1000 recipients, and Postfix refuses such mail. Name a mailing list "
            "instead."});
  EXPECT_EQ(aliases({list("a@x", 600), list("b@y", 401), "both@z a@x b@y"}).size(), 1U) << "together";
  const auto chain = [](int length) {
    std::vector<std::string> all;
    for (int i = 0; i < length; ++i) all.push_back(fmt::format("c{:05}@x c{:05}@x", i, i + 1));
    return all;
  };
  EXPECT_EQ(aliases(chain(1000)), Texts());
  EXPECT_NE(aliases(chain(1001)), Texts());
  EXPECT_NE(aliases(chain(20'000)), Texts());
}

}  // namespace
}  // namespace postern::features
