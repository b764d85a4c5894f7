#include "tests/schema/loaded.h"

#include <chrono>
#include <random>

/// Input that somebody broke, by accident or on purpose.
namespace postern::schema {
namespace {

std::string repeated(const char* before, const char* item, std::size_t count, const char* after) {
  std::string text = before;
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ",") + std::string(item);
  return text + after;
}

/// libyang needs seconds for these; an administrator's mistake must not stop the machine for that
/// long.
TEST(Damage, many_duplicates_are_refused_at_once) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(loaded().parse_data("dns", repeated(R"({"server":[)", R"("1.1.1.1")", 60'000, "]}")));
  EXPECT_FALSE(loaded().parse_data("smtp-routes", repeated(R"({"route":[)", R"({"domain":"a"})", 60'000, "]}")));
  EXPECT_FALSE(loaded().parse_data("dns", repeated("{", R"("source":"root")", 60'000, "}")));
  EXPECT_FALSE(loaded().parse_data("smtp-routes", repeated("{", R"("route":[{"domain":"a"}])", 40'000, "}")));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Damage, changed_bytes_never_crash_and_what_is_taken_has_one_form) {
  const std::string good =
      R"({"listener":[{"name":"In","type":"public","interface":"M","port":2525,"rat":[{"address":"ALL","action":"reject",)"
      R"("text":"5.7.1 \"No\""}],"hat":[{"name":"Z","sender":["10.0.0.0/8","::1"],"action":"relay"}]}]})";
  const std::string bytes = std::string(R"({}[]":,\/u0n-e.@ )") + std::string("\0\x7f\x80\xff\n", 5);
  std::mt19937 random(3);
  int taken = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string text = good;
    for (std::size_t n = 1 + random() % 4; n != 0; --n) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0: text.erase(at, 1 + random() % 8); break;
        case 1: text.insert(at, 1, bytes[random() % bytes.size()]); break;
        case 2: text[at] = bytes[random() % bytes.size()]; break;
        default: text.insert(at, text.substr(random() % text.size(), random() % 20)); break;
      }
      if (text.empty()) text = "{";
    }
    const auto tree = loaded().parse_data("listeners", text);
    if (!tree) {
      ASSERT_FALSE(tree.error().text.empty());
      continue;
    }
    ++taken;
    const std::string printed = loaded().print("listeners", *tree);
    const auto again = loaded().parse("listeners", printed);
    ASSERT_TRUE(again) << printed << "\n" << base::to_text(again.error());
    ASSERT_EQ(*again, *tree) << printed;
  }
  EXPECT_GT(taken, 20);
  EXPECT_LT(taken, 4000);
}

}  // namespace
}  // namespace postern::schema
