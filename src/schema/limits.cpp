#include "base/limits.h"

#include "schema/library.h"

#include <fmt/format.h>

namespace postern::schema {
namespace {

namespace limits = base::limits;

/// Runs over a JSON text without understanding it: enough to count what it would become.
class Sizes {
 public:
  base::Result<> read(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (closed_ && c != ' ' && c != '\t' && c != '\r' && c != '\n')
        return refuse(i, "there is text behind its end");
      if (c == '"') {
        i = string_end(text, i);
        if (i == text.size()) return refuse(i, "a string is not closed");
        if (string_bytes_ > limits::leaf_bytes)
          return base::fail(
              base::ErrorCode::invalid,
              fmt::format("A value has at most {} bytes; these settings have a longer one.",
                          limits::leaf_bytes));
      } else if (auto got = structure(c, i); !got) {
        return got;
      }
    }
    return closed_ ? base::Result<>() : refuse(text.size(), "it ends too early");
  }

 private:
  static base::Error refuse(std::size_t at, std::string_view why) {
    return base::fail(base::ErrorCode::invalid,
                      fmt::format("This is not JSON: {} (byte {}).", why, at + 1));
  }

  base::Result<> structure(char c, std::size_t at) {
    if (c == '\0') return refuse(at, "it has a NUL byte");
    if (c == '{' || c == '[') {
      ++depth_;
      ++nodes_;
    }
    if (c == ',') ++nodes_;
    if (c == '}' || c == ']') {
      if (depth_ == 0) return refuse(at, "a bracket closes nothing");
      closed_ = --depth_ == 0;
    }
    if (depth_ > limits::settings_depth)
      return base::fail(
          base::ErrorCode::invalid,
          fmt::format("Settings are at most {} levels deep.", limits::settings_depth));
    if (nodes_ > limits::settings_nodes)
      return base::fail(
          base::ErrorCode::invalid,
          fmt::format("One feature's settings have at most {} nodes.", limits::settings_nodes));
    return {};
  }

  /// Where the string that starts at `at` ends; escapes count as one byte.
  std::size_t string_end(std::string_view text, std::size_t at) {
    string_bytes_ = 0;
    for (std::size_t i = at + 1; i < text.size(); ++i) {
      if (text[i] == '"') return i;
      if (text[i] == '\0') return text.size();
      if (text[i] == '\\') ++i;
      ++string_bytes_;
    }
    return text.size();
  }

  std::size_t depth_ = 0;
  std::size_t nodes_ = 0;
  std::size_t string_bytes_ = 0;
  bool closed_ = false;
};

}  // namespace

base::Result<> check_json_sizes(std::string_view text) {
  if (text.size() > limits::value_bytes)
    return base::fail(base::ErrorCode::invalid,
                      fmt::format("One feature's settings have at most {} bytes; these have {}.",
                                  limits::value_bytes, text.size()));
  return Sizes().read(text);
}

}  // namespace postern::schema
