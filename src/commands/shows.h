#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/json.h"

namespace postern::commands {

/// A command's answer as lines for people: its folder's show.cpp. Pure; the answer may be another machine's, so that any
/// field may be missing or of another kind.
using Show = std::vector<std::string> (*)(const protocol::Json& answer);
/// By the command's name, from the folders; null when it has no show.cpp.
Show find_show(std::string_view command);

/// "Name:          value", the column that facts about a machine stand in; nothing for an empty value.
void add_fact(std::vector<std::string>& lines, std::string_view name, const std::string& value);

/// "1 active, 2 deferred, 0 on hold", of an object with these figures.
std::string queue_text(const protocol::Json& queue);

}  // namespace postern::commands
