#include "sim/run.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>

#include "base/crypto.h"
#include "sim/bugs.h"
#include "sim/saboteur.h"

namespace postern::sim {
namespace {

constexpr int most_printed = 40;

void print_violation(const Options& options, std::uint64_t seed, const Violation& violation) {
  fmt::print("violation: law \"{}\" at {:.3f} ms of seed {}{}{}\n  {}\n  {}\n", violation.law,
             static_cast<double>(violation.when) / 1000.0, seed,
             violation.commit.empty() ? "" : ", commit ", violation.commit, violation.text,
             replay_command(options, seed));
}

void print_shrunk(const Options& options, std::uint64_t seed, const std::string& law) {
  const Options least = shrink(options, seed, law);
  fmt::print("  shrunk: {}\n", replay_command(least, seed));
}

/// What was counted, as one more member of the JSON line; nothing when nothing was.
std::string counts_text(const char* name, const std::map<std::string, std::uint64_t>& counts) {
  std::string out;
  for (const auto& [what, count] : counts) out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ",", what, count);
  return out.empty() ? out : fmt::format(",\"{}\":{{{}}}", name, out);
}

bool still_breaks(const Options& options, std::uint64_t seed, const std::string& law) {
  const Report report = run_seed(options, seed);
  return report.violation && report.violation->law == law;
}

}  // namespace

Report run_seed(const Options& options, std::uint64_t seed) {
  base::crypto_start();
  plant(options.bug);
  World world(options, seed);
  return world.run();
}

Options shrink(const Options& options, std::uint64_t seed, const std::string& law) {
  Options least = options;
  least.trace = false;
  for (unsigned count = 1; count <= 4; ++count) {
    Options fewer = least;
    fewer.machines = count;
    if (still_breaks(fewer, seed, law)) {
      least = fewer;
      break;
    }
  }
  for (unsigned i = 0; i < fault_count; ++i) {
    const Options fewer = least.without(static_cast<Fault>(i));
    if (fewer.faults != least.faults && still_breaks(fewer, seed, law)) least = fewer;
  }
  return least;
}

int run(const Options& options) {
  if (!plant(options.bug) && sabotage_named(options.bug) == Sabotage::none) {
    fmt::print(stderr, "There is no planted bug \"{}\"; --list-bugs lists them.\n", options.bug);
    return 2;
  }
  std::uint64_t seeds = 0;
  std::uint64_t violations = 0;
  std::uint64_t events = 0;
  std::uint64_t commits = 0;
  std::uint64_t hash = 0;
  std::map<std::string, std::uint64_t> laws;
  std::map<std::string, std::uint64_t> marks;
  for (std::uint64_t seed = options.first_seed; seed <= options.last_seed; ++seed) {
    const Report report = run_seed(options, seed);
    ++seeds;
    events += report.events;
    commits += report.commits;
    hash = hash * 0x100000001B3U + report.trace_hash;
    if (options.hashes) fmt::print("{} {:016x}\n", seed, report.trace_hash);
    for (const auto& [what, count] : report.marks) marks[what] += count;
    if (!report.violation) continue;
    ++laws[report.violation->law];
    if (++violations <= most_printed) {
      print_violation(options, seed, *report.violation);
      if (options.shrink) print_shrunk(options, seed, report.violation->law);
    }
    if (options.expect_caught) break;
  }
  if (!options.hashes)
    fmt::print("{{\"seeds\":{},\"violations\":{},\"events\":{},\"commits\":{},\"trace_hash\":\"{:016x}\"{}}}\n",
               seeds, violations, events, commits, hash, counts_text("laws", laws) + (options.marks ? counts_text("marks", marks) : ""));
  return (violations > 0) == options.expect_caught ? 0 : 1;
}

}  // namespace postern::sim
