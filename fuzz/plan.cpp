// From settings to Postfix's files: whatever the schema lets through becomes a plan, and hands lets
// that through. The input is lines "FEATURE JSON".
#include "fuzz/support/planner.h"
#include "hands/guard.h"

namespace {

using namespace postern;

void check_plan(const gateway::Plan& plan) {
  const hands::Stage stage = fuzz::stage_of(plan);
  const auto staged = hands::decode_stage(hands::encode_stage(stage));
  FUZZ_CHECK(staged && staged->files == stage.files);
  const auto good = hands::check_generation(stage, {"/m/mta", "/usr/lib/postfix/sbin", "postfix"});
  if (!good) fuzz::broken(base::to_text(good.error()).c_str(), __FILE__, __LINE__);
  FUZZ_CHECK(gateway::difference(plan, plan).nothing());
  for (const auto& file : plan.files)
    for (const char c : file.bytes) FUZZ_CHECK(static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t');
  for (const auto& table : plan.tables)
    for (const auto& [key, value] : table.rows)
      for (const char c : key + value) FUZZ_CHECK(static_cast<unsigned char>(c) >= ' ');
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto plan = fuzz::plan_of(fuzz::view(data, size));
  fuzz::tell(plan.has_value());
  if (plan) check_plan(*plan);
  return 0;
}
