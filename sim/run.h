#pragma once

#include <string>

#include "sim/options.h"
#include "sim/world.h"

namespace postern::sim {

/// Lives through one seed. Pure: equal arguments, equal report.
Report run_seed(const Options& options, std::uint64_t seed);

/// The options with as few faults and machines as still break the same law on this seed.
Options shrink(const Options& options, std::uint64_t seed, const std::string& law);

/// Runs the seeds and prints; returns the exit status: 0 when no law was broken.
int run(const Options& options);

/// Runs every line of options.file; exit status 0 when no law was broken, 2 for a file that cannot be read.
int run_file(const Options& options);

/// Plants every bug in turn and looks for the first seed whose law objects; prints a line for each. Exit
/// status 0 when all were caught by their laws.
int run_mutants(const Options& options);

}  // namespace postern::sim
