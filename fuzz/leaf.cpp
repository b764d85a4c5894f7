// schema/schema.h: one value, asked of every leaf of every feature.
#include "base/printable.h"
#include "fuzz/support/laws.h"
#include "fuzz/support/schema.h"

namespace {

using namespace postern;

/// Whether any leaf below takes it.
bool try_all(const std::string& feature, const schema::Form& form, std::vector<std::string>& path, std::string_view value) {
  bool taken = false;
  for (const auto& child : form.children) {
    path.push_back(child.name);
    using Kind = model::Node::Kind;
    if (child.kind == Kind::leaf || child.kind == Kind::leaf_list) {
      const auto kept = fuzz::schema().check_leaf(feature, path, value);
      if (kept) {
        FUZZ_CHECK(!fuzz::laws::settings_are_printable || base::is_printable_line(*kept, kept->size()));
        const auto again = fuzz::schema().check_leaf(feature, path, *kept);
        FUZZ_CHECK(again && *again == *kept);
      }
      taken = taken || kept.has_value();
    }
    taken = try_all(feature, child, path, value) || taken;
    path.pop_back();
  }
  return taken;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value = fuzz::view(data, size);
  bool taken = false;
  for (const auto& feature : fuzz::schema().features()) {
    std::vector<std::string> path;
    taken = try_all(feature.name, fuzz::schema().form(feature.name), path, value) || taken;
  }
  fuzz::tell(taken);
  return 0;
}
