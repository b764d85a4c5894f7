#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/client.h"

/// Reading the desk's answers: what is absent or of another type reads as empty, so that a CLI is not
/// undone by a field that an older or newer desk leaves out.
namespace postern::protocol {

/// A string as one printable line (base/printable.h), anything else as JSON.
std::string text_of(const Json& object, std::string_view name);
bool flag_of(const Json& object, std::string_view name);
long number_of(const Json& object, std::string_view name);
/// Members of an array; empty when it is none.
std::vector<Json> items_of(const Json& object, std::string_view name);
/// Strings of an array, as text_of.
std::vector<std::string> texts_of(const Json& object, std::string_view name);
/// The member itself; null when absent.
Json member_of(const Json& object, std::string_view name);
/// One compact line of JSON; characters that are not printable are escaped.
std::string to_line(const Json& value);
/// A point in time for people, "Wed Jun 22 10:02:04 2005 PDT": from Unix milliseconds or, when the desk
/// wrote it out already, its own text.
std::string time_of(const Json& object, std::string_view name);

}  // namespace postern::protocol
