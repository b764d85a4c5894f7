#include "tests/features/checked_plan.h"

#include "features/features.h"
#include "hands/guard.h"

#include <gtest/gtest.h>

namespace postern::features::test {
namespace {

/// As the applier stages it.
hands::Stage staged(const gateway::Plan& plan) {
  hands::Stage stage{17, {}};
  for (const auto& each : plan.files) stage.files.push_back({each.path, each.bytes, each.mode});
  const std::string probe(gateway::probe_file);
  stage.files.push_back({probe, gateway::probe_table(17, "0123456789abcdef0123456789abcdef"), 0644});
  return stage;
}

}  // namespace

gateway::Facts facts() {
  gateway::Facts facts;
  facts.host_name = "newyork.postern.test";
  facts.instance_dir = "/srv/mta";
  facts.addresses = {"192.0.2.1", "2001:db8::1"};
  facts.bind_address = "192.0.2.1";
  facts.version = "0.1.0";
  return facts;
}

gateway::Plan checked_plan(const gateway::Effective& effective) {
  auto made = gateway::make_plan(effective, facts(), parts());
  const auto taken = hands::check_generation(staged(made), {facts().instance_dir, facts().postfix_dir, facts().mail_owner});
  EXPECT_TRUE(taken) << base::to_text(taken.error());
  return made;
}

}  // namespace postern::features::test
