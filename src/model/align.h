#pragma once

#include "model/edit.h"

#include <string>
#include <vector>

/// Nodes of two or three versions of one tree, matched by what names them. Inside model/ only.
namespace postern::model {

/// What names a child among its siblings: its name; of a list entry, its key values.
using Ident = std::vector<std::string>;
/// Of the children of `node` (a container or entry), or of its entries (a list), in their order.
std::vector<Ident> idents(const Node& node);
/// The same for the step by which the child is reached from `node`.
PathStep step_to(const Node& node, const Ident& ident);

/// Of two sequences without repetitions: which members of `after` that are in `before` too must
/// have been moved, given that as few as possible were. In `after`'s order.
std::vector<Ident> moved(const std::vector<Ident>& before, const std::vector<Ident>& after);

}  // namespace postern::model
