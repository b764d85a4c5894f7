#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// JSON as it comes from outside (RFC 8259), before the schema has a word. Inside schema/ only.
namespace postern::schema {

struct JsonValue {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  std::string text;                 ///< string: unescaped; number and boolean: as written
  std::vector<std::string> names;   ///< object: of `children`
  std::vector<JsonValue> children;  ///< array or object
};

/// Within base/limits.h: bytes, nodes, depth, length of a string. No member of an object may be
/// there twice. Takes time in proportion to the text, whatever it says. Errors: invalid, with the
/// byte.
base::Result<JsonValue> read_json(std::string_view text);

}  // namespace postern::schema
