#pragma once

#include <memory>
#include <vector>

#include "sim/ledger.h"
#include "sim/machine.h"
#include "sim/random.h"

namespace postern::sim {

/// A cluster of `count` machines: the first one's founding and its admissions of the others are on every
/// disk; nobody runs yet. Ids and keys are drawn from `random`; the commits are entered into the ledger.
std::vector<std::unique_ptr<Machine>> found_cluster(std::size_t count, Random& random, Ledger& ledger);

}  // namespace postern::sim
