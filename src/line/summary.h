#pragma once

#include <string>
#include <string_view>

#include "line/line.h"

/// Settings as lines for people.
namespace postern::line {

/// One entry on one line, e.g. "example.com: mail.example.com:25": the feature's own, that of the schema's summary, or
/// the keys and what is set. Nested tables are not in it unless they are what the entry is about.
std::string entry_line(const schema::Form& list, const Line* own, const model::Node& entry);
/// A whole feature: every leaf on a line, every entry on a numbered line, nested tables below it.
std::string feature_text(const schema::Form& form, const Line* own, const model::Node& tree);
/// One list, numbered from 1, each line behind `indent` spaces; at most `most` entries, then how many more.
std::string list_text(const schema::Form& list, const Line* own, const model::Node& parent, std::size_t indent, std::size_t most);

}  // namespace postern::line
