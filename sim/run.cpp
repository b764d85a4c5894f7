#include "sim/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "base/crypto.h"
#include "sim/bugs.h"

namespace postern::sim {
namespace {

constexpr int most_printed = 40;

void print_violation(const Options& options, std::uint64_t seed, const Violation& violation) {
  fmt::print("violation: law \"{}\" at {:.3f} ms of seed {}{}{}\n  {}\n  {}\n", violation.law,
             static_cast<double>(violation.when) / 1000.0, seed, violation.commit.empty() ? "" : ", commit ", violation.commit,
             violation.text, replay_command(options, seed));
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
  plant("");
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
  if (!options.bug.empty() && find_bug(options.bug) == nullptr) {
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
    if (++violations <= most_printed && !options.hashes) {
      print_violation(options, seed, *report.violation);
      if (options.shrink) print_shrunk(options, seed, report.violation->law);
    }
  }
  if (!options.hashes)
    fmt::print("{{\"seeds\":{},\"violations\":{},\"events\":{},\"commits\":{},\"trace_hash\":\"{:016x}\"{}}}\n", seeds,
               violations, events, commits, hash, counts_text("laws", laws) + (options.marks ? counts_text("marks", marks) : ""));
  return violations > 0 ? 1 : 0;
}

int run_file(const Options& options) {
  std::ifstream file(options.file);
  if (!file) {
    fmt::print(stderr, "{} cannot be read.\n", options.file);
    return 2;
  }
  int status = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    const std::vector<std::string> arguments{std::istream_iterator<std::string>(words), {}};
    if (arguments.empty()) continue;
    const auto parsed = parse_options(arguments);
    if (!parsed) {
      fmt::print(stderr, "{}: {}\n", line, base::to_text(parsed.error()));
      return 2;
    }
    status = std::max(status, run(*parsed));
  }
  return status;
}

int run_mutants(const Options& options) {
  int escaped = 0;
  for (const Bug& bug : bugs()) {
    Options planted = options;
    planted.bug = bug.name;
    std::uint64_t seed = 1;
    while (seed <= mutant_seeds && !still_breaks(planted, seed, bug.law)) ++seed;
    if (seed <= mutant_seeds) {
      fmt::print("{:<32} caught by law \"{}\" at seed {}\n", bug.name, bug.law, seed);
    } else {
      fmt::print("{:<32} NOT caught by law \"{}\" in {} seeds\n", bug.name, bug.law, mutant_seeds);
      ++escaped;
    }
  }
  return escaped == 0 ? 0 : 1;
}

}  // namespace postern::sim
