#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Command lines taken apart: commands divided by `;` or the line's end, shell-like quoting, `| grep` and `| count`.
namespace postern::cli {

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

/// The rest of a command after its name: words, and options of the form --name or --name=value.
class Arguments {
 public:
  /// Everything after a lone "--" is a word.
  explicit Arguments(const std::vector<std::string>& words);

  [[nodiscard]] bool empty() const { return next_ == words_.size(); }
  [[nodiscard]] std::size_t size() const { return words_.size() - next_; }
  /// The next word, not taken; empty when there is none.
  [[nodiscard]] std::string_view peek() const;
  /// Takes the next word; nullopt when there is none.
  std::optional<std::string> take();
  /// Takes all words that are left, joined by single spaces.
  std::string take_rest();
  [[nodiscard]] bool has(std::string_view name) const { return options_.contains(name); }
  /// Options that nobody took yet.
  [[nodiscard]] bool has_options() const { return !options_.empty(); }
  /// Takes an option; nullopt when it was not given. A bare --name has the value "".
  std::optional<std::string> option(std::string_view name);
  /// Error usage when words or options are left that nobody took.
  [[nodiscard]] base::Result<> finished() const;

 private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
  std::map<std::string, std::string, std::less<>> options_;
};

std::string lower(std::string_view text);
std::string upper(std::string_view text);
std::string trimmed(std::string_view text);
/// Parts between any of `separators`, trimmed, without empty ones.
std::vector<std::string> split(std::string_view text, std::string_view separators);
std::string join(const std::vector<std::string>& parts, std::string_view between);

/// Those of `candidates` that start with `prefix`, whatever the case, in their order.
std::vector<std::string> with_prefix(const std::vector<std::string>& candidates,
                                     std::string_view prefix);
/// The longest text that all of them start with; case as in the first. Empty for none.
std::string common_prefix(const std::vector<std::string>& texts);
/// The candidate `typed` names: equal, or the only one it is a prefix of, whatever the case. Errors:
/// usage, naming the ones it could be.
base::Result<std::string> by_prefix(const std::vector<std::string>& candidates,
                                    std::string_view typed, std::string_view kind);
/// A whole decimal number, or nullopt.
std::optional<long> whole_number(std::string_view text);

}  // namespace postern::cli
