#pragma once

#include "desk/door/state.h"

#include <string>
#include <vector>

namespace postern::desk {

/// The last doors that the pending changes close or move: one sentence for each machine that nobody could log in to over
/// SSH any more, or nowhere where it was, or that no other machine could reach there (spec N7); and the one that `who`
/// is logged in through. Such a commit may be meant, but never by accident.
std::vector<std::string> closed_doors(const State& state, const Who& who, const Pending& pending);

}  // namespace postern::desk
