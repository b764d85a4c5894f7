// schema/schema.h: one feature's settings as JSON. The first line names the feature.
#include "fuzz/support/schema.h"

namespace {

using namespace postern;

/// Canonical: what is printed reads as the same, and prints as the same.
void check_forms(const std::string& feature, const model::Tree& tree) {
  const auto& schema = fuzz::schema();
  const std::string text = schema.print(feature, tree);
  const auto again = schema.parse(feature, text);
  FUZZ_CHECK(again && *again == tree);
  FUZZ_CHECK(schema.print(feature, *again) == text);
  const std::string data = schema.print_data(feature, tree);
  const auto of_data = schema.parse_data(feature, data);
  FUZZ_CHECK(of_data && *of_data == tree);
  const auto canonical = schema.canonical(feature, tree);
  FUZZ_CHECK(canonical && *canonical == tree);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto& schema = fuzz::schema();
  std::string_view text = fuzz::view(data, size);
  const std::string& feature = fuzz::take_feature(text);
  const auto tree = schema.parse(feature, text);
  fuzz::tell(tree.has_value());
  if (!tree) {
    FUZZ_CHECK(!schema.parse_data(feature, text) && !tree.error().text.empty());
    return 0;
  }
  check_forms(feature, *tree);
  FUZZ_CHECK(model::compare(*tree, *tree).empty());
  (void)schema.with_defaults(feature, *tree);
  schema::Effective effective;
  effective[feature] = std::make_shared<const model::Tree>(*tree);
  for (const auto& problem : schema.check(effective)) FUZZ_CHECK(!problem.text.empty());
  return 0;
}
