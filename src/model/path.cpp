#include "model/edit.h"

#include <fmt/format.h>

namespace postern::model {
namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/// Reads a path from left to right; each reader leaves `at_` behind what it took.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  base::Result<Path> read() {
    Path path;
    if (text_.empty()) return path;
    for (;;) {
      PathStep step;
      while (at_ < text_.size() && is_name_char(text_[at_])) step.name += text_[at_++];
      if (step.name.empty()) return unexpected("a setting's name");
      if (take('['))
        if (auto keys = read_keys(step); !keys) return keys.error();
      path.push_back(std::move(step));
      if (at_ == text_.size()) return path;
      if (!take('/')) return unexpected("\"/\"");
    }
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  base::Result<> read_keys(PathStep& step) {
    do {
      auto key = read_quoted();
      if (!key) return key.error();
      step.keys.push_back(std::move(*key));
    } while (take(','));
    if (!take(']')) return unexpected("\",\" or \"]\"");
    return {};
  }

  base::Result<std::string> read_quoted() {
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return unexpected("a key value in quotes");
    const char quote = text_[at_++];
    std::string value;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c != quote) {
        value += c;
      } else if (take(quote)) {
        value += quote;
      } else {
        return value;
      }
    }
    return unexpected(fmt::format("a closing {}", quote));
  }

  [[nodiscard]] base::Error unexpected(std::string_view wanted) const {
    const std::string found = at_ < text_.size() ? fmt::format("\"{}\"", text_[at_]) : std::string("the end");
    return base::fail(base::ErrorCode::usage, std::string(text_),
                      fmt::format("This path has {} at character {} where {} is expected.", found, at_ + 1, wanted));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// A value with both kinds of quote is written with its " doubled; parse_path takes doubled ones.
std::string quoted(const std::string& value) {
  if (value.find('\'') == std::string::npos) return "'" + value + "'";
  std::string result = "\"";
  for (const char c : value) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + "\"";
}

}  // namespace

base::Result<Path> parse_path(std::string_view text) { return PathReader(text).read(); }

std::string to_text(const Path& path) {
  std::string result;
  for (const PathStep& step : path) {
    if (!result.empty()) result += '/';
    result += step.name;
    if (step.keys.empty()) continue;
    result += '[';
    for (std::size_t i = 0; i < step.keys.size(); ++i) {
      if (i != 0) result += ',';
      result += quoted(step.keys[i]);
    }
    result += ']';
  }
  return result;
}

}  // namespace postern::model
