// The world itself: one seed, one run; it reaches what it is for; and it can be made smaller.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "sim/bugs.h"
#include "sim/run.h"

namespace postern::sim {
namespace {

TEST(World, OneSeedIsOneRun) {
  const Options options;
  const Report first = run_seed(options, 5);
  const Report again = run_seed(options, 5);
  EXPECT_EQ(first.trace_hash, again.trace_hash);
  EXPECT_EQ(first.events, again.events);
  EXPECT_NE(first.trace_hash, run_seed(options, 6).trace_hash);
}

TEST(World, ReachesWhatItIsFor) {
  std::map<std::string, std::uint64_t> reached;
  for (std::uint64_t seed = 1; seed <= 60; ++seed)
    for (const auto& [what, count] : run_seed(Options{}, seed).marks) reached[what] += count;
  for (const char* what : {"answer committed everywhere",
                           "answer committed on some",
                           "answer conflict",
                           "answer in doubt",
                           "answer refused",
                           "buried write",
                           "drop",
                           "flush failed",
                           "flush unknown",
                           "fork",
                           "fork of three",
                           "forgery",
                           "keep mine",
                           "kill",
                           "kill while writing",
                           "merge of several",
                           "old image",
                           "open conflict",
                           "power cut",
                           "power cut while writing",
                           "promote",
                           "replay",
                           "retry elsewhere",
                           "retry here",
                           "set back",
                           "staged"})
    EXPECT_GT(reached[what], 0U) << what;
}

TEST(World, LeavesOutTheFaultsThatAreSwitchedOff) {
  Options calm;
  calm.faults = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Report report = run_seed(calm, seed);
    ASSERT_FALSE(report.violation) << report.violation->text;
    for (const char* what : {"kill", "kill while writing", "power cut", "flush failed", "forgery", "replay"})
      EXPECT_EQ(report.marks.count(what), 0U) << what;
  }
}

TEST(World, AloneIsAWorldToo) {
  Options alone;
  alone.machines = 1;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Report report = run_seed(alone, seed);
    EXPECT_FALSE(report.violation) << report.violation->law << ": " << report.violation->text;
    EXPECT_GT(report.commits, 1U);
  }
}

TEST(Shrink, LeavesOnlyWhatTheViolationNeeds) {
  Options deaf;
  deaf.bug = "deaf";
  const Report report = run_seed(deaf, 1);
  ASSERT_TRUE(report.violation);
  ASSERT_EQ(report.violation->law, "converge");
  const Options least = shrink(deaf, 1, "converge");
  EXPECT_EQ(least.faults, 0U) << replay_command(least, 1);
  EXPECT_EQ(least.machines, 2U);
  EXPECT_TRUE(run_seed(least, 1).violation);
}

TEST(Bugs, HaveNamesOfTheirOwn) {
  std::map<std::string, int> names;
  for (const Bug& bug : bugs()) EXPECT_EQ(++names[bug.name], 1) << bug.name;
  EXPECT_EQ(find_bug("no such bug"), nullptr);
}

}  // namespace
}  // namespace postern::sim
