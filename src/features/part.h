#pragma once

#include "gateway/draft.h"

/// What each folder here gives to parts(): its settings' share of the plan.
namespace postern::features {

void plan_listeners(const gateway::Effective& effective, const gateway::Facts& facts,
                    gateway::Draft& draft);
void plan_smtp_routes(const gateway::Effective& effective, const gateway::Facts& facts,
                      gateway::Draft& draft);
void plan_destination_controls(const gateway::Effective& effective, const gateway::Facts& facts,
                               gateway::Draft& draft);
void plan_dns(const gateway::Effective& effective, const gateway::Facts& facts,
              gateway::Draft& draft);

}  // namespace postern::features
