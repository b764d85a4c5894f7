#pragma once

#include <memory>
#include <vector>

#include "sim/ledger.h"
#include "sim/machine.h"
#include "sim/random.h"

namespace postern::sim {

/// A cluster of `count` machines with one founding commit, which admits them all, on every disk; nobody
/// runs yet. Ids and keys are drawn from `random`; the commit is entered into the ledger.
std::vector<std::unique_ptr<Machine>> found_cluster(std::size_t count, Random& random, Ledger& ledger);

}  // namespace postern::sim
