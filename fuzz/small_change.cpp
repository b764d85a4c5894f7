// schema/schema.h: a small change is parsed and checked as one; what comes of it is what reading it
// all says. The first line names the feature; then come the settings before and after, with a NUL
// between.
#include "fuzz/support/schema.h"

namespace {

using namespace postern;

std::vector<std::string> texts_of(const std::vector<schema::Problem>& problems) {
  std::vector<std::string> out;
  for (const auto& each : problems) out.push_back(each.feature + " " + each.path + " " + each.value + " " + each.text);
  return out;
}

schema::Effective alone(const std::string& feature, const model::Tree& tree) {
  schema::Effective out;
  out[feature] = std::make_shared<const model::Tree>(tree);
  return out;
}

/// compare and merge3 of two trees that the schema made.
void check_merge(const std::string& feature, const model::Tree& before, const model::Tree& after) {
  const auto& schema = fuzz::schema();
  FUZZ_CHECK(model::compare(before, after).empty() == (before == after));
  for (const auto& merged : {model::merge3(before, after, before), model::merge3(before, before, after)}) {
    FUZZ_CHECK(merged.has_value());
    const auto canonical = schema.canonical(feature, *merged);
    FUZZ_CHECK(canonical && *canonical == after);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto& schema = fuzz::schema();
  std::string_view both = fuzz::view(data, size);
  const std::string& feature = fuzz::take_feature(both);
  const std::size_t middle = both.find('\0');
  const auto before = schema.parse(feature, both.substr(0, middle));
  if (!before || middle == std::string_view::npos) return fuzz::tell(false), 0;
  const auto whole = schema.parse(feature, both.substr(middle + 1));
  const auto small = schema.parse(feature, both.substr(middle + 1), &*before);
  fuzz::tell(whole.has_value());
  FUZZ_CHECK(whole.has_value() == small.has_value());
  if (!whole) {
    FUZZ_CHECK(whole.error() == small.error());
    return 0;
  }
  FUZZ_CHECK(*whole == *small);
  check_merge(feature, *before, *whole);
  if (!schema.check_feature(feature, alone(feature, *before)).empty()) return 0;
  const auto after = alone(feature, *whole);
  FUZZ_CHECK(texts_of(schema.check_feature(feature, after)) == texts_of(schema.check_feature(feature, after, &*before)));
  return 0;
}
