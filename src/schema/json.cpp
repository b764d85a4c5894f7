#include "schema/json.h"

#include "base/limits.h"
#include "base/printable.h"
#include "schema/library.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::schema {
namespace {

namespace limits = base::limits;
using base::Result;
using Kind = JsonValue::Kind;

base::Error invalid(std::string text) { return base::fail(base::ErrorCode::invalid, std::move(text)); }

void put_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0U | code >> 6);
  } else if (code < 0x10000) {
    put(0xe0U | code >> 12);
    put(0x80U | (code >> 6 & 0x3fU));
  } else {
    put(0xf0U | code >> 18);
    put(0x80U | (code >> 12 & 0x3fU));
    put(0x80U | (code >> 6 & 0x3fU));
  }
  put(0x80U | (code & 0x3fU));
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<JsonValue> all() {
    auto result = value();
    if (!result) return result;
    skip_space();
    if (at_ != text_.size()) return wrong("there is text behind its end");
    return result;
  }

 private:
  [[nodiscard]] base::Error wrong(std::string_view why) const {
    return invalid(fmt::format("This is not JSON: {} (byte {}).", why, at_ + 1));
  }
  [[nodiscard]] bool ended() const { return at_ >= text_.size(); }

  void skip_space() {
    while (!ended() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (ended() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Result<JsonValue> value() {
    if (++nodes_ > limits::settings_nodes)
      return invalid(fmt::format("One feature's settings have at most {} values.", limits::settings_nodes));
    skip_space();
    if (ended()) return wrong("it ends too early");
    switch (text_[at_]) {
      case '{': return nested('}', Kind::object);
      case '[': return nested(']', Kind::array);
      case '"': return string();
      default: return word();
    }
  }

  Result<JsonValue> nested(char close, Kind kind) {
    if (++depth_ > limits::settings_depth)
      return invalid(fmt::format("Settings are at most {} levels deep.", limits::settings_depth));
    ++at_;
    JsonValue result;
    result.kind = kind;
    if (!take(close)) {
      do {
        if (auto child = member(result); !child) return child.error();
      } while (take(','));
      if (!take(close)) return wrong(ended() ? "it ends too early" : fmt::format("\",\" or \"{}\" is expected", close));
    }
    --depth_;
    std::vector<std::string> names = result.names;
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) return invalid(fmt::format("\"{}\" is given twice.", base::printable_line(*twice)));
    return result;
  }

  Result<> member(JsonValue& into) {
    if (into.kind == Kind::object) {
      skip_space();
      if (ended()) return wrong("it ends too early");
      if (text_[at_] != '"') return wrong("a name in quotes is expected");
      auto name = string();
      if (!name) return name.error();
      if (!take(':')) return wrong("\":\" is expected");
      into.names.push_back(std::move(name->text));
    }
    auto child = value();
    if (!child) return child.error();
    into.children.push_back(std::move(*child));
    return {};
  }

  Result<JsonValue> string() {
    JsonValue result;
    result.kind = Kind::string;
    for (++at_; !ended() && text_[at_] != '"';) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '\\') {
        if (auto escaped = escape(result.text); !escaped) return escaped.error();
      } else {
        const std::size_t length = base::utf8_length(text_.substr(at_));
        if (c < 0x20) return wrong("a control character stands in a string");
        if (length == 0) return wrong("it is not UTF-8");
        result.text += text_.substr(at_, length);
        at_ += length;
      }
      if (result.text.size() > limits::leaf_bytes)
        return invalid(fmt::format("A value has at most {} bytes; these settings have a longer one.", limits::leaf_bytes));
    }
    if (ended()) return wrong("a string is not closed");
    ++at_;
    return result;
  }

  Result<> escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (ended()) return wrong("a string is not closed");
    if (text_[at_] == 'u') return unicode(out);
    const std::size_t which = letters.find(text_[at_]);
    if (which == std::string_view::npos) return wrong("there is no such escape");
    out += meanings[which];
    ++at_;
    return {};
  }

  /// \uXXXX, or two of them that are a surrogate pair; at_ is on the u.
  Result<> unicode(std::string& out) {
    auto code = hex4();
    if (!code) return code.error();
    const bool high = *code >= 0xd800 && *code < 0xdc00;
    if (high && text_.substr(at_, 2) == "\\u") {
      ++at_;
      const auto low = hex4();
      if (!low) return low.error();
      if (*low < 0xdc00 || *low > 0xdfff) return wrong("half a surrogate pair stands alone");
      *code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
    } else if (*code >= 0xd800 && *code <= 0xdfff) {
      return wrong("half a surrogate pair stands alone");
    }
    put_utf8(out, *code);
    return {};
  }

  Result<unsigned> hex4() {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      constexpr std::string_view digits = "0123456789abcdef";
      ++at_;
      const std::size_t digit = ended() ? std::string_view::npos : digits.find(static_cast<char>(text_[at_] | 0x20));
      if (digit == std::string_view::npos) return wrong("four hex digits are expected after \\u");
      code = code * 16 + static_cast<unsigned>(digit);
    }
    ++at_;
    return code;
  }

  /// true, false, null or a number. Any spelling of a number is taken: the schema's types decide.
  Result<JsonValue> word() {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n,:]}[{\"", at_), text_.size());
    const std::string_view text = text_.substr(at_, end - at_);
    JsonValue result;
    result.text = text;
    if (text == "true" || text == "false") {
      result.kind = Kind::boolean;
    } else if (!text.empty() && text.size() <= 64 && text.find_first_not_of("0123456789+-.eE") == std::string_view::npos) {
      result.kind = Kind::number;
    } else if (text != "null") {
      return wrong("a value is expected");
    }
    at_ = end;
    return result;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t nodes_ = 0;
};

}  // namespace

base::Result<JsonValue> read_json(std::string_view text) {
  if (text.size() > limits::value_bytes)
    return invalid(fmt::format("One feature's settings have at most {} bytes; these have {}.", limits::value_bytes, text.size()));
  return Reader(text).all();
}

}  // namespace postern::schema
