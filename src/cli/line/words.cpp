#include "cli/line/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::cli {
namespace {

using base::ErrorCode;
using base::fail;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

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
    const bool escapes =
        quote == '"' && line[at] == '\\' && at + 1 < line.size() && (line[at + 1] == '"' || line[at + 1] == '\\');
    if (escapes) ++at;
    word += line[at++];
  }
  if (at == line.size()) {
    return fail(ErrorCode::usage, fmt::format("The quote {} is not closed: put one more at the end of the text.", quote));
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
  bool options_over = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (options_over || !word.starts_with('-') || word == "-") {
      texts.push_back(word);
    } else if (word == "--") {
      options_over = true;
    } else if (word.find_first_not_of("iv", 1) != word.npos) {
      return fail(ErrorCode::usage,
                  fmt::format("The option {} of \"| grep\" is unknown: there are -i (in any case) and -v (lines "
                              "without it), and behind -- every word is text.",
                              word));
    } else {
      filter.ignore_case = filter.ignore_case || word.find('i') != word.npos;
      filter.invert = filter.invert || word.find('v') != word.npos;
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

}  // namespace postern::cli
