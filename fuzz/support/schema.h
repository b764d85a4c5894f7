#pragma once

#include "fuzz/support/fuzz.h"
#include "schema/schema.h"

namespace postern::fuzz {

/// One schema for all inputs of a program.
inline const schema::Schema& schema() {
  static const auto loaded = schema::Schema::load();
  FUZZ_CHECK(loaded.has_value());
  return **loaded;
}

/// The feature that the input's first line names, which goes; for another word any feature, but
/// always the same.
inline const std::string& take_feature(std::string_view& input) {
  const std::string_view name = take_line(input);
  if (const auto* found = schema().feature(name)) return found->name;
  const auto& all = schema().features();
  return all[name.size() % all.size()].name;
}

}  // namespace postern::fuzz
