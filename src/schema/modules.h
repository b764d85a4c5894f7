#pragma once

#include <cstddef>

namespace postern::schema {

/// One YANG module as built into the program (cmake/EmbedYang.cmake writes the definitions).
struct Module {
  const char* name;
  const char* text;
};
/// Sorted by file name.
extern const Module modules[];
extern const std::size_t module_count;

}  // namespace postern::schema
