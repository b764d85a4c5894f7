#include "line/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/words.h"

namespace postern::line {
namespace {

using base::ErrorCode;
using base::fail;
using base::join;
using base::lower;

char lower_char(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && lower(text.substr(0, prefix.size())) == lower(prefix);
}

}  // namespace

Arguments::Arguments(const std::vector<std::string>& words) {
  bool options_over = false;
  for (const auto& word : words) {
    if (options_over || !word.starts_with("--")) {
      words_.push_back(word);
    } else if (word == "--") {
      options_over = true;
    } else {
      const auto equals = word.find('=');
      const bool bare = equals == word.npos;
      options_[lower(word.substr(2, bare ? word.npos : equals - 2))] =
          bare ? std::nullopt : std::optional(word.substr(equals + 1));
    }
  }
}

std::string_view Arguments::peek() const { return empty() ? std::string_view() : std::string_view(words_[next_]); }

std::optional<std::string> Arguments::take() {
  if (empty()) return std::nullopt;
  return words_[next_++];
}

std::string Arguments::take_rest() {
  const std::vector<std::string> rest(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end());
  next_ = words_.size();
  return join(rest, " ");
}

std::optional<std::string> Arguments::option(std::string_view name) {
  const auto found = options_.find(name);
  if (found == options_.end()) return std::nullopt;
  std::string value = found->second.value_or("");
  options_.erase(found);
  return value;
}

std::optional<std::string> Arguments::value(std::string_view name) {
  auto value = option(name);
  if (!value || !value->empty()) return value;
  misused_ = fmt::format("The option --{0} needs a value: --{0}=...", name);
  return std::nullopt;
}

bool Arguments::flag(std::string_view name) {
  const auto value = option(name);
  if (value && !value->empty()) misused_ = fmt::format("The option --{} takes no value: leave out \"={}\".", name, *value);
  return value.has_value();
}

bool Arguments::is_bare(std::string_view name) const {
  const auto found = options_.find(name);
  return found != options_.end() && !found->second;
}

base::Result<> Arguments::finished() const {
  if (misused_.empty() && !empty()) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not expected here.", words_[next_]));
  }
  return finished_options();
}

base::Result<> Arguments::finished_options() const {
  if (!misused_.empty()) return fail(ErrorCode::usage, misused_);
  if (!options_.empty()) {
    return fail(ErrorCode::usage, fmt::format("The option --{} is not known here.", options_.begin()->first));
  }
  return {};
}

std::vector<std::string> with_prefix(const std::vector<std::string>& candidates, std::string_view prefix) {
  std::vector<std::string> matches;
  std::ranges::copy_if(candidates, std::back_inserter(matches),
                       [&](const std::string& name) { return starts_with(name, prefix); });
  return matches;
}

std::string common_prefix(const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  std::size_t length = texts.front().size();
  for (const auto& text : texts) {
    std::size_t same = 0;
    while (same < std::min(length, text.size()) && lower_char(text[same]) == lower_char(texts.front()[same])) {
      ++same;
    }
    length = same;
  }
  return texts.front().substr(0, length);
}

base::Result<std::string> by_prefix(const std::vector<std::string>& candidates, std::string_view typed, std::string_view kind) {
  for (const auto& candidate : candidates) {
    if (lower(candidate) == lower(typed)) return candidate;
  }
  const auto matches = with_prefix(candidates, typed);
  if (matches.size() == 1 && !typed.empty()) return matches.front();
  if (matches.empty() || typed.empty()) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not {}.", typed, kind));
  }
  return fail(ErrorCode::usage, fmt::format("\"{}\" could be {}: type more of it.", typed, join(matches, ", ")));
}

std::optional<long> whole_number(std::string_view text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace postern::line
