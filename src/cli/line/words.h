#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/words.h"
#include "line/arguments.h"

/// Command lines taken apart: commands divided by `;` or the line's end, shell-like quoting, `| grep` and `| count`.
namespace postern::cli {

using base::join;
using base::lower;
using base::split;
using base::trimmed;
using base::upper;
using line::Arguments;
using line::by_prefix;
using line::common_prefix;
using line::whole_number;
using line::with_prefix;

/// One `| grep WORD` (a plain text, not a pattern) or `| count`.
struct Filter {
  enum class Kind { grep, count };
  Kind kind = Kind::grep;
  std::string text;
  bool ignore_case = false;  ///< -i
  bool invert = false;       ///< -v
};

/// One command as typed: its words without quotes, and what its output goes through.
struct Words {
  std::vector<std::string> words;
  std::vector<Filter> filters;
};

/// 'a b' is taken as it is; in "a b" a backslash protects " and \; outside, it protects any character.
/// Empty commands are dropped, and comments: from a `#` in a command's place to the end of its line.
/// Errors: usage, naming the open quote or the unknown filter.
base::Result<std::vector<Words>> parse_line(std::string_view line);
/// The word as parse_line reads it back.
std::string quoted(std::string_view word);

}  // namespace postern::cli
