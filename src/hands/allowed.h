#pragma once

#include <string_view>

/// The parameters that Postern's own gateway sets, and no others: a name that is not here may have
/// root load a library or run a program, in this Postfix or the next. What the gateway is to set
/// anew is added here first.
namespace postern::hands {

/// In main.cf; also "dcNmM_destination_concurrency_limit", one for each clone of smtp.
bool allowed_in_main(std::string_view name);
/// By -o in master.cf.
bool allowed_in_master(std::string_view name);

}  // namespace postern::hands
