#pragma once

#include "base/words.h"
#include "desk/door/state.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The names of modes and machines.
namespace postern::desk {

/// "cluster", "group usa", "machine paris.example.com".
std::string mode_text(const cluster::Fleet& fleet, const base::Mode& mode);
/// "Cluster americas", "Group usa", "Machine paris.example.com".
std::string mode_label(const cluster::Fleet& fleet, const base::Mode& mode);
/// Whether the mode is there (its group not deleted, its machine not removed).
bool mode_exists(const cluster::Fleet& fleet, const base::Mode& mode);

/// A mode as typed. Words and names are case-insensitive; a machine also by its first label, when
/// only one has it, or by serial number. Errors: usage, not_found naming what exists.
base::Result<base::Mode> parse_mode(const State& state, std::string_view text);
/// The mode that a call is about: `typed`, or the session's. Errors: not_found also when the
/// session's mode has been deleted meanwhile.
base::Result<base::Mode> mode_of_call(const State& state, const Session& session, const std::optional<std::string>& typed);
base::Result<const cluster::Member*> find_machine(const cluster::Fleet& fleet, std::string_view name);
base::Result<const cluster::Group*> find_group(const cluster::Fleet& fleet, std::string_view name);
using base::lower;

/// "a", "a and b", "a, b and c".
std::string join_words(const std::vector<std::string>& words);
/// Host name of the machine of that membership, or "a removed machine".
std::string host_of(const State& state, const base::MemberId& member);

}  // namespace postern::desk
