#pragma once

#include <string>

#include "sim/options.h"
#include "sim/world.h"

namespace postern::sim {

/// Lives through one seed. Pure: equal arguments, equal report.
Report run_seed(const Options& options, std::uint64_t seed);

/// The options with as few faults and machines as still break the same law on this seed.
Options shrink(const Options& options, std::uint64_t seed, const std::string& law);

/// What the program does once its arguments are read; prints, returns the exit status: 0 when no law was
/// broken (with expect_caught: when one was).
int run(const Options& options);

}  // namespace postern::sim
