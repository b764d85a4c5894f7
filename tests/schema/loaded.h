#pragma once

#include "schema/schema.h"

#include <gtest/gtest.h>

namespace postern::schema {

/// One schema for all tests of a program: it is const and takes 20 ms to load.
inline const Schema& loaded() {
  static const auto schema = Schema::load();
  if (!schema) {
    ADD_FAILURE() << base::to_text(schema.error());
    std::abort();
  }
  return **schema;
}

inline model::Tree parsed(std::string_view feature, std::string_view data) {
  auto tree = loaded().parse_data(feature, data);
  if (!tree) {
    ADD_FAILURE() << feature << ": " << base::to_text(tree.error());
    return loaded().empty(feature);
  }
  return *tree;
}

}  // namespace postern::schema
