#include "schema/verdicts.h"

#include "tests/schema/loaded.h"

#include <random>

namespace postern::schema {
namespace {

model::Text text(std::string_view feature, std::string_view data) {
  return std::make_shared<const std::string>(loaded().print(feature, parsed(feature, data)));
}

class VerdictsTest : public testing::Test {
 protected:
  /// How many checks `what` makes.
  template <class What>
  std::uint64_t checks(What what) {
    const auto before = verdicts_.checks();
    what();
    return verdicts_.checks() - before;
  }
  std::uint64_t all_features() const { return loaded().features().size(); }

  Verdicts verdicts_{loaded()};
};

const char* const bad_route = R"({"route":[{"domain":"a","action":"hosts"}]})";
const char* const good_route = R"({"route":[{"domain":"a","action":"drop"}]})";

TEST_F(VerdictsTest, equal_texts_are_checked_once) {
  model::Texts texts{{"smtp-routes", text("smtp-routes", bad_route)}};
  EXPECT_EQ(checks([&] { EXPECT_EQ(verdicts_.check("smtp-routes", texts)->size(), 1U); }), 1U);
  texts["smtp-routes"] = text("smtp-routes", bad_route);  // another place, the same words
  EXPECT_EQ(checks([&] { EXPECT_EQ(verdicts_.check("smtp-routes", texts)->size(), 1U); }), 0U);
  texts["smtp-routes"] = text("smtp-routes", good_route);
  EXPECT_EQ(checks([&] { EXPECT_TRUE(verdicts_.check("smtp-routes", texts)->empty()); }), 1U);
}

// What the schema finds and what the feature objects to are problems alike: they refuse a commit and hold a merge.
TEST(Verdicts, a_feature_objects_to_its_own_settings) {
  Verdicts verdicts(loaded(), {{"dns", [](const model::Tree& settings) -> std::vector<model::Objection> {
                                  if (settings.leaf("source") != "root") return {};
                                  return {{"source", "root", "Not here."}};
                                }}});
  model::Texts texts{{"dns", text("dns", R"({"source":"root"})")}};
  const auto problems = verdicts.check("dns", texts);
  ASSERT_EQ(problems->size(), 1U);
  EXPECT_EQ(problems->front().feature + " " + problems->front().path + " " + problems->front().value, "dns source root");
  EXPECT_TRUE(is_error(problems->front()));
  EXPECT_EQ(verdicts.named_by_errors(texts), std::vector<std::string>{"dns"});
  texts["dns"] = text("dns", R"({"source":"system"})");
  EXPECT_TRUE(verdicts.check("dns", texts)->empty());
}

TEST_F(VerdictsTest, a_change_checks_the_feature_and_what_refers_to_it) {
  model::Texts texts;
  EXPECT_EQ(checks([&] { EXPECT_TRUE(verdicts_.named_by_errors(texts).empty()); }), all_features());
  EXPECT_EQ(checks([&] { EXPECT_TRUE(verdicts_.named_by_errors(texts).empty()); }), 0U);
  texts["smtp-routes"] = text("smtp-routes", bad_route);
  EXPECT_EQ(checks([&] { EXPECT_EQ(verdicts_.named_by_errors(texts), std::vector<std::string>{"smtp-routes"}); }), 1U);
  texts["interfaces"] = text("interfaces", R"({"interface":[{"name":"M","address":"10.0.0.1/8","host-name":"m.example"}]})");
  EXPECT_EQ(checks([&] { verdicts_.named_by_errors(texts); }), 2U) << "interfaces, and listeners which name them";
}

TEST_F(VerdictsTest, a_reference_is_checked_again_when_its_target_goes) {
  model::Texts texts;
  texts["interfaces"] = text("interfaces", R"({"interface":[{"name":"M","address":"10.0.0.1/8","host-name":"m.example"}]})");
  texts["listeners"] = text("listeners", R"({"listener":[{"name":"L","type":"public","interface":"M"}]})");
  EXPECT_TRUE(verdicts_.check("listeners", texts)->empty());
  texts["interfaces"] = text("interfaces", R"({"interface":[{"name":"N","address":"10.0.0.1/8","host-name":"m.example"}]})");
  const auto problems = verdicts_.check("listeners", texts);
  ASSERT_EQ(problems->size(), 1U);
  EXPECT_TRUE(problems->front().is_reference);
  EXPECT_FALSE(is_error(problems->front())) << "a listener without its interface is off, not wrong";
}

TEST_F(VerdictsTest, what_cannot_be_read_is_a_problem_of_its_feature) {
  const model::Texts texts{{"smtp-routes", std::make_shared<const std::string>("{")}};
  EXPECT_EQ(verdicts_.named_by_errors(texts), std::vector<std::string>{"smtp-routes"});
  EXPECT_FALSE(verdicts_.tree("smtp-routes", texts.at("smtp-routes")));
  EXPECT_FALSE(verdicts_.filled("smtp-routes", texts.at("smtp-routes")));
}

TEST_F(VerdictsTest, a_learned_tree_is_not_parsed) {
  const auto words = text("smtp-routes", good_route);
  const auto made = std::make_shared<const model::Tree>(parsed("smtp-routes", good_route));
  verdicts_.learn("smtp-routes", words, made);
  EXPECT_EQ(*verdicts_.tree("smtp-routes", words), made);
  const auto filled = *verdicts_.filled("smtp-routes", words);
  EXPECT_EQ(*filled, loaded().with_defaults("smtp-routes", *made));
  EXPECT_EQ(*verdicts_.filled("smtp-routes", words), filled);
}

/// Random tables, each a few entries away from the one before: what was remembered must not show in any answer.
TEST_F(VerdictsTest, a_small_change_is_judged_as_if_all_were_new) {
  std::mt19937 random(7);
  std::map<int, std::string> routes;
  const char* const kinds[] = {R"("action":"drop")", R"("action":"mx")",
                               R"("destination":[{"host":"a.example","port":25},{"host":"10.0.0.1","port":26}])",
                               R"("action":"hosts")", R"("action":"mx","destination":[{"host":"h","port":25}])"};
  int wrong = 0;
  for (int round = 0; round < 300; ++round) {
    for (auto change = random() % 3; change-- > 0;) {
      const int which = static_cast<int>(random() % 40);
      if (random() % 4 == 0)
        routes.erase(which);
      else
        routes[which] = kinds[random() % 100 < 2 ? 3 + random() % 2 : random() % 3];
    }
    std::string data;
    for (const auto& [which, kind] : routes)
      data += (data.empty() ? "" : ",") + std::string(R"({"domain":"d)") + std::to_string(which) + R"(.example",)" + kind + "}";
    const auto words = text("smtp-routes", R"({"route":[)" + data + "]}");
    const model::Tree fresh = parsed("smtp-routes", *words);
    ASSERT_EQ(**verdicts_.tree("smtp-routes", words), fresh) << *words;
    const auto expected = loaded().check({{"smtp-routes", std::make_shared<const model::Tree>(fresh)}});
    const auto problems = verdicts_.check("smtp-routes", {{"smtp-routes", words}});
    ASSERT_EQ(problems->size(), expected.size()) << *words;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(problems->at(i).path, expected[i].path);
      EXPECT_EQ(problems->at(i).text, expected[i].text);
    }
    wrong += expected.empty() ? 0 : 1;
  }
  EXPECT_GT(wrong, 30);
  EXPECT_LT(wrong, 270);
}

TEST_F(VerdictsTest, what_is_wrong_is_not_taken_over_from_what_looks_like_it) {
  ASSERT_TRUE(verdicts_.tree("smtp-routes", text("smtp-routes", good_route)));
  for (const char* data :
       {R"({"postern-smtp-routes:smtp-routes":{"route":[{"domain":"a","action":"drop"},{"domain":"a","action":"drop"}]}})",
        R"({"postern-smtp-routes:smtp-routes":{"route":[{"domain":"a","action":"lose"}]}})",
        R"({"postern-smtp-routes:smtp-routes":{"route":[{"action":"drop"}]}})"})
    EXPECT_FALSE(verdicts_.tree("smtp-routes", std::make_shared<const std::string>(data))) << data;
  const auto other_order = R"({"route":[{"domain":"b","action":"drop"},{"action":"drop","domain":"a"}]})";
  EXPECT_EQ(**verdicts_.tree("smtp-routes", std::make_shared<const std::string>(other_order)),
            parsed("smtp-routes", R"({"route":[{"domain":"a","action":"drop"},{"domain":"b","action":"drop"}]})"));
}

TEST_F(VerdictsTest, memory_is_bounded_and_forgetting_changes_no_answer) {
  std::string large = R"({"route":[)";
  for (int i = 0; i < 20'000; ++i)
    large += (i == 0 ? "" : ",") + std::string(R"({"domain":"d)") + std::to_string(i) + R"(.example","action":"drop"})";
  const auto big = text("smtp-routes", large + "]}");
  ASSERT_GT(big->size(), 1U << 19U);
  const auto first = *verdicts_.tree("smtp-routes", big);
  const std::weak_ptr<const model::Tree> watched = first;
  EXPECT_EQ(*verdicts_.tree("smtp-routes", big), first);
  for (int i = 0; i < 70; ++i)
    ASSERT_TRUE(verdicts_.tree("smtp-routes",
                               text("smtp-routes", R"({"route":[{"domain":"x)" + std::to_string(i) + R"(","action":"drop"}]})")));
  EXPECT_EQ(watched.use_count(), 1) << "only this test still holds it";
  EXPECT_EQ(**verdicts_.tree("smtp-routes", big), *first);
}

}  // namespace
}  // namespace postern::schema
