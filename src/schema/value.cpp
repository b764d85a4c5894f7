#include "base/idn.h"
#include "base/limits.h"
#include "base/printable.h"
#include "base/words.h"
#include "schema/address.h"
#include "schema/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace postern::schema {
namespace {

/// A value in a message: printable and short.
std::string shown(std::string_view value) { return base::printable_line(value, 83); }

bool is_message_of(const lysc_range* range, std::string_view text) {
  return range != nullptr && range->emsg != nullptr && text == range->emsg;
}

/// Whether the schema's author wrote `text`, for the type of `node`.
bool is_message_of(const lysc_type* type, std::string_view text) {
  switch (type->basetype) {
    case LY_TYPE_LEAFREF: return is_message_of(reinterpret_cast<const lysc_type_leafref*>(type)->realtype, text);
    case LY_TYPE_STRING: {
      const auto* string = reinterpret_cast<const lysc_type_str*>(type);
      for (const lysc_pattern* pattern : yang::Array{string->patterns})
        if (pattern->emsg != nullptr && text == pattern->emsg) return true;
      return is_message_of(string->length, text);
    }
    default: return false;  // a number's one message is its expectation already
  }
}

}  // namespace

std::string_view expectation_of(const Item& item, std::string_view text) {
  const lysc_type* type = item.kind == model::Node::Kind::leaf ? reinterpret_cast<const lysc_node_leaf*>(item.node)->type
                                                               : reinterpret_cast<const lysc_node_leaflist*>(item.node)->type;
  return is_message_of(type, text) ? text : std::string_view(item.expectation);
}

base::Error value_error(const Item& item, std::string_view value, const model::Path& path, std::string_view expectation) {
  return base::fail(base::ErrorCode::invalid, base::printable_line(model::to_text(path)),
                    fmt::format("\"{}\" cannot be used for {}. {}", shown(value), item.label, expectation));
}

base::Result<std::string> canonical_value(const Item& item, std::string_view value, const model::Path& path) {
  if (value.size() > base::limits::leaf_bytes)
    return value_error(item, value, path, fmt::format("Use at most {} bytes.", base::limits::leaf_bytes));
  if (value.find('\0') != std::string_view::npos) return value_error(item, value, path, item.expectation);
  yang::Complaint complaint;
  const auto checked = yang::check_value(item.node, value, complaint);
  if (!checked) return value_error(item, value, path, expectation_of(item, complaint.text));
  // The one law of texts, whatever the type's pattern lets through.
  if (!base::is_printable_line(value, base::limits::leaf_bytes))
    return value_error(item, value, path, "Use one line of text, without control characters and marks of direction.");
  auto formed = in_form(item.form, item.words, *checked);
  if (!formed) return value_error(item, value, path, item.expectation);
  return std::move(*formed);
}

namespace {

/// What stands for other domains or for DNS in one table or another, and would be a domain without mail in the others.
constexpr std::string_view keywords[] = {"ALL", "DEFAULT", "USEDNS"};

/// The keyword that a domain is, behind an @ or a dot too; empty: none.
std::string_view keyword_in(std::string_view domain) {
  domain.remove_prefix(domain.rfind('@') + 1);  // npos + 1 is 0
  if (domain.starts_with('.')) domain.remove_prefix(1);
  const std::string name = base::upper(domain);
  const auto found = std::ranges::find(keywords, name);
  return found == std::end(keywords) ? std::string_view() : *found;
}

/// The word of this item that `text` is, in any case; empty: none.
std::string word_of(const Item& item, std::string_view text) {
  const auto same = [&](const std::string& word) { return base::upper(word) == base::upper(text); };
  const auto found = std::ranges::find_if(item.words, same);
  return found == item.words.end() ? std::string() : *found;
}

/// Error when a keyword is entered for something else than itself; `ascii` is what `value` becomes.
base::Result<> check_keyword(const Item& item, std::string_view value, const std::string& ascii, const model::Path& path) {
  const std::string word = word_of(item, ascii);
  if (!word.empty() && value == ascii) return {};
  if (!word.empty())
    return value_error(item, value, path,
                       fmt::format("It would be read as {0}, in other letters: type {0} if that is meant.", word));
  const auto keyword = keyword_in(ascii);
  if (keyword.empty()) return {};
  if (!item.words.empty())
    return value_error(
        item, value, path,
        fmt::format("{} is no domain; the word for all others is {} here, and stands alone.", keyword, item.words.front()));
  return value_error(item, value, path,
                     fmt::format("{} is a word of other tables, and no domain. {}", keyword, item.expectation));
}

}  // namespace

base::Result<std::string> entered_value(const Item& item, std::string_view value, const model::Path& path, Entered how) {
  if (item.form != "domain" && item.form != "host") return canonical_value(item, value, path);
  const auto ascii = base::ascii_domain(std::string(value));
  if (!ascii) return base::fail(base::ErrorCode::invalid, base::printable_line(model::to_text(path)), ascii.error().text);
  // What is there already can go under its name, whatever that is.
  if (how == Entered::to_stay || *ascii != value) {
    if (const auto good = check_keyword(item, value, *ascii, path); !good) return good.error();
  }
  return canonical_value(item, *ascii, path);
}

}  // namespace postern::schema
