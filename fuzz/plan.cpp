// From settings to Postfix's files: whatever the schema lets through becomes a plan, and hands lets
// that through. The input is lines "FEATURE JSON".
#include "features/features.h"
#include "fuzz/support/schema.h"
#include "hands/guard.h"

#include <algorithm>

namespace {

using namespace postern;

gateway::Facts facts() {
  gateway::Facts out;
  out.host_name = "newyork.postern.test";
  out.instance_dir = "/m/mta";
  out.addresses = {"192.0.2.1", "127.0.0.1", "2001:db8::1"};
  out.bind_address = "192.0.2.1";
  out.version = "1";
  return out;
}

bool is_sound(const std::vector<schema::Problem>& problems) {
  return std::none_of(problems.begin(), problems.end(),
                      [](const auto& each) { return each.dangling == schema::Dangling::error; });
}

/// A generation as the applier stages it.
hands::Stage stage_of(const gateway::Plan& plan) {
  hands::Stage stage{1, {}};
  for (const auto& file : plan.files) stage.files.push_back({file.path, file.bytes, file.mode});
  constexpr std::string_view name = "0123456789abcdef0123456789abcdef";
  stage.files.push_back({std::string(gateway::probe_file), gateway::probe_table(1, name), 0644});
  return stage;
}

void check_plan(const gateway::Plan& plan) {
  const hands::Stage stage = stage_of(plan);
  const auto staged = hands::decode_stage(hands::encode_stage(stage));
  FUZZ_CHECK(staged && staged->files == stage.files);
  const auto good = hands::check_generation(stage, {"/m/mta", "/usr/lib/postfix/sbin", "postfix"});
  if (!good) fuzz::broken(base::to_text(good.error()).c_str(), __FILE__, __LINE__);
  FUZZ_CHECK(gateway::difference(plan, plan).nothing());
  for (const auto& file : plan.files)
    for (const char c : file.bytes)
      FUZZ_CHECK(static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t');
  for (const auto& table : plan.tables)
    for (const auto& [key, value] : table.rows)
      for (const char c : key + value) FUZZ_CHECK(static_cast<unsigned char>(c) >= ' ');
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto& schema = fuzz::schema();
  std::string_view rest = fuzz::view(data, size);
  schema::Effective effective;
  while (!rest.empty()) {
    const std::string_view line = fuzz::take_line(rest);
    const std::string name(line.substr(0, line.find(' ')));
    if (schema.feature(name) == nullptr) continue;
    auto tree = schema.parse(name, line.substr(std::min(name.size() + 1, line.size())));
    if (!tree) return fuzz::tell(false), 0;
    effective[name] = std::make_shared<const model::Tree>(std::move(*tree));
  }
  const bool sound = is_sound(schema.check(effective));
  fuzz::tell(sound);
  if (!sound) return 0;
  gateway::Effective filled;
  for (const auto& feature : schema.features()) {
    const auto found = effective.find(feature.name);
    const model::Tree& tree =
        found == effective.end() ? schema.factory(feature.name) : *found->second;
    filled.trees[feature.name] =
        std::make_shared<const model::Tree>(schema.with_defaults(feature.name, tree));
  }
  check_plan(gateway::make_plan(filled, facts(), features::parts()));
  return 0;
}
