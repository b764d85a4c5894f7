#include "schema/schema.h"
#include "tests/features/checked_plan.h"
#include "tests/schema/loaded.h"
#include "tests/support/golden.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

/// src/features/NAME/golden/CASE.json holds settings by feature, {"smtp-routes": {"route": [...]}}; CASE.txt what they
/// add to a plan without any.
namespace postern::features {
namespace {

const std::filesystem::path root = std::filesystem::path(POSTERN_SOURCE_DIR) / "src" / "features";

/// All of a plan as one text that a person can read.
std::string show(const gateway::Plan& plan) {
  std::string out;
  for (const auto& each : plan.files) out += fmt::format("== file {} {:o}\n{}", each.path, each.mode, each.bytes);
  for (const auto& each : plan.tables) {
    out += fmt::format("== table {}\n", each.name);
    for (const auto& [key, value] : each.rows) out += fmt::format("{} -> {}\n", key, value);
  }
  for (const auto& each : plan.probes)
    out += fmt::format("== probe {} {} {} {}\n", each.listener, each.address, each.port, each.recipient);
  for (const auto& each : plan.notes) out += fmt::format("== note {}: {}\n", each.feature, each.text);
  for (const auto& each : plan.listen) out += fmt::format("== listen {}\n", each);
  for (const auto& each : plan.resolvers) out += fmt::format("== resolver {}\n", each);
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

gateway::Effective settings(const std::string& text) {
  gateway::Effective effective;
  const boost::json::value all = boost::json::parse(text);
  for (const auto& one : all.as_object()) {
    const std::string feature(one.key());
    auto tree = schema::loaded().parse_data(feature, boost::json::serialize(one.value()));
    EXPECT_TRUE(tree) << (tree ? "" : base::to_text(tree.error()));
    if (tree) effective.trees[feature] = std::make_shared<const model::Tree>(schema::loaded().with_defaults(feature, *tree));
  }
  return effective;
}

/// What the settings add to a plan without any: one feature's golden file shows nothing of the base.
std::string added(const gateway::Effective& effective) {
  const auto base = lines_of(show(test::checked_plan({})));
  std::string out;
  for (const std::string& line : lines_of(show(test::checked_plan(effective))))
    if (line.starts_with("== file") || line.starts_with("== table") || std::ranges::find(base, line) == base.end())
      out += line + "\n";
  return out;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, is_what_the_settings_add) {
  const std::filesystem::path path = root / GetParam();
  support::expect_golden(path, added(settings(support::read_file(path))));
}

INSTANTIATE_TEST_SUITE_P(All, Golden, testing::ValuesIn(support::golden_cases(root)), support::golden_name);

}  // namespace
}  // namespace postern::features
