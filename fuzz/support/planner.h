#pragma once

#include "features/features.h"
#include "fuzz/support/schema.h"
#include "hands/protocol.h"

#include <algorithm>
#include <memory>
#include <optional>

/// From settings to what the applier stages, as the machine does it.
namespace postern::fuzz {

inline gateway::Facts facts() {
  gateway::Facts out;
  out.host_name = "newyork.postern.test";
  out.instance_dir = "/m/mta";
  out.addresses = {"192.0.2.1", "127.0.0.1", "2001:db8::1"};
  out.bind_address = "192.0.2.1";
  out.version = "1";
  return out;
}

/// A generation as the applier stages it.
inline hands::Stage stage_of(const gateway::Plan& plan) {
  hands::Stage stage{1, {}};
  for (const auto& file : plan.files) stage.files.push_back({file.path, file.bytes, file.mode});
  constexpr std::string_view name = "0123456789abcdef0123456789abcdef";
  stage.files.push_back({std::string(gateway::probe_file), gateway::probe_table(1, name), 0644});
  return stage;
}

inline bool is_sound(const std::vector<schema::Problem>& problems) {
  return std::none_of(problems.begin(), problems.end(),
                      [](const auto& each) { return each.dangling == schema::Dangling::error; });
}

/// The plan of lines "FEATURE JSON"; none when they do not check.
inline std::optional<gateway::Plan> plan_of(std::string_view lines) {
  const auto& known = schema();
  schema::Effective effective;
  while (!lines.empty()) {
    const std::string_view line = take_line(lines);
    const std::string name(line.substr(0, line.find(' ')));
    if (known.feature(name) == nullptr) continue;
    auto tree = known.parse(name, line.substr(std::min(name.size() + 1, line.size())));
    if (!tree) return std::nullopt;
    effective[name] = std::make_shared<const model::Tree>(std::move(*tree));
  }
  if (!is_sound(known.check(effective))) return std::nullopt;
  gateway::Effective filled;
  for (const auto& feature : known.features()) {
    const auto found = effective.find(feature.name);
    const model::Tree& tree = found == effective.end() ? known.factory(feature.name) : *found->second;
    filled.trees[feature.name] = std::make_shared<const model::Tree>(known.with_defaults(feature.name, tree));
  }
  return gateway::make_plan(filled, facts(), features::parts());
}

}  // namespace postern::fuzz
