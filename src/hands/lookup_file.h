#pragma once

#include "base/result.h"

#include <string_view>

/// The files of a generation besides main.cf and master.cf, in the one form that the gateway writes
/// them. A result in an access(5) table may itself be a list of restrictions with maps of its own,
/// or send mail elsewhere; so results are OK, DUNNO and REJECT only.
namespace postern::hands {

/// By its name's ending: NAME.cidr holds lines "ADDRESS[/BITS] RESULT"; NAME.regexp "/^/ REJECT[
/// TEXT]" or the probe's own line; "plan.sum" one word. Errors invalid, naming the line; denied: a
/// file of another kind.
base::Result<void> check_lookup_file(std::string_view name, std::string_view bytes);

}  // namespace postern::hands
