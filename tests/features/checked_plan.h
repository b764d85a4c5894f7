#pragma once

#include "gateway/plan.h"

namespace postern::features::test {

/// The host that the plans of these tests are for.
gateway::Facts facts();
/// A plan of all features that postern-hands takes, as it must take each.
gateway::Plan checked_plan(const gateway::Effective& effective);

}  // namespace postern::features::test
