#include "cli/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace postern::cli {
namespace {

using base::ErrorCode;
using base::fail;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

char lower_char(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && lower(text.substr(0, prefix.size())) == lower(prefix);
}

/// A word, or one of the marks that divide words.
struct Token {
  enum class Kind { word, semicolon, pipe };
  Kind kind = Kind::word;
  std::string text;
};

/// Reads one quoted part whose opening quote is at `at`; leaves `at` behind the closing one.
base::Result<> read_quoted(std::string_view line, std::size_t& at, std::string& word) {
  const char quote = line[at++];
  while (at < line.size() && line[at] != quote) {
    const bool escapes = quote == '"' && line[at] == '\\' && at + 1 < line.size() &&
                         (line[at + 1] == '"' || line[at + 1] == '\\');
    if (escapes) ++at;
    word += line[at++];
  }
  if (at == line.size()) {
    return fail(ErrorCode::usage,
                fmt::format("The quote {} is not closed: put one more at the end of the text.", quote));
  }
  ++at;
  return {};
}

base::Result<Token> read_word(std::string_view line, std::size_t& at) {
  Token token;
  while (at < line.size() && !is_space(line[at]) && line[at] != ';' && line[at] != '|') {
    if (line[at] == '\'' || line[at] == '"') {
      if (auto read = read_quoted(line, at, token.text); !read) return read.error();
    } else {
      if (line[at] == '\\' && at + 1 < line.size()) ++at;
      token.text += line[at++];
    }
  }
  return token;
}

base::Result<std::vector<Token>> tokens_of(std::string_view line) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < line.size();) {
    const bool first = tokens.empty() || tokens.back().kind == Token::Kind::semicolon;
    if (line[at] == '#' && first) {
      at = std::min(line.find('\n', at), line.size());
    } else if (line[at] == '|') {
      tokens.push_back({Token::Kind::pipe, {}});
      ++at;
    } else if (line[at] == ';' || line[at] == '\n') {
      tokens.push_back({Token::Kind::semicolon, {}});
      ++at;
    } else if (is_space(line[at])) {
      ++at;
    } else {
      auto word = read_word(line, at);
      if (!word) return word.error();
      tokens.push_back(std::move(*word));
    }
  }
  return tokens;
}

base::Result<Filter> filter_of(const std::vector<std::string>& words) {
  const std::string name = words.empty() ? std::string() : lower(words.front());
  Filter filter;
  if (name == "count" && words.size() == 1) {
    filter.kind = Filter::Kind::count;
    return filter;
  }
  if (name != "grep") {
    return fail(ErrorCode::usage, fmt::format("\"| {}\" is unknown: output can go through \"| grep "
                                              "[-i] [-v] TEXT\" and \"| count\".",
                                              join(words, " ")));
  }
  std::vector<std::string> texts;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "-i") {
      filter.ignore_case = true;
    } else if (words[i] == "-v") {
      filter.invert = true;
    } else {
      texts.push_back(words[i]);
    }
  }
  if (texts.empty()) return fail(ErrorCode::usage, "\"| grep\" needs the text to look for.");
  filter.text = join(texts, " ");
  return filter;
}

base::Result<Words> command_of(const std::vector<std::vector<std::string>>& stages) {
  Words command;
  command.words = stages.front();
  if (command.words.empty()) {
    return fail(ErrorCode::usage, "There is no command before \"|\".");
  }
  for (std::size_t i = 1; i < stages.size(); ++i) {
    auto filter = filter_of(stages[i]);
    if (!filter) return filter.error();
    command.filters.push_back(std::move(*filter));
  }
  return command;
}

}  // namespace

base::Result<std::vector<Words>> parse_line(std::string_view line) {
  auto tokens = tokens_of(line);
  if (!tokens) return tokens.error();
  tokens->push_back({Token::Kind::semicolon, {}});
  std::vector<Words> commands;
  std::vector<std::vector<std::string>> stages(1);
  for (auto& token : *tokens) {
    if (token.kind == Token::Kind::word) {
      stages.back().push_back(std::move(token.text));
    } else if (token.kind == Token::Kind::pipe) {
      stages.emplace_back();
    } else {
      if (stages.size() > 1 || !stages.front().empty()) {
        auto command = command_of(stages);
        if (!command) return command.error();
        commands.push_back(std::move(*command));
      }
      stages.assign(1, {});
    }
  }
  return commands;
}

std::string quoted(std::string_view word) {
  constexpr std::string_view special = " \t\r\n;|'\"\\";
  if (!word.empty() && word.front() != '#' && word.find_first_of(special) == word.npos) return std::string(word);
  std::string text = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

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
          bare ? std::string() : word.substr(equals + 1);
    }
  }
}

std::string_view Arguments::peek() const {
  return empty() ? std::string_view() : std::string_view(words_[next_]);
}

std::optional<std::string> Arguments::take() {
  if (empty()) return std::nullopt;
  return words_[next_++];
}

std::string Arguments::take_rest() {
  const std::vector<std::string> rest(words_.begin() + static_cast<std::ptrdiff_t>(next_),
                                      words_.end());
  next_ = words_.size();
  return join(rest, " ");
}

std::optional<std::string> Arguments::option(std::string_view name) {
  const auto found = options_.find(name);
  if (found == options_.end()) return std::nullopt;
  std::string value = found->second;
  options_.erase(found);
  return value;
}

base::Result<> Arguments::finished() const {
  if (!empty()) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not expected here.", words_[next_]));
  }
  if (!options_.empty()) {
    return fail(ErrorCode::usage,
                fmt::format("The option --{} is not known here.", options_.begin()->first));
  }
  return {};
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower_char);
  return result;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = text.find_first_of(separators);
    std::string part = trimmed(text.substr(0, end));
    if (!part.empty()) parts.push_back(std::move(part));
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  return fmt::format("{}", fmt::join(parts, between));
}

std::vector<std::string> with_prefix(const std::vector<std::string>& candidates,
                                     std::string_view prefix) {
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
    while (same < std::min(length, text.size()) &&
           lower_char(text[same]) == lower_char(texts.front()[same])) {
      ++same;
    }
    length = same;
  }
  return texts.front().substr(0, length);
}

base::Result<std::string> by_prefix(const std::vector<std::string>& candidates,
                                    std::string_view typed, std::string_view kind) {
  for (const auto& candidate : candidates) {
    if (lower(candidate) == lower(typed)) return candidate;
  }
  const auto matches = with_prefix(candidates, typed);
  if (matches.size() == 1 && !typed.empty()) return matches.front();
  if (matches.empty() || typed.empty()) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not {}.", typed, kind));
  }
  return fail(ErrorCode::usage,
              fmt::format("\"{}\" could be {}: type more of it.", typed, join(matches, ", ")));
}

std::optional<long> whole_number(std::string_view text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace postern::cli
