#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// What is typed behind a command, and names that may be shortened.
namespace postern::line {

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
  /// Takes an option whose value may be left out; nullopt when it was not given. A bare --name has the value "".
  std::optional<std::string> option(std::string_view name);
  /// Takes an option that needs a value; nullopt when it was not given, or without one, which `finished` tells.
  std::optional<std::string> value(std::string_view name);
  /// Takes an option without a value; one with a value `finished` tells.
  bool flag(std::string_view name);
  /// Whether --name was given without a value.
  [[nodiscard]] bool is_bare(std::string_view name) const;
  /// Error usage when an option was given in a wrong way, or words or options are left that nobody took.
  [[nodiscard]] base::Result<> finished() const;
  /// The same of options alone: the words are still to come.
  [[nodiscard]] base::Result<> finished_options() const;

 private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
  std::map<std::string, std::optional<std::string>, std::less<>> options_;  ///< none: a bare --name
  std::string misused_;                                                     ///< what finished tells first
};

/// Those of `candidates` that start with `prefix`, whatever the case, in their order.
std::vector<std::string> with_prefix(const std::vector<std::string>& candidates, std::string_view prefix);
/// The longest text that all of them start with; case as in the first. Empty for none.
std::string common_prefix(const std::vector<std::string>& texts);
/// The candidate `typed` names: equal, or the only one it is a prefix of, whatever the case. Errors:
/// usage, naming the ones it could be.
base::Result<std::string> by_prefix(const std::vector<std::string>& candidates, std::string_view typed, std::string_view kind);
/// A whole decimal number, or nullopt.
std::optional<long> whole_number(std::string_view text);

}  // namespace postern::line
