#include "hands/master_file.h"

#include <fmt/format.h>

#include <cstddef>

namespace postern::hands {
namespace {

constexpr std::string_view blank = " \t";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

base::Error refuse(std::string text) {
  return base::fail(base::ErrorCode::invalid, std::move(text));
}

/// Lines that start with blanks continue the one before; comments and empty lines do not count, nor
/// end it.
base::Result<std::vector<std::string>> logical_lines(std::string_view text, std::string_view file) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    for (const char c : line)
      if (static_cast<unsigned char>(c) < ' ' && c != '\t')
        return refuse(fmt::format("{} holds a control character.", file));
    const std::string_view inner = trim(line);
    if (inner.empty() || inner[0] == '#') continue;
    if (blank.find(line[0]) == std::string_view::npos)
      lines.emplace_back(inner);
    else if (lines.empty())
      return refuse(fmt::format("{} starts with a continuation line.", file));
    else
      lines.back().append(" ").append(inner);
  }
  return lines;
}

/// The next word, or a group in braces without them. Empty optional semantics: `bad` is set when
/// braces do not match.
std::string next_word(std::string_view& line, bool& bad) {
  const auto first = line.find_first_not_of(blank);
  line.remove_prefix(first == std::string_view::npos ? line.size() : first);
  std::size_t depth = 0;
  std::size_t size = 0;
  for (; size < line.size(); ++size) {
    if (line[size] == '{') ++depth;
    if (line[size] == '}' && depth-- == 0) break;
    if (depth == 0 && blank.find(line[size]) != std::string_view::npos) break;
  }
  bad = bad || (depth != 0);
  std::string_view word = line.substr(0, size);
  line.remove_prefix(size);
  if (word.size() >= 2 && word.front() == '{' && word.back() == '}')
    word = trim(word.substr(1, word.size() - 2));
  return std::string(word);
}

}  // namespace

base::Result<std::vector<Parameter>> read_main_file(std::string_view text) {
  auto lines = logical_lines(text, "main.cf");
  if (!lines) return lines.error();
  std::vector<Parameter> parameters;
  for (const std::string& line : *lines) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) return refuse(fmt::format("main.cf: '{}' has no '='.", line));
    const std::string_view view(line);
    parameters.push_back(
        {std::string(trim(view.substr(0, equals))), std::string(trim(view.substr(equals + 1)))});
  }
  return parameters;
}

base::Result<std::vector<Service>> read_master_file(std::string_view text) {
  auto lines = logical_lines(text, "master.cf");
  if (!lines) return lines.error();
  std::vector<Service> services;
  for (const std::string& line : *lines) {
    std::string_view rest(line);
    std::vector<std::string> words;
    bool bad = false;
    while (!trim(rest).empty() && !bad) {
      const std::size_t before = rest.size();
      words.push_back(next_word(rest, bad));
      bad = bad || rest.size() == before;
    }
    if (bad || words.size() < 8)
      return refuse(fmt::format(
          "master.cf: '{}' is not a service: its braces do not match, or it has fewer than "
          "eight columns.",
          line));
    services.push_back({words[0],
                        words[1],
                        words[2],
                        words[3],
                        words[4],
                        words[5],
                        words[6],
                        words[7],
                        {words.begin() + 8, words.end()}});
  }
  return services;
}

}  // namespace postern::hands
