// Checks of passphrases in their turn: each is answered once, whatever becomes of it.
#include "machine/doors/checks.h"

#include "machine/fleets.h"

namespace postern::machine::test {
namespace {

TEST_F(Fleets, every_check_of_a_passphrase_is_answered_once) {
  fleet.add(a, "127.0.1.1");
  Checks checks(fleet.world(a));
  constexpr int asked = 100;
  std::vector<std::vector<Checks::Outcome>> answers(asked);
  for (int i = 0; i < asked; ++i) {
    const std::string network = "10.1." + std::to_string(i);
    checks.check("user" + std::to_string(i), {network + ".7", network + ".0/24", "10.1.0.0/16"}, "plain:secret",
                 i % 2 == 0 ? "secret" : "wrong",
                 [&answers, i](const Checks::Outcome& outcome) { answers[static_cast<std::size_t>(i)].push_back(outcome); });
  }
  fleet.run_for(60'000);
  std::size_t refused = 0;
  for (int i = 0; i < asked; ++i) {
    const auto& got = answers[static_cast<std::size_t>(i)];
    ASSERT_EQ(got.size(), 1U) << i;
    refused += got[0].refused.empty() ? 0 : 1;
    EXPECT_EQ(got[0].right, got[0].refused.empty() && i % 2 == 0) << i;
    if (!got[0].refused.empty()) {
      EXPECT_NE(got[0].refused.find("too many passphrases just now"), std::string::npos) << got[0].refused;
    }
  }
  EXPECT_EQ(refused, 35U) << "one is checked, and 64 wait";
}

// A wrong one is no reason to trust its address, nor to forget the wrong ones before it.
TEST_F(Fleets, guesses_of_one_network_are_few_however_they_end) {
  fleet.add(a, "127.0.1.1");
  Checks checks(fleet.world(a));
  int checked = 0;
  for (int i = 0; i < 300; ++i) {
    checks.check("admin", {"10.1.2." + std::to_string(i % 250), "10.1.2.0/24", "10.1.0.0/16"}, "plain:secret", "wrong",
                 [&checked](const Checks::Outcome& outcome) { checked += outcome.refused.empty() ? 1 : 0; });
    fleet.run_for(10'000);
  }
  EXPECT_LE(checked, 100);
  EXPECT_GE(checked, 20);
}

}  // namespace
}  // namespace postern::machine::test
